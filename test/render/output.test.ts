import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import test from 'ava';
import type { InspectedMachine } from '../../src/model/inspected.js';
import { planMachines } from '../../src/plan/plan-machines.js';
import { diskArchives } from '../../src/render/layout.js';
import { type OutputFile, renderOutput } from '../../src/render/output.js';
import { buildReport } from '../../src/render/report.js';
import { renderSummary } from '../../src/render/summary.js';
import { DEFAULT_OPTIONS, machineOf } from '../plan/machine.js';
import { hostileMachine } from './hostile.js';

const RUN = { startedAt: '2026-01-01T00:00:00Z', finishedAt: '2026-01-01T00:00:01Z', versions: {}, options: {} };
const schema = JSON.parse(readFileSync(new URL('../../docs/report.schema.json', import.meta.url), 'utf8'));
const validate = new Ajv2020({ allErrors: true, allowUnionTypes: true }).compile(schema);

function outputOf(machines: readonly InspectedMachine[], options = {}): Map<string, OutputFile> {
  const plan = planMachines(machines, { ...DEFAULT_OPTIONS, ...options });
  return new Map([...renderOutput(plan, machines, buildReport(plan, machines, RUN))].map((file) => [file.path, file]));
}

function summaryOf(machines: readonly InspectedMachine[], colors = false): string {
  const plan = planMachines(machines, DEFAULT_OPTIONS);
  return renderSummary(plan, machines, {
    colors,
    outputFolder: './out',
    nextCommand: 'vm2docker-image convert web.qcow2',
  });
}

const PACKAGES = [
  { name: 'bash', essential: true, files: { '/usr/bin/bash': 'bash' } },
  { name: 'nginx', files: { '/usr/sbin/nginx': 'nginx' } },
];
const WEB = machineOf({
  name: 'web',
  packages: PACKAGES,
  files: { '/swapfile': 'swap' },
  excluded: { '/swapfile': 'swap' },
});
const DB = machineOf({ name: 'db', packages: PACKAGES, files: { '/srv/data': 'd' } });

test('the report is as its schema says, hostile machine included', (t) => {
  for (const machines of [[WEB], [WEB, DB], [hostileMachine()]]) {
    const report = JSON.parse(outputOf(machines, { baseImage: 'scratch' }).get('report.json')!.content.toString());
    t.true(validate(report), JSON.stringify(validate.errors));
  }
});

test('the schema refuses a report that lacks a fixed name', (t) => {
  const report = JSON.parse(outputOf([WEB]).get('report.json')!.content.toString());
  delete report.vms[0].sizes.bare;
  t.false(validate(report));
});

test('a machine has its Dockerfile, lists and manifest, and the archives have a place', (t) => {
  const output = outputOf([WEB], { baseImage: 'scratch' });
  for (const file of ['Dockerfile', 'deletions', 'delta.list', 'manifest.mtree']) t.true(output.has(`vms/web/${file}`));
  const plan = planMachines([WEB], { ...DEFAULT_OPTIONS, baseImage: 'scratch' });
  const layers = plan.groups[0]!.layers;
  t.deepEqual(
    diskArchives(plan).map(({ path, vm }) => [path, vm]),
    [
      ['base/debian-12-amd64/rootfs.tar', 'web'],
      [`layers/${layers[1]!.id}/packages.tar`, 'web'],
      ['vms/web/delta.tar', 'web'],
    ],
  );
});

test('a public base needs no folder, a bootstrapped one has its script', (t) => {
  t.false([...outputOf([WEB]).keys()].some((path) => path.startsWith('base/')));
  const script = outputOf([WEB], { baseImage: 'bootstrap' }).get('base/debian-12-amd64/bootstrap.sh')!;
  t.true(script.executable);
  t.regex(script.content.toString(), /mmdebstrap --variant=minbase .*--components=main --architectures=amd64/);
});

test('build.sh builds every image once, parents first, and sh accepts it', (t) => {
  const script = outputOf([WEB, DB], { baseImage: 'scratch' }).get('build.sh')!;
  t.true(script.executable);
  const built = [...script.content.toString().matchAll(/^build (\S+) (\S+)$/gm)].map((match) =>
    match[2]!.replace(/-[0-9a-f]{12}$/, ''),
  );
  t.deepEqual(built, ['base/debian-12-amd64', 'layers/debian-12-amd64-disk', 'vms/db', 'vms/web']);
  t.is(spawnSync('sh', ['-n'], { input: script.content }).status, 0);
});

test('build.sh of an analysis says what writes the missing archives', (t) => {
  t.regex(outputOf([WEB]).get('build.sh')!.content.toString(), /^need vms\/web\/delta\.tar$/m);
});

test('scripts run no guest text', (t) => {
  const output = outputOf([hostileMachine()], { baseImage: 'scratch' });
  const script = output.get('build.sh')!.content.toString();
  t.is(spawnSync('sh', ['-n'], { input: script }).status, 0);
  for (const line of script.split('\n'))
    t.false(!line.startsWith('#') && /touch (?!.)|touch \/|evil "/.test(line), line);
});

test('no path leaves the output folder', (t) => {
  for (const path of outputOf([hostileMachine()]).keys()) t.regex(path, /^(?!.*\.\.)[A-Za-z0-9][A-Za-z0-9._/-]*$/);
});

test('the order of machines changes no byte', (t) => {
  const bytes = (machines: readonly InspectedMachine[]): string =>
    JSON.stringify([...outputOf(machines)].map(([path, { content }]) => [path, content.toString('latin1' as never)]));
  t.is(bytes([WEB, DB]), bytes([DB, WEB]));
});

test('the manifest names every kept path once, in vis form', (t) => {
  const manifest = outputOf([hostileMachine()])
    .get('vms/evil----touch--pwned---run-x/manifest.mtree')!
    .content.toString('latin1' as never);
  t.regex(manifest, /^#mtree\n\. type=dir mode=0755 /);
  t.regex(
    manifest,
    /^\.\/srv\/\\377\\376 type=file mode=0644 uid=0 gid=0 size=1 time=0\.0 sha256digest=[0-9a-f]{64}$/m,
  );
  t.regex(manifest, /^\.\/srv\/a\\012RUN\\040touch\\040_pwned\\012 /m);
});

test('the summary shows system, packages, layers, what is left out and the next command', (t) => {
  const text = summaryOf([WEB]);
  for (const expected of [
    'Debian GNU/Linux 12 (bookworm), amd64, kernel 6.1.0-1-amd64',
    '2 (dpkg); 1 beyond the base, 1 need naming',
    'debian:bookworm',
    '--keep swap',
    'vm2docker-image convert web.qcow2',
  ]) {
    t.true(text.includes(expected), expected);
  }
});

test('the summary has colours only when asked, and guest text sends nothing to the terminal', (t) => {
  t.false(/[\u001b\u0007\u202e]/.test(summaryOf([hostileMachine()])));
  t.true(summaryOf([WEB], true).includes('\u001b[1m'));
});
