import test from 'ava';
import { type MemoryNode, memoryGuest } from '../../../../src/guest/memory/memory-guest.js';
import { inspectDpkg } from '../../../../src/inspect/packages/dpkg/inspect.js';
import type { PackageDatabase } from '../../../../src/model/packages.js';
import { decodePath } from '../../../../src/model/path.js';

const record = (name: string, more = '', status = 'install ok installed'): string =>
  `Package: ${name}\nStatus: ${status}\nArchitecture: amd64\nVersion: 1.0-1\n${more}\n`;

async function read(status: string, more: Record<string, MemoryNode> = {}): Promise<PackageDatabase> {
  return inspectDpkg(memoryGuest({ '/var/lib/dpkg/status': status, ...more }), { archiveIndexes: true });
}

const codes = (database: PackageDatabase): string[] => database.problems.map(({ code }) => code);

test('a record gives name, full version, architecture, source and marks', async (t) => {
  const { packages, architecture } = await read(
    record('dpkg', 'Source: dpkg-src (2:1.0-0)\nEssential: yes\nPriority: required\nMulti-Arch: foreign\n') +
      record('vim', 'Depends: libc6 (>= 2.34)\n', 'hold ok installed'),
    { '/var/lib/apt/extended_states': 'Package: dpkg\nArchitecture: amd64\nAuto-Installed: 1\n' },
  );
  t.is(architecture, 'amd64');
  const [dpkg, vim] = packages;
  t.deepEqual(dpkg!.source, { name: 'dpkg-src', version: '2:1.0-0' });
  t.true(dpkg!.essential && dpkg!.auto === true && !dpkg!.held && dpkg!.multiArch === 'foreign');
  t.true(vim!.held && vim!.auto === false);
  t.deepEqual(vim!.evidence, { path: '/var/lib/dpkg/status', line: 10, record: 'vim' });
});

test('without a record of apt nobody knows what was asked for', async (t) => {
  const { packages } = await read(record('dpkg'), { '/var/lib/apt/extended_states': '' });
  t.is(packages[0]!.auto, null);
});

test('a package for all architectures is marked under the machine’s own', async (t) => {
  const all = record('tzdata').replace('Architecture: amd64', 'Architecture: all');
  const { packages } = await read(record('dpkg') + all, {
    '/var/lib/apt/extended_states': 'Package: tzdata\nArchitecture: amd64\nAuto-Installed: 1\n',
  });
  t.is(packages.find(({ name }) => name === 'tzdata')?.auto, true);
});

const counts = test.macro({
  exec: async (t, state: string, isThere: boolean, problem: string | null) => {
    const database = await read(record('a', '', state));
    t.is(database.packages.length, isThere ? 1 : 0);
    t.deepEqual(
      codes(database).filter((code) => code !== 'dpkg-missing-list'),
      problem === null ? [] : [problem],
    );
  },
  title: (_given, state: string, isThere: boolean) => `"${state}" is ${isThere ? '' : 'not '}on the disk`,
});

test(counts, 'install ok installed', true, null);
test(counts, 'install ok half-configured', true, 'dpkg-not-configured');
test(counts, 'install ok triggers-pending', true, 'dpkg-not-configured');
test(counts, 'install ok unpacked', true, 'dpkg-not-configured');
test(counts, 'install reinstreq half-installed', false, 'dpkg-half-installed');
test(counts, 'deinstall ok config-files', false, null);
test(counts, 'purge ok not-installed', false, null);

test('a broken record is a located problem, and the others are read', async (t) => {
  const database = await read(
    `${record('a')}Status: install ok installed\nVersion: 1\n\n${record('b').replace(/Version.*\n/, '')}${record('c')}`,
  );
  t.deepEqual(
    database.packages.map(({ name }) => name),
    ['a', 'c'],
  );
  const broken = database.problems.filter(({ code }) => code === 'dpkg-broken-record');
  t.deepEqual(
    broken.map(({ path }) => path),
    ['/var/lib/dpkg/status:6', '/var/lib/dpkg/status:9'],
  );
});

const refuses = test.macro({
  exec: async (t, status: string) => {
    const database = await read(status);
    t.is(database.packages.length, 0);
    t.true(codes(database).includes('dpkg-broken-record'));
  },
  title: (given) => `a record with ${given} is refused`,
});

test('a name that is a path', refuses, record('../../etc/passwd'));
test('a name that is an option', refuses, record('--force-all'));
test('a version with a command in it', refuses, record('a').replace('1.0-1', '1;reboot'));
test('an architecture with a blank', refuses, record('a').replace('amd64', 'amd 64'));
test('no Status', refuses, record('a').replace(/Status.*\n/, ''));

test('what an interrupted dpkg left in its journal counts over the status file', async (t) => {
  const { packages } = await read(record('a'), {
    '/var/lib/dpkg/updates/0001': record('a').replace('1.0-1', '1.0-2'),
    '/var/lib/dpkg/updates/tmp.i': record('z'),
  });
  t.deepEqual(
    packages.map(({ name, version }) => [name, version]),
    [['a', '1.0-2']],
  );
});

test('images without dpkg record each package in status.d, with its files beside', async (t) => {
  const guest = memoryGuest({
    '/var/lib/dpkg/status.d/tzdata': 'Package: tzdata\nVersion: 2024a-0\nArchitecture: all\n',
    '/var/lib/dpkg/status.d/tzdata.md5sums': '0123456789abcdef0123456789abcdef  usr/share/zoneinfo/UTC\n',
  });
  const { packages, problems } = await inspectDpkg(guest, { archiveIndexes: true });
  t.deepEqual(problems, []);
  t.deepEqual(
    [...packages[0]!.files].map(({ path }) => path),
    ['/usr/share/zoneinfo/UTC'],
  );
});

test('the list, the digests and the configuration of a package come together', async (t) => {
  const { packages, problems } = await read(
    record(
      'a',
      'Conffiles:\n /etc/a b 00000000000000000000000000000001\n /etc/old 00000000000000000000000000000002 obsolete\n /etc/new newconffile\n',
    ),
    {
      '/var/lib/dpkg/info/a.list': '/.\n/etc\n/etc/a b\n/usr/bin/a\n/usr/bin/link\n',
      '/var/lib/dpkg/info/a.md5sums':
        '00000000000000000000000000000003  usr/bin/a\n00000000000000000000000000000004  ./usr/share/x\nnonsense\n',
    },
  );
  const digest = (hex: number) => ({ algorithm: 'md5' as const, hex: String(hex).padStart(32, '0') });
  t.deepEqual(packages[0]!.files, [
    { path: '/etc', configuration: false },
    { path: '/etc/a b', configuration: true, digest: digest(1) },
    { path: '/usr/bin/a', configuration: false, digest: digest(3) },
    { path: '/usr/bin/link', configuration: false },
    { path: '/usr/share/x', configuration: false, digest: digest(4) },
    { path: '/etc/old', configuration: true, digest: digest(2), ghost: true },
    { path: '/etc/new', configuration: true },
  ]);
  t.true(packages[0]!.hasDigests);
  t.like(problems, [{ code: 'dpkg-broken-record', path: '/var/lib/dpkg/info/a.md5sums' }]);
});

test('packages of several architectures have lists of their own', async (t) => {
  const i386 = record('libc6', 'Multi-Arch: same\n').replace('amd64', 'i386');
  const { packages, foreignArchitectures } = await read(record('dpkg') + record('libc6', 'Multi-Arch: same\n') + i386, {
    '/var/lib/dpkg/arch': 'amd64\ni386\n',
    '/var/lib/dpkg/info/dpkg.list': '/.\n/usr/bin/dpkg\n',
    '/var/lib/dpkg/info/libc6:amd64.list': '/.\n/lib/x86_64-linux-gnu/libc.so.6\n',
    '/var/lib/dpkg/info/libc6:i386.list': '/.\n/lib/i386-linux-gnu/libc.so.6\n',
  });
  t.deepEqual(foreignArchitectures, ['i386']);
  t.deepEqual(
    packages.map((item) => [item.name, item.architecture, [...item.files][0]!.path]),
    [
      ['dpkg', 'amd64', '/usr/bin/dpkg'],
      ['libc6', 'amd64', '/lib/x86_64-linux-gnu/libc.so.6'],
      ['libc6', 'i386', '/lib/i386-linux-gnu/libc.so.6'],
    ],
  );
});

test('a lost list is a problem of that package', async (t) => {
  const database = await read(record('a') + record('b'), { '/var/lib/dpkg/info/a.list': '/.\n/usr/bin/a\n' });
  t.deepEqual(
    database.problems.map(({ path }) => path),
    ['/var/lib/dpkg/info/b.list'],
  );
});

test('paths in lists keep their bytes and cannot leave the root', async (t) => {
  const { packages } = await read(record('a'), {
    '/var/lib/dpkg/info/a.list': Buffer.concat([
      Buffer.from('/.\n/usr/share/caf'),
      Buffer.from([0xe9]),
      Buffer.from('\n/usr/../../../etc/shadow\n'),
    ]),
  });
  t.deepEqual(
    [...packages[0]!.files].map(({ path }) => path),
    [decodePath(Buffer.from('/usr/share/caf\xe9', 'latin1')), '/etc/shadow'],
  );
});

test('diversions and overrides are read, also the administrator’s', async (t) => {
  const { diversions, overrides, problems } = await read(record('a'), {
    '/var/lib/dpkg/info/a.list': '/.\n',
    '/var/lib/dpkg/diversions': '/bin/sh\n/bin/sh.distrib\ndash\n/usr/bin/x\n/usr/bin/x.real\n:\n',
    '/var/lib/dpkg/statoverride': 'root #104 2555 /usr/bin/wall\nbroken\n',
  });
  t.deepEqual(
    [...diversions],
    [
      ['/bin/sh', { to: '/bin/sh.distrib', by: 'dash' }],
      ['/usr/bin/x', { to: '/usr/bin/x.real', by: null }],
    ],
  );
  t.deepEqual([...overrides], [['/usr/bin/wall', { user: 'root', group: '#104', mode: 0o2555 }]]);
  t.like(problems, [{ path: '/var/lib/dpkg/statoverride:2' }]);
});

test('a status file that is a folder is a problem and no exception', async (t) => {
  const guest = memoryGuest({ '/var/lib/dpkg/status/x': '' });
  const database = await inspectDpkg(guest, { archiveIndexes: true });
  t.deepEqual(database.packages, []);
  t.like(database.problems, [{ code: 'not-a-file' }]);
});

test('the files that make apt fetch as this machine does are named, its passwords are not', async (t) => {
  const { configuration } = await read(record('a'), {
    '/etc/apt/sources.list': 'deb [signed-by=/usr/share/keyrings/x.gpg] http://x stable main\n',
    '/usr/share/keyrings/x.gpg': 'key',
    '/etc/apt/auth.conf': 'machine x login y password z\n',
    '/etc/apt/auth.conf.d/90x': 'machine x login y password z\n',
    '/etc/apt/preferences.d/pin': 'Package: *\n',
    '/etc/apt/preferences.d/pin.bak': 'Package: *\n',
    '/etc/apt/trusted.gpg.d/a.asc': 'key',
  });
  t.deepEqual(configuration, [
    '/etc/apt/preferences.d/pin',
    '/etc/apt/sources.list',
    '/etc/apt/trusted.gpg.d/a.asc',
    '/usr/share/keyrings/x.gpg',
  ]);
});
