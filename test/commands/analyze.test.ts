import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream, mkdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { cli, inScratch, noSmallDisk, SMALL_DISK } from './cli.js';
import { outputOf } from './output-of.js';

/** The small machine of images/small through the whole command, with our own reader unless a title says otherwise. */
const onDisk = noSmallDisk === null ? test.serial : test.serial.skip;
const why = noSmallDisk === null ? '' : ` (skipped: ${noSmallDisk})`;

// biome-ignore lint/suspicious/noTemplateCurlyInString: it is dpkg-query that replaces the names
const FORMAT = '${Package} ${Version} ${Architecture}\n';

interface Report {
  readonly run: unknown;
  readonly vms: {
    readonly name: string;
    readonly packages: { readonly installed: { name: string; version: string; architecture: string }[] };
    readonly excluded: { path: string; class: string; size: number }[];
    readonly secrets: { path: string; kind: string }[];
    readonly identity: { path: string; kind: string }[];
    readonly unrepresentable: { path: string }[];
  }[];
}

async function analyzeSmall(folder: string, ...flags: string[]): Promise<Report> {
  const { status, stdout, stderr } = await cli([
    'analyze',
    SMALL_DISK,
    '--output',
    join(folder, 'out'),
    '--json',
    ...flags,
  ]);
  if (status !== 0) throw new Error(`${stdout}\n${stderr}`);
  return JSON.parse(stdout) as Report;
}

async function sha256(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

onDisk(`the packages are those that dpkg-query lists on the same root${why}`, async (t) => {
  await inScratch(async (folder) => {
    const report = await analyzeSmall(folder, '--reader', 'native', '--quick');
    // debugfs (e2fsprogs) copies out of the file system without mounting it.
    const commands = `rdump /var/lib/dpkg ${folder}`;
    execFileSync('debugfs', ['-R', commands, `${SMALL_DISK}?offset=1048576`], { stdio: 'ignore' });
    const truth = execFileSync('dpkg-query', ['--admindir', join(folder, 'dpkg'), '-W', '-f', FORMAT], {
      encoding: 'utf8',
    });
    const found = report.vms[0]!.packages.installed.map((item) => `${item.name} ${item.version} ${item.architecture}`);
    t.true(found.length > 90);
    t.deepEqual(found.sort(), truth.trim().split('\n').sort());
  });
});

onDisk(`what cannot be carried, what is secret and what is left out is named${why}`, async (t) => {
  await inScratch(async (folder) => {
    const vm = (await analyzeSmall(folder, '--reader', 'native')).vms[0]!;
    t.true(
      vm.excluded.some(
        ({ path, class: name, size }) => path === '/var/log/lastlog' && name === 'sparse' && size === 2 ** 40,
      ),
    );
    t.true(vm.secrets.some(({ path }) => path === '/root/.ssh/id_ed25519'));
    t.true(vm.identity.some(({ path }) => path === '/etc/machine-id'));
    t.deepEqual(
      vm.unrepresentable.map(({ path }) => path),
      ['/srv/special/socket'],
    );
    const delta = readFileSync(join(folder, 'out/vms/small/delta.list'), 'utf8').split('\n');
    for (const path of ['/etc/bash.bashrc', '/usr/share/perl5/Debconf/Log.pm', '/opt/app/run', '/srv/names/caf\\351']) {
      t.true(delta.includes(path), path);
    }
    t.true(readFileSync(join(folder, 'out/vms/small/deletions'), 'utf8').includes('usr/share/doc/tar/copyright'));
  });
});

onDisk(`two runs from different surroundings give the same bytes, and the disk is as before${why}`, async (t) => {
  const before = { digest: await sha256(SMALL_DISK), mtime: statSync(SMALL_DISK, { bigint: true }).mtimeNs };
  await inScratch(async (folder) => {
    mkdirSync(join(folder, 'home'));
    const args = (name: string): string[] => [
      'analyze',
      SMALL_DISK,
      '--reader',
      'native',
      '--output',
      join(folder, name),
    ];
    const first = await cli(args('a'));
    const second = await cli(args('b'), {
      cwd: join(folder, 'home'),
      umask: '0077',
      environment: { TZ: 'Asia/Kathmandu', LANG: 'tr_TR.UTF-8', LC_ALL: 'C', HOME: join(folder, 'home') },
    });
    t.is(first.status, 0, first.stderr);
    t.is(second.status, 0, second.stderr);
    t.deepEqual(outputOf(join(folder, 'b')), outputOf(join(folder, 'a')));
  });
  t.is(await sha256(SMALL_DISK), before.digest);
  t.is(statSync(SMALL_DISK, { bigint: true }).mtimeNs, before.mtime);
});

onDisk(`libguestfs and our own reader give the same output${why}`, async (t) => {
  t.timeout(600_000);
  await inScratch(async (folder) => {
    for (const reader of ['native', 'libguestfs']) {
      const { status, stderr } = await cli([
        'analyze',
        SMALL_DISK,
        '--reader',
        reader,
        '--output',
        join(folder, reader),
      ]);
      t.is(status, 0, stderr);
    }
    t.deepEqual(outputOf(join(folder, 'libguestfs')), outputOf(join(folder, 'native')));
  });
});

onDisk(`one machine that cannot be read does not keep the other from its result${why}`, async (t) => {
  await inScratch(async (folder) => {
    const { status, stdout, stderr } = await cli([
      ...['analyze', SMALL_DISK, join(folder, 'gone.qcow2'), '--reader', 'native', '--quick'],
      ...['--output', join(folder, 'out')],
    ]);
    t.is(status, 1);
    t.regex(stderr, /gone\.qcow2/);
    t.regex(stdout, /Debian GNU\/Linux 12/);
    t.true(statSync(join(folder, 'out/vms/small/Dockerfile')).isFile());
  });
});
