import { createHash } from 'node:crypto';
import test from 'ava';
import { type MemoryNode, memoryGuest } from '../../../src/guest/memory/memory-guest.js';
import { classifyFiles, contentReader, type ExclusionOptions } from '../../../src/inspect/files/index.js';
import type { FileInventory } from '../../../src/model/files.js';
import type { GuestFs } from '../../../src/model/guest-fs.js';
import type { InstalledPackage, PackageDatabase, PackageFile } from '../../../src/model/packages.js';

const NOTHING: ExclusionOptions = { keep: new Set(), include: [], exclude: [] };
const md5 = (text: string): NonNullable<PackageFile['digest']> => ({
  algorithm: 'md5',
  hex: createHash('md5').update(text).digest('hex'),
});

function owner(name: string, files: (string | PackageFile)[], more: Partial<InstalledPackage> = {}): InstalledPackage {
  return {
    name,
    version: '1',
    architecture: 'amd64',
    kernel: false,
    hasDigests: true,
    files: files.map((file) => (typeof file === 'string' ? { path: file, configuration: false } : file)),
    ...more,
  } as InstalledPackage;
}

function database(
  packages: InstalledPackage[],
  diversions: PackageDatabase['diversions'] = new Map(),
): PackageDatabase {
  return { manager: 'dpkg', packages, diversions } as unknown as PackageDatabase;
}

async function full(fs: GuestFs, packages: PackageDatabase | null, options = NOTHING): Promise<FileInventory> {
  const reader = await contentReader(await classifyFiles(fs, packages, options));
  await fs.stream(
    (item) => reader.visit(item),
    (entry) => reader.wants(entry),
  );
  return reader.finish();
}

const stateOf = (inventory: FileInventory, path: string): string | undefined => inventory.records.get(path)?.state;

test('a file is unchanged, changed or unowned by what its package recorded', async (t) => {
  const packages = database([
    owner('a', [
      { path: '/usr/bin/same', configuration: false, digest: md5('same') },
      { path: '/usr/bin/other', configuration: false, digest: md5('before') },
      { path: '/etc/a.conf', configuration: true, digest: md5('default') },
      '/usr/share/unknown',
    ]),
  ]);
  const guest = memoryGuest({
    '/usr/bin/same': 'same',
    '/usr/bin/other': 'after',
    '/etc/a.conf': 'edited',
    '/usr/share/unknown': '?',
    '/opt/own': 'mine',
  });
  const inventory = await full(guest, packages);
  t.is(stateOf(inventory, '/usr/bin/same'), 'unchanged');
  t.is(stateOf(inventory, '/usr/bin/other'), 'changed');
  t.like(inventory.records.get('/etc/a.conf'), { state: 'changed', configuration: true, owners: ['a:amd64'] });
  t.is(stateOf(inventory, '/usr/share/unknown'), 'unverified');
  t.is(stateOf(inventory, '/opt/own'), 'unowned');
});

test('without content the same files are unverified, and nothing is hashed', async (t) => {
  const guest = memoryGuest({ '/usr/bin/same': 'same' });
  const packages = database([owner('a', [{ path: '/usr/bin/same', configuration: false, digest: md5('same') }])]);
  const inventory = await classifyFiles(guest, packages, NOTHING);
  t.is(stateOf(inventory, '/usr/bin/same'), 'unverified');
  t.is(inventory.digests.size, 0);
  t.deepEqual(guest.reads, []);
});

test('digests are of the content, and MD5 is computed only where a package recorded one', async (t) => {
  const packages = database([owner('a', [{ path: '/a', configuration: false, digest: md5('abc') }])]);
  const { digests } = await full(memoryGuest({ '/a': 'abc', '/b': 'abc', '/empty': '' }), packages);
  const sha256 = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad';
  t.deepEqual(digests.get('/a'), { sha256, md5: '900150983cd24fb0d6963f7d28e17f72' });
  t.deepEqual(digests.get('/b'), { sha256 });
  t.is(digests.get('/empty')?.sha256, 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
});

test('on a merged system the database says /bin/sh and the file is /usr/bin/sh', async (t) => {
  const guest = memoryGuest({
    '/bin': { target: 'usr/bin' },
    '/lib': { target: 'usr/lib' },
    '/usr/bin/sh': 'x',
    '/usr/lib/a/b': 'y',
  });
  const packages = database([
    owner('dash', [{ path: '/bin/sh', configuration: false, digest: md5('x') }, '/bin']),
    owner('lib', ['/usr/lib/a/b', '/lib/a/gone']),
  ]);
  const inventory = await full(guest, packages);
  t.like(inventory.records.get('/usr/bin/sh'), { state: 'unchanged', owners: ['dash:amd64'] });
  t.deepEqual(inventory.records.get('/bin')?.owners, ['dash:amd64']);
  t.deepEqual(inventory.missing, [{ path: '/usr/lib/a/gone', owner: 'lib:amd64', configuration: false }]);
});

test('a diverted file lies elsewhere, but not for the package that diverts it', async (t) => {
  const guest = memoryGuest({
    '/bin': { target: 'usr/bin' },
    '/usr/bin/sh': 'dash',
    '/usr/bin/sh.distrib': 'bash',
    '/usr/bin/ls.real': 'ls',
  });
  const packages = database(
    [
      owner('bash', [{ path: '/bin/sh', configuration: false, digest: md5('bash') }]),
      owner('dash', [{ path: '/bin/sh', configuration: false, digest: md5('dash') }]),
      owner('coreutils', [{ path: '/usr/bin/ls', configuration: false, digest: md5('ls') }]),
    ],
    new Map([
      ['/bin/sh', { to: '/bin/sh.distrib', by: 'dash' }],
      ['/usr/bin/ls', { to: '/usr/bin/ls.real', by: null }],
    ]),
  );
  const inventory = await full(guest, packages);
  t.like(inventory.records.get('/usr/bin/sh'), { state: 'unchanged', owners: ['dash:amd64'] });
  t.like(inventory.records.get('/usr/bin/sh.distrib'), { state: 'unchanged', owners: ['bash:amd64'] });
  t.like(inventory.records.get('/usr/bin/ls.real'), { state: 'unchanged', owners: ['coreutils:amd64'] });
  t.deepEqual(inventory.missing, []);
});

test('several packages own a folder, sorted and once each', async (t) => {
  const packages = database([
    owner('b', ['/usr', '/bin/x', '/usr/bin/x']),
    owner('a-b', ['/usr']),
    owner('a', ['/usr']),
  ]);
  const guest = memoryGuest({ '/bin': { target: 'usr/bin' }, '/usr/bin/x': '' });
  const { records } = await classifyFiles(guest, packages, NOTHING);
  t.deepEqual(records.get('/usr')?.owners, ['a-b:amd64', 'a:amd64', 'b:amd64']);
  t.deepEqual(records.get('/usr/bin/x')?.owners, ['b:amd64']);
});

test('a package file that became a link or a folder is changed', async (t) => {
  const file = (path: string): PackageFile => ({ path, configuration: false, digest: md5('x') });
  const packages = database([owner('a', [file('/usr/bin/a'), file('/usr/bin/b')])]);
  const guest = memoryGuest({ '/usr/bin/a': { target: '/etc/passwd' }, '/usr/bin/b/c': '' });
  const { records } = await classifyFiles(guest, packages, NOTHING);
  t.is(records.get('/usr/bin/a')?.state, 'changed');
  t.is(records.get('/usr/bin/b')?.state, 'changed');
});

test('a recorded size or link target that differs is a change without any content', async (t) => {
  const packages = database([
    owner('a', [
      { path: '/usr/bin/a', configuration: false, size: 3 },
      { path: '/usr/bin/l', configuration: false, target: 'a' },
      { path: '/usr/bin/m', configuration: false, target: 'a' },
    ]),
  ]);
  const guest = memoryGuest({ '/usr/bin/a': 'long', '/usr/bin/l': { target: 'a' }, '/usr/bin/m': { target: 'b' } });
  const { records } = await classifyFiles(guest, packages, NOTHING);
  t.deepEqual(
    ['a', 'l', 'm'].map((name) => records.get(`/usr/bin/${name}`)?.state),
    ['changed', 'unchanged', 'changed'],
  );
});

test('hard links share one digest, and each name is held against its own package', async (t) => {
  const packages = database([
    owner('a', [
      { path: '/usr/bin/perl', configuration: false, digest: md5('perl') },
      { path: '/usr/bin/perl5', configuration: false, digest: md5('other') },
    ]),
  ]);
  const guest = memoryGuest({
    '/opt/perl': { linkTo: '/usr/bin/perl' },
    '/usr/bin/perl': 'perl',
    '/usr/bin/perl5': { linkTo: '/usr/bin/perl' },
  });
  const inventory = await full(guest, packages);
  t.is(stateOf(inventory, '/usr/bin/perl'), 'unchanged');
  t.is(stateOf(inventory, '/usr/bin/perl5'), 'changed');
  t.is(stateOf(inventory, '/opt/perl'), 'unowned');
  t.is(inventory.digests.get('/opt/perl'), inventory.digests.get('/usr/bin/perl'));
});

test('other digests than MD5 decide as well', async (t) => {
  const hex = (algorithm: string): string => createHash(algorithm).update('x').digest('hex');
  const packages = database([
    owner('a', [
      { path: '/1', configuration: false, digest: { algorithm: 'sha1', hex: hex('sha1') } },
      { path: '/2', configuration: false, digest: { algorithm: 'sha256', hex: hex('sha256') } },
      { path: '/3', configuration: false, digest: { algorithm: 'sha256', hex: hex('sha1') } },
    ]),
  ]);
  const inventory = await full(memoryGuest({ '/1': 'x', '/2': 'x', '/3': 'x' }), packages);
  t.deepEqual(
    ['/1', '/2', '/3'].map((path) => stateOf(inventory, path)),
    ['unchanged', 'unchanged', 'changed'],
  );
});

test('what may be absent is not missing, and what dpkg left out says why', async (t) => {
  const packages = database([
    owner('a', [
      { path: '/etc/old', configuration: true, ghost: true },
      '/run/a',
      '/usr/share/doc/a/changelog.gz',
      '/usr/share/doc/a/copyright',
      { path: '/etc/gone', configuration: true, digest: md5('x') },
    ]),
  ]);
  const guest = memoryGuest({
    '/etc/dpkg/dpkg.cfg': 'path-exclude=/usr/share/man/*\n',
    '/etc/dpkg/dpkg.cfg.d/docker':
      '# drop documents\npath-exclude /usr/share/doc/*\npath-include=/usr/share/doc/*/copyright\n',
  });
  const { missing } = await classifyFiles(guest, packages, NOTHING);
  t.deepEqual(missing, [
    { path: '/etc/gone', owner: 'a:amd64', configuration: true },
    {
      path: '/usr/share/doc/a/changelog.gz',
      owner: 'a:amd64',
      configuration: false,
      reason: 'path-exclude in /etc/dpkg/dpkg.cfg.d/docker:2',
    },
    { path: '/usr/share/doc/a/copyright', owner: 'a:amd64', configuration: false },
  ]);
});

test('holes are hashed as zeros', async (t) => {
  const expected = createHash('sha256')
    .update(Buffer.alloc(3_000_000))
    .update('end')
    .update(Buffer.alloc(500))
    .digest('hex');
  const size = 3_000_503;
  const guest = sparseGuest({ '/holes': { size, runs: [[3_000_000, 'end']] } });
  const { digests, sparse } = await full(guest, null);
  t.is(digests.get('/holes')?.sha256, expected);
  t.deepEqual(
    sparse.map(({ path }) => path),
    ['/holes'],
  );
});

const inconsistent = test.macro({
  exec: async (t, size: number, runs: [number, string][]) => {
    const classified = await classifyFiles(sparseGuest({ '/f': { size, runs } }), null, NOTHING);
    const reader = await contentReader(classified);
    await sparseGuest({ '/f': { size, runs } }).stream((item) => reader.visit(item));
    const { digests, problems } = reader.finish();
    t.is(digests.size, 0);
    t.like(problems, [{ code: 'content-inconsistent', path: '/f' }]);
  },
  title: (given) => `${given} gives a problem and no digest`,
});

test('content beyond the end', inconsistent, 3, [[0, 'abcd']]);
test('content that goes back', inconsistent, 9, [
  [4, 'abcd'],
  [0, 'abcd'],
]);

test('files of more than 100 MiB are listed', async (t) => {
  const mebibytes = (count: number): MemoryNode => ({ size: count * 1024 * 1024 });
  const { large } = await classifyFiles(memoryGuest({ '/a': mebibytes(100), '/b': mebibytes(101) }), null, NOTHING);
  t.deepEqual(
    large.map(({ path }) => path),
    ['/b'],
  );
});

test('records come in the order of the guest, every entry once', async (t) => {
  const guest = memoryGuest({ '/z': '', '/a/b': '', '/a-b': { type: 'fifo' }, '/a/c': { type: 'socket' } });
  const { records } = await full(guest, null);
  t.deepEqual(
    [...records.keys()],
    [...guest.entries()].map(({ path }) => path),
  );
});

function sparseGuest(files: Record<string, { size: number; runs: readonly (readonly [number, string])[] }>): GuestFs {
  const nodes = Object.entries(files).map(([path, { size }]) => [path, { size, allocated: 4096 }] as const);
  const guest = memoryGuest(Object.fromEntries(nodes));
  guest.stream = async (visit) => {
    for (const entry of guest.entries()) {
      const file = files[entry.path];
      if (file === undefined) continue;
      const content = (async function* () {
        for (const [offset, text] of file.runs) yield { offset, data: Buffer.from(text) };
      })();
      await visit({ entry, attributes: new Map(), content });
    }
  };
  return guest;
}

test('what would be left out if it were there is not missing', async (t) => {
  const packages = database([
    owner('apt', ['/var/cache/apt/archives/partial', '/var/lib/apt/periodic']),
    owner('linux-image', ['/boot/vmlinuz-6.1', '/usr/share/doc/linux-image/copyright'], { kernel: true }),
  ]);
  const guest = memoryGuest({ '/var/cache/apt/archives': { type: 'directory' }, '/boot': { type: 'directory' } });
  const paths = async (options: ExclusionOptions): Promise<string[]> =>
    (await classifyFiles(guest, packages, options)).missing.map(({ path }) => path);
  t.deepEqual(await paths(NOTHING), ['/usr/share/doc/linux-image/copyright', '/var/lib/apt/periodic']);
  t.deepEqual((await paths({ ...NOTHING, keep: new Set(['kernel', 'package-cache']) })).length, 4);
});
