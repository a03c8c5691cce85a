import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { DockerfileParser } from 'dockerfile-ast';
import type { InspectedMachine } from '../../../src/model/inspected.js';
import type { PlanOptions } from '../../../src/model/plan.js';
import { planMachines } from '../../../src/plan/plan-machines.js';
import { deletionCommands, deletionList, deletionsPlace } from '../../../src/render/dockerfile/deletions.js';
import { layerDockerfile } from '../../../src/render/dockerfile/dockerfile.js';
import { runCommands, runWord } from '../../../src/render/dockerfile/quote.js';
import { DEFAULT_OPTIONS, machineOf } from '../../plan/machine.js';
import { hostileMachine } from '../hostile.js';

function dockerfiles(machine: InspectedMachine, options: Partial<PlanOptions> = {}): string[] {
  const plan = planMachines([machine], { ...DEFAULT_OPTIONS, ...options });
  return plan.groups.flatMap((group) => group.layers.map((layer) => layerDockerfile(plan, group, layer)));
}

function instructions(text: string): string[] {
  return DockerfileParser.parse(text)
    .getInstructions()
    .map((each) => each.getKeyword());
}

/** One word for each run of instructions of a kind. */
function kinds(text: string): string[] {
  return instructions(text).filter((keyword, number, all) => keyword !== all[number - 1]);
}

const WEB = machineOf({
  packages: [
    { name: 'bash', essential: true, files: { '/usr/bin/bash': 'b' } },
    { name: 'nginx', version: '1.22.1-9', source: { name: 'nginx', version: '1.22.1-9' }, depends: 'nginx-common' },
    { name: 'nginx-common', version: '1.22.1-9', source: { name: 'nginx', version: '1.22.1-9' }, architecture: 'all' },
    { name: 'libc6', architecture: 'i386', multiArch: 'same' },
  ],
  foreignArchitectures: ['i386', 'arm64'],
  missing: [{ path: '/usr/share/doc/nginx/copyright', owner: 'nginx:amd64', configuration: false }],
});

test('an install layer names what must be named, one a line, and pins by source', (t) => {
  const [, install] = dockerfiles(WEB);
  t.deepEqual(kinds(install!), ['FROM', 'RUN', 'LABEL']);
  t.regex(install!, /^ {4}set -- \\\n {6}libc6:i386 \\\n {6}nginx; \\$/m);
  t.regex(install!, /^ {4}pin 1\.22\.1-9 nginx nginx-common; \\$/m);
});

test('only the foreign architectures that the layer needs are added, before the list is fetched', (t) => {
  const [, install] = dockerfiles(WEB);
  t.true(install!.indexOf('dpkg --add-architecture i386') < install!.indexOf(' update'));
  t.false(install!.includes('add-architecture arm64'));
});

test('nothing that serves the build stays: pins, sources and the policy are removed in the same RUN', (t) => {
  const [, install] = dockerfiles(WEB);
  t.regex(install!, /rm -rf \/tmp\/vm2docker-\*/);
  t.regex(install!, /if test -e \/tmp\/vm2docker-policy; then rm -f \/usr\/sbin\/policy-rc\.d; fi/);
  t.false(/^(ENV|ARG|COPY|ADD)/m.test(install!));
});

test('a delta deletes first and adds then', (t) => {
  t.deepEqual(kinds(dockerfiles(WEB).at(-1)!), ['FROM', 'COPY', 'RUN', 'ADD', 'LABEL']);
});

test('a delta without deletions needs no shell', (t) => {
  t.deepEqual(instructions(dockerfiles(machineOf({}), { baseImage: 'scratch' }).at(-1)!).slice(0, 2), ['FROM', 'ADD']);
});

test('layers from the disk are an ADD and need no shell', (t) => {
  for (const text of dockerfiles(WEB, { baseImage: 'scratch' }).slice(0, 2)) {
    t.deepEqual(kinds(text), ['FROM', 'ADD', 'LABEL']);
  }
});

const ALLOWED = new Set(['FROM', 'RUN', 'COPY', 'ADD', 'LABEL']);

test('hostile names become no instructions, directives or commands', (t) => {
  const hostile = hostileMachine();
  const versions = machineOf({ name: hostile.source.name, packages: [{ name: 'g++', version: "4:1~a'b$(x)" }] });
  for (const text of [...dockerfiles(hostile, { baseImage: 'scratch' }), ...dockerfiles(versions)]) {
    const parsed = DockerfileParser.parse(text);
    t.deepEqual(parsed.getDirectives(), []);
    for (const instruction of parsed.getInstructions())
      t.true(ALLOWED.has(instruction.getKeyword()), instruction.toString());
    const labels = parsed.getInstructions().filter((each) => each.getKeyword() === 'LABEL');
    t.true(labels.every((label) => label.getRange().start.line === label.getRange().end.line));
  }
});

test('a package whose name or version no manager takes is laid down from the disk instead of named', (t) => {
  for (const odd of [{ name: 'x', version: 'a\nRUN y' }, { name: '-o Evil=1' }, { name: 'removed-' }]) {
    const [, layer] = dockerfiles(machineOf({ packages: [odd] }), { packages: 'install' });
    t.true(instructions(layer!).includes('ADD'));
    t.false(instructions(layer!).includes('RUN'));
  }
});

test('a RUN refuses a word with a line break, whatever brings it there', (t) => {
  t.throws(() => runWord('a\nRUN b'), { instanceOf: TypeError });
});

test('the shell accepts every RUN', (t) => {
  for (const text of dockerfiles(WEB)) {
    for (const instruction of DockerfileParser.parse(text).getInstructions()) {
      if (instruction.getKeyword() !== 'RUN') continue;
      const script = text
        .split('\n')
        .slice(instruction.getRange().start.line, instruction.getRange().end.line + 1)
        .join('\n')
        .slice(4);
      t.is(spawnSync('sh', ['-n'], { input: script.replaceAll('\\\n', ' ') }).status, 0);
    }
  }
});

test('labels follow the image specification, name base and disks, and tell no time', (t) => {
  const plan = planMachines([WEB], DEFAULT_OPTIONS);
  const [group] = plan.groups;
  const digest = `sha256:${'a'.repeat(64)}`;
  const told = { ...group!, base: { ...group!.base, digest } };
  const machines = plan.machines.map((machine) => ({ ...machine, diskDigests: ['b'.repeat(64)] }));
  const text = layerDockerfile({ machines, groups: [told] }, told, told.layers.at(-1)!);
  for (const label of [
    'org.opencontainers.image.title="web"',
    'org.opencontainers.image.version="12"',
    'org.opencontainers.image.base.name="debian:bookworm"',
    `org.opencontainers.image.base.digest="${digest}"`,
    `io.vm2docker.source.disk0.sha256="${'b'.repeat(64)}"`,
  ]) {
    t.true(text.includes(`LABEL ${label}\n`), label);
  }
  t.false(text.includes('image.created'));
  t.false(layerDockerfile(plan, group!, group!.layers.at(-1)!).includes('digest'));
});

test('what users exclude and scripts make is removed by the command that installs, and nothing of the accounts', (t) => {
  const files = {
    '/etc/ssh/ssh_host_rsa_key': 'key',
    '/etc/shadow': 'root:hash:1::::::',
    '/srv/cache/a': 'x',
    '/srv/cache/b': 'y',
    '/srv/cache': { type: 'directory' },
  } as const;
  const excluded = {
    '/etc/ssh/ssh_host_rsa_key': 'secret',
    '/etc/shadow': 'secret',
    '/srv/cache': 'user',
    '/srv/cache/a': 'user',
    '/srv/cache/b': 'user',
  } as const;
  const machine = machineOf({ packages: [{ name: 'ssh' }], files, excluded });
  const [, install] = dockerfiles(machine);
  t.regex(install!, /rm -rf -- \\\n(?: {6}\/etc\/\S+ \\\n)+ {6}\/srv\/cache; /);
  t.true(install!.includes('      /etc/ssh/ssh_host_rsa_key '));
  t.true(
    install!.includes('      /etc/ssl/private/ssl-cert-snakeoil.key '),
    'also where the machine has none any more',
  );
  t.false(install!.includes('/etc/shadow \\'));
  t.false(dockerfiles(machineOf({ packages: [{ name: 'ssh' }] }))[1]!.includes('rm -rf -- '));
});

test('accounts of the system get the numbers that all machines of the layer agree on, without passwords', (t) => {
  const account = { name: 'redis', uid: 104, gid: 106, comment: 'it\'s "mine"', home: '/var/lib/redis', shell: '' };
  const runtime = (uid: number) => ({
    ...{ hostname: null, hosts: [], folders: [], users: new Map() },
    accounts: { users: [{ ...account, uid }], groups: [{ name: 'redis', gid: 106 }] },
  });
  const machine = (name: string, uid: number): InspectedMachine => ({
    ...machineOf({ name, packages: [{ name: 'redis' }] }),
    runtime: runtime(uid),
  });
  const [, one] = dockerfiles(machine('a', 104));
  t.true(one!.includes(`account passwd redis 104 'redis:x:104:106:it'\\''s "mine":/var/lib/redis:'`));
  t.true(one!.includes('account group redis 106 redis:x:106:'));
  const plan = planMachines([machine('a', 104), machine('b', 105)], DEFAULT_OPTIONS);
  const shared = layerDockerfile(plan, plan.groups[0]!, plan.groups[0]!.layers[1]!);
  t.true(shared.includes('account group redis 106'));
  t.false(shared.includes('account passwd redis'));
});

test('the list of deletions keeps bytes and puts last what the deleting needs', (t) => {
  const list = deletionList([
    '/usr/bin/rm',
    '/usr/lib/x86_64-linux-gnu/libc.so.6',
    '/srv/a\nb',
    '/usr/bin/zip',
  ]).toString();
  t.is(list, '/srv/a\nb\0/usr/bin/zip\0/usr/bin/rm\0/usr/lib/x86_64-linux-gnu/libc.so.6\0');
});

test('the list of deletions lies where nothing can be that it deletes', (t) => {
  const first = deletionsPlace(['/srv/a']);
  t.regex(first, /^\/\.vm2docker-deletions-[0-9a-f]{16}$/);
  t.not(deletionsPlace([first, '/srv/a']), first);
  t.is(deletionsPlace(['/srv/a']), first);
});

/** Deletes as a RUN does, where the image has only these programs. */
function deleteWith(t: ExecutionContext, programs: readonly string[]): { status: number | null; left: string[] } {
  const folder = mkdtempSync(join(tmpdir(), 'deletions-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  mkdirSync(join(folder, 'bin'));
  for (const name of programs) {
    symlinkSync(execFileSync('which', [name], { encoding: 'utf8' }).trim(), join(folder, 'bin', name));
  }
  const names = ['a\nb', 'c d', '-rf', 'stays'];
  for (const name of names) writeFileSync(join(folder, name), '');
  writeFileSync(`${folder}/list`, deletionList(names.slice(0, 3).map((name) => join(folder, name))));
  const script = runCommands(deletionCommands(`${folder}/list`)).replace(/^RUN /, '');
  const { status } = spawnSync('/bin/sh', ['-c', script], { env: { PATH: join(folder, 'bin') } });
  return { status, left: readdirSync(folder).filter((name) => name !== 'bin') };
}

test('files are deleted with xargs, with bash where there is none, and never not at all without a word', (t) => {
  t.deepEqual(deleteWith(t, ['rm', 'xargs']), { status: 0, left: ['stays'] });
  t.deepEqual(deleteWith(t, ['rm', 'bash']), { status: 0, left: ['stays'] });
  t.is(deleteWith(t, ['rm']).status, 1);
});
