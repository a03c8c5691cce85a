import { readFileSync } from 'node:fs';
import test from 'ava';
import { type MemoryNode, memoryGuest } from '../../../../src/guest/memory/memory-guest.js';
import { TAG } from '../../../../src/inspect/packages/rpm/header/tags.js';
import { rpm } from '../../../../src/inspect/packages/rpm/index.js';
import { inspectRpm } from '../../../../src/inspect/packages/rpm/inspect.js';
import { berkeleyHash } from './builders/berkeley-hash.js';
import { fileTags, packageHeader } from './builders/header.js';
import { ndb } from './builders/ndb.js';

const fixture = (name: string): Buffer => readFileSync(new URL(`fixtures/${name}`, import.meta.url));

const inspect = (nodes: Record<string, MemoryNode>) => inspectRpm(memoryGuest(nodes));
const named = (packages: readonly { readonly name: string; readonly version: string }[]) =>
  packages.map(({ name, version }) => `${name} ${version}`);

const large = Array.from({ length: 300 }, (_, index) => `/usr/share/large/file-${index}`);
const HEADERS = [
  packageHeader({ name: 'small', version: '1', release: '2', epoch: 3 }),
  packageHeader({ name: 'large', files: large }),
];

const places = test.macro({
  async exec(t, nodes: Record<string, MemoryNode>, path: string) {
    const guest = memoryGuest(nodes);
    t.true(rpm.find(guest).length > 0);
    const database = await inspectRpm(guest);
    t.deepEqual(named(database.packages), ['large 1.0-1', 'small 3:1-2']);
    t.is(database.packages[0]!.files.length, 300);
    t.is(database.evidence[0]!.path, path);
    t.deepEqual(database.problems, []);
  },
  title: (given) => `the database is found and read: ${given}`,
});

test('Berkeley DB, little-endian', places, { '/var/lib/rpm/Packages': berkeleyHash(HEADERS) }, '/var/lib/rpm/Packages');
test(
  'Berkeley DB, big-endian',
  places,
  { '/var/lib/rpm/Packages': berkeleyHash(HEADERS, 'big') },
  '/var/lib/rpm/Packages',
);
test(
  "NDB in SUSE's place behind a symbolic link",
  places,
  { '/usr/lib/sysimage/rpm/Packages.db': ndb(HEADERS), '/var/lib/rpm': { target: '../../usr/lib/sysimage/rpm' } },
  '/var/lib/rpm/Packages.db',
);
test('the place of rpm-ostree', places, { '/usr/share/rpm/Packages.db': ndb(HEADERS) }, '/usr/share/rpm/Packages.db');
test(
  'a place of its own that a macro names',
  places,
  { '/srv/rpm/Packages.db': ndb(HEADERS), '/etc/rpm/macros.local': '# ours\n%_dbpath\t%{_prefix}/../srv/rpm\n' },
  '/srv/rpm/Packages.db',
);

test('a macro in /etc wins over the one that rpm brings', async (t) => {
  const database = await inspect({
    '/usr/lib/rpm/macros': '%_dbpath %{_var}/lib/rpm\n',
    '/etc/rpm/macros.image': '%_dbpath /usr/share/rpm\n',
    '/var/lib/rpm/Packages.db': ndb([packageHeader({ name: 'old' })]),
    '/usr/share/rpm/Packages.db': ndb([packageHeader({ name: 'new' })]),
  });
  t.deepEqual(named(database.packages), ['new 1.0-1']);
  t.deepEqual(
    database.problems.map(({ code, path }) => ({ code, path })),
    [{ code: 'rpm-leftover-database', path: '/var/lib/rpm/Packages.db' }],
  );
});

test('an SQLite database is read over its overflow pages', async (t) => {
  const database = await inspect({ '/var/lib/rpm/rpmdb.sqlite': fixture('two-packages.sqlite') });
  t.deepEqual(named(database.packages), ['first 1.0-1', 'second 2:3.4-5.el9']);
  t.deepEqual(database.problems, []);
});

test('rows that are committed in the log alone are read', async (t) => {
  const main = fixture('log-of-three.sqlite');
  const log = fixture('log-of-three.sqlite-wal');
  const database = await inspect({ '/var/lib/rpm/rpmdb.sqlite': main, '/var/lib/rpm/rpmdb.sqlite-wal': log });
  t.deepEqual(named(database.packages), ['first 1.0-1', 'second 2:3.4-5.el9', 'third 1.0-1']);
  t.is(database.packages[2]!.files.length, 200);
  t.deepEqual(database.problems, []);
});

test('a log with a wrong checksum ends before it, and says so', async (t) => {
  const log = Buffer.from(fixture('log-of-three.sqlite-wal'));
  log[log.length - 1]! ^= 1;
  const database = await inspect({
    '/var/lib/rpm/rpmdb.sqlite': fixture('log-of-three.sqlite'),
    '/var/lib/rpm/rpmdb.sqlite-wal': log,
  });
  t.deepEqual(named(database.packages), ['first 1.0-1', 'second 2:3.4-5.el9']);
  t.regex(database.problems[0]!.reason, /checksum of frame/);
});

test('content decides the form, and a wrong name is a problem', async (t) => {
  const database = await inspect({ '/var/lib/rpm/Packages': ndb(HEADERS) });
  t.is(database.packages.length, 2);
  t.deepEqual(
    database.problems.map(({ code }) => code),
    ['rpm-misnamed-database'],
  );
});

test('an empty database of the new form gives way to a full one of the old', async (t) => {
  const database = await inspect({
    '/var/lib/rpm/rpmdb.sqlite': '',
    '/var/lib/rpm/Packages.db': ndb([]),
    '/var/lib/rpm/Packages': berkeleyHash(HEADERS),
  });
  t.is(database.evidence[0]!.path, '/var/lib/rpm/Packages');
  t.is(database.packages.length, 2);
});

test('a broken header costs its package and a located problem, not the others', async (t) => {
  const broken = Buffer.from(HEADERS[1]!);
  broken.writeUInt32BE(0x7fffffff, 4);
  const database = await inspect({ '/var/lib/rpm/Packages': berkeleyHash([HEADERS[0]!, broken, HEADERS[1]!]) });
  t.deepEqual(named(database.packages), ['large 1.0-1', 'small 3:1-2']);
  t.deepEqual(
    database.problems.map(({ code, path }) => ({ code, path })),
    [{ code: 'rpm-broken-record', path: '/var/lib/rpm/Packages: header 2' }],
  );
});

test('several installed versions of one name are kept, oldest first', async (t) => {
  const kernel = (release: string) => packageHeader({ name: 'kernel-core', version: '5.14.0', release });
  const database = await inspect({ '/var/lib/rpm/Packages.db': ndb([kernel('10.el9'), kernel('9.el9')]) });
  t.deepEqual(named(database.packages), ['kernel-core 5.14.0-9.el9', 'kernel-core 5.14.0-10.el9']);
  t.true(database.packages.every(({ kernel: isKernel }) => isKernel));
});

test('signing keys are keys, not packages', async (t) => {
  const key = packageHeader({
    name: 'gpg-pubkey',
    version: 'F4A80EB5',
    release: '53a7ff4b',
    arch: '(none)',
    more: [[TAG.summary, 'gpg(CentOS-7 Key <security@centos.org>)']],
  });
  const database = await inspect({ '/var/lib/rpm/Packages.db': ndb([key, ...HEADERS]) });
  t.is(database.packages.length, 2);
  t.deepEqual(
    database.keys?.map(({ id, owner }) => ({ id, owner })),
    [{ id: 'f4a80eb5', owner: 'CentOS-7 Key <security@centos.org>' }],
  );
});

test('what the package says of a file is read: type, capability, state, device, expected changes', async (t) => {
  const paths = ['/etc/app.conf', '/usr/bin/app', '/usr/share/doc/app/README', '/dev/app', '/usr/lib/app'];
  const header = packageHeader({
    name: 'app',
    files: paths,
    more: [
      [TAG.fileModes, { int16: [0o100644, 0o104755, 0o100644, 0o020660, 0o120777] }],
      [TAG.longFileSizes, { int64: [10n, 5_000_000_000n, 1n, 0n, 8n] }],
      [TAG.fileFlags, { int32: [1 | 16, 0, 2, 0, 0] }],
      [TAG.fileStates, { int8: [0, 0, 2, 0, 0] }],
      [TAG.fileDevices, { int16: [0, 0, 0, 0x0103, 0] }],
      [TAG.fileTargets, ['', '', '', '', '../lib64/app']],
      [TAG.fileDigestAlgorithm, { int32: [8] }],
      [TAG.fileDigests, ['ab'.repeat(32), 'cd'.repeat(32), 'ef'.repeat(32), '', '']],
      [TAG.fileCapabilities, ['', '= cap_net_raw+ep', '', '', '']],
      [TAG.fileVerify, { int32: [~(1 << 5), -1, -1, -1, -1] }],
    ],
  });
  const { packages } = await inspect({ '/var/lib/rpm/Packages.db': ndb([header]) });
  t.deepEqual(
    [...packages[0]!.files],
    [
      {
        path: '/etc/app.conf',
        configuration: true,
        type: 'file',
        mode: 0o644,
        size: 10,
        digest: { algorithm: 'sha256', hex: 'ab'.repeat(32) },
        unverified: ['mtime'],
      },
      {
        path: '/usr/bin/app',
        configuration: false,
        type: 'file',
        mode: 0o4755,
        size: 5_000_000_000,
        digest: { algorithm: 'sha256', hex: 'cd'.repeat(32) },
        capabilities: '= cap_net_raw+ep',
      },
      {
        path: '/usr/share/doc/app/README',
        configuration: false,
        type: 'file',
        mode: 0o644,
        size: 1,
        digest: { algorithm: 'sha256', hex: 'ef'.repeat(32) },
        ghost: true,
        documentation: true,
        state: 'not-installed',
      },
      { path: '/dev/app', configuration: false, type: 'character', mode: 0o660, device: { major: 1, minor: 3 } },
      { path: '/usr/lib/app', configuration: false, type: 'symlink', mode: 0o777, target: '../lib64/app' },
    ],
  );
});

test('names of files that are not UTF-8 keep their bytes', async (t) => {
  const header = packageHeader({
    name: 'latin',
    more: fileTags(['/usr/share/caf?']),
  });
  const at = header.indexOf('caf?');
  header[at + 3] = 0xe9;
  const { packages } = await inspect({ '/var/lib/rpm/Packages.db': ndb([header]) });
  t.deepEqual(
    [...packages[0]!.files].map(({ path }) => path),
    ['/usr/share/caf\udce9'],
  );
});

test('a package of rpm 3 lists whole paths', async (t) => {
  const header = packageHeader({ name: 'ancient', more: [[TAG.oldFileNames, ['/bin/ls', '/bin/../etc//x']]] });
  const { packages } = await inspect({ '/var/lib/rpm/Packages.db': ndb([header]) });
  t.deepEqual(
    [...packages[0]!.files].map(({ path }) => path),
    ['/bin/ls', '/etc/x'],
  );
});

test('rich dependencies come to what they mean on this machine', async (t) => {
  const header = packageHeader({
    name: 'rich',
    requires: [
      'plain',
      '(present if gcc)',
      '(absent if nothing-of-this-name)',
      '(this or that)',
      '(gcc >= 8 with gcc < 9)',
      'rpmlib(RichDependencies)',
    ],
  });
  const gcc = packageHeader({ name: 'gcc', version: '8.5', provides: [['gcc', '=', '8.5-1']] });
  const { packages, problems } = await inspect({ '/var/lib/rpm/Packages.db': ndb([header, gcc]) });
  const rich = packages.find(({ name }) => name === 'rich')!;
  t.deepEqual(rich.depends, [
    [{ name: 'plain' }],
    [{ name: 'present' }],
    [{ name: 'this' }, { name: 'that' }],
    [{ name: 'gcc', operator: '>=', version: '8', with: [{ name: 'gcc', operator: '<', version: '9' }] }],
  ]);
  t.is(rich.rich?.length, 4);
  t.deepEqual(problems, []);
});

test('a condition on the kernel is decided as in an image, which has none', async (t) => {
  const header = packageHeader({ name: 'rich', requires: ['(grubby if kernel-core)', '(stub unless kernel-core)'] });
  const kernel = packageHeader({ name: 'kernel-core', provides: [['kernel-core', '=', '1.0-1']] });
  const { packages } = await inspect({ '/var/lib/rpm/Packages.db': ndb([header, kernel]) });
  t.deepEqual(packages.find(({ name }) => name === 'rich')!.depends, [[{ name: 'stub' }]]);
});

test('no database, no packages and no problem', async (t) => {
  const guest = memoryGuest({ '/etc/hostname': 'box\n' });
  t.deepEqual(rpm.find(guest), []);
  const database = await inspectRpm(guest);
  t.deepEqual(database.packages, []);
  t.deepEqual(database.problems, []);
});
