import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import test from 'ava';
import fc from 'fast-check';
import { type MemoryNode, memoryGuest } from '../../../../src/guest/memory/memory-guest.js';
import { apk } from '../../../../src/inspect/packages/apk/index.js';
import { inspectApk } from '../../../../src/inspect/packages/apk/inspect.js';
import { isKernelPackage } from '../../../../src/inspect/packages/apk/kernel.js';
import { parseApkRelations } from '../../../../src/inspect/packages/apk/relations.js';

const SHARED = new URL('../../../../../shared/guests/', import.meta.url).pathname;
const hasSamples = existsSync(SHARED);
const sampleTest: typeof test = (hasSamples ? test : test.skip) as typeof test;
const reason = hasSamples ? '' : ' (skipped: no folder ../shared/guests)';

const INSTALLED = `C:Q1qYKghR2e30vUbQ1DKV0J9HHzALY=
P:app
V:1.2.3_git20230424-r4
A:x86_64
o:app-source
m:Somebody <somebody@alpinelinux.org>
t:1395431487
c:5a5016a597c2d8932dc8153eb6415390dd1b1c4e
D:so:libc.musl-x86_64.so.1 /bin/sh busybox>=1.36 musl~1.2 !old-app
p:cmd:app=1.2.3_git20230424-r4 so:libapp.so.1=1.0
F:etc
R:app.conf
Z:Q1IY44fVq/DRt4Mdw7+EmGnqFjE8I=
F:usr/bin
M:0:102:2755
R:app
a:100:101:4755
Z:Q1p9ocSKKyAnHlPLn+tx9zqxHoN9Y=

P:linux-lts
V:6.1.1-r0
A:x86_64
F:boot
R:vmlinuz-lts

P:.build
V:20240101.000000
A:noarch
D:gcc
`;

const inspect = (nodes: Record<string, MemoryNode>) => inspectApk(memoryGuest(nodes));

test('fields, relations, files with owner, mode and digest are read', async (t) => {
  const { packages, problems, architecture } = await inspect({ '/lib/apk/db/installed': INSTALLED });
  const app = packages.find(({ name }) => name === 'app')!;
  t.is(app.version, '1.2.3_git20230424-r4');
  t.deepEqual(app.source, { name: 'app-source', version: '1.2.3_git20230424-r4' });
  t.deepEqual(app.depends, [
    [{ name: 'so:libc.musl-x86_64.so.1' }],
    [{ name: '/bin/sh' }],
    [{ name: 'busybox', operator: '>=', version: '1.36' }],
    [{ name: 'musl', operator: '>=', version: '1.2', prefix: true }],
  ]);
  t.deepEqual(app.conflicts, [{ name: 'old-app' }]);
  t.deepEqual(app.provides[1], { name: 'so:libapp.so.1', operator: '=', version: '1.0' });
  t.deepEqual(app.files, [
    { path: '/etc', configuration: false, mode: 0o755, user: '#0', group: '#0', type: 'directory' },
    {
      path: '/etc/app.conf',
      configuration: true,
      mode: 0o644,
      user: '#0',
      group: '#0',
      digest: { algorithm: 'sha1', hex: Buffer.from('IY44fVq/DRt4Mdw7+EmGnqFjE8I=', 'base64').toString('hex') },
    },
    { path: '/usr/bin', configuration: false, mode: 0o2755, user: '#0', group: '#102', type: 'directory' },
    {
      path: '/usr/bin/app',
      configuration: false,
      mode: 0o4755,
      user: '#100',
      group: '#101',
      digest: { algorithm: 'sha1', hex: Buffer.from('p9ocSKKyAnHlPLn+tx9zqxHoN9Y=', 'base64').toString('hex') },
    },
  ]);
  t.deepEqual(app.evidence, { path: '/lib/apk/db/installed', line: 1 });
  t.is(architecture, 'x86_64');
  t.deepEqual(problems, []);
});

test('the world says what was asked for; without one nothing is known', async (t) => {
  const marked = await inspect({
    '/lib/apk/db/installed': INSTALLED,
    '/etc/apk/world': 'app@edge>1.0\nbusybox !bad\n',
    '/etc/apk/arch': 'x86_64\n',
  });
  t.deepEqual(
    marked.packages.map(({ name, auto }) => [name, auto]),
    [
      ['.build', true],
      ['app', false],
      ['linux-lts', true],
    ],
  );
  t.deepEqual(marked.packages[1]!.reason?.evidence, { path: '/etc/apk/world', line: 1 });
  const bare = await inspect({ '/lib/apk/db/installed': INSTALLED });
  t.true(bare.packages.every(({ auto }) => auto === null));
});

test('repositories, with tags and switched-off ones, decide the origin', async (t) => {
  const { packages, archives } = await inspect({
    '/usr/lib/apk/db/installed': INSTALLED,
    '/etc/apk/world': 'app@ours\n',
    '/etc/apk/repositories':
      'https://dl-cdn.alpinelinux.org/alpine/v3.16/main\n#https://dl-cdn.alpinelinux.org/alpine/edge/testing\n@ours https://packages.example/alpine\n',
  });
  t.deepEqual(
    archives.map(({ suite, enabled }) => [suite, enabled]),
    [
      [null, true],
      [null, false],
      ['@ours', true],
    ],
  );
  t.deepEqual(
    packages.map(({ name, origin }) => [name, origin.kind]),
    [
      ['.build', 'local'],
      ['app', 'third-party'],
      ['linux-lts', 'local'],
    ],
  );
});

test('a broken line is a located problem, and the rest is read', async (t) => {
  const { packages, problems } = await inspect({
    '/lib/apk/db/installed': 'P:one\nV:1\ngarbage\nF:bin\nR:x\na:nobody:0:755\n\nV:2\n\nP:three\nV:3\n',
  });
  t.deepEqual(
    packages.map(({ name }) => name),
    ['one', 'three'],
  );
  t.deepEqual(
    problems.map(({ code, path }) => [code, path]),
    [
      ['apk-broken-record', '/lib/apk/db/installed:3'],
      ['apk-broken-record', '/lib/apk/db/installed:6'],
      ['apk-broken-record', '/lib/apk/db/installed:8'],
    ],
  );
});

test('without a database there is none', (t) => {
  t.deepEqual(apk.find(memoryGuest({ '/etc/apk/world': 'app\n' })), []);
});

test('one database under two paths is read once', async (t) => {
  const guest = memoryGuest({ '/usr/lib/apk/db/installed': INSTALLED, '/lib': { target: 'usr/lib' } });
  t.is(apk.find(guest).length, 1);
  t.is((await inspectApk(guest)).packages.length, 3);
});

test('names that leave their folder stay in the guest', async (t) => {
  const { packages } = await inspect({ '/lib/apk/db/installed': 'P:one\nV:1\nF:../../etc\nR:../../../shadow\n' });
  t.deepEqual(
    [...packages[0]!.files].map(({ path }) => path),
    ['/etc', '/shadow'],
  );
});

for (const [name, answer] of [
  ['linux-lts', true],
  ['linux-virt', true],
  ['linux-lts-dev', true],
  ['linux-rpi4', true],
  ['linux-vanilla', true],
  ['linux-pam', false],
  ['linux-headers', false],
  ['linux-firmware-none', false],
] as const) {
  test(`${name} ${answer ? 'is' : 'is not'} the kernel`, (t) => {
    t.is(isKernelPackage(name, []), answer);
  });
}

test('any text is read to an end', async (t) => {
  const lines = fc.string({
    unit: fc.constantFrom('P:', 'V:', 'F:', 'R:', 'a:', 'Z:Q1', 'D:', '1', 'a', ' ', '/', '..', '\n', '~', '='),
  });
  await fc.assert(
    fc.asyncProperty(lines, async (text) => {
      const { packages } = await inspect({ '/lib/apk/db/installed': text });
      return packages.every(({ name }) => name !== '');
    }),
    { numRuns: 500 },
  );
  fc.assert(fc.property(fc.string(), (text) => parseApkRelations(text).wanted.every(({ name }) => name !== '')));
  t.pass();
});

for (const name of [
  'alpine-2.6.6-installed',
  'alpine-3.7.0-installed',
  'scalibr-installed',
  'scancode-full-installed',
  'syft-multiple-2-installed',
  'trivy-installed',
]) {
  sampleTest(`${name}: every package, folder and file of the real database is there${reason}`, async (t) => {
    const text = readFileSync(`${SHARED}apk/${name}`, 'utf8');
    const { packages, problems } = await inspect({ '/lib/apk/db/installed': text });
    const count = (letter: string) => text.split('\n').filter((line) => line.startsWith(`${letter}:`)).length;
    // One sample has a package without a version, on purpose.
    t.is(packages.length, count('V'));
    t.is(problems.length, count('P') - count('V'));
    t.is(
      packages.reduce((sum, { files }) => sum + files.length, 0),
      count('F') + count('R'),
    );
    t.is(
      packages.reduce((sum, { files }) => sum + [...files].filter(({ digest }) => digest !== undefined).length, 0),
      count('Z'),
    );
    // What the database asks for, it also has: nothing is lost or misread among the relations.
    const provided = new Set(
      packages.flatMap(({ name: own, provides }) => [own, ...provides.map((each) => each.name)]),
    );
    const paths = new Set(packages.flatMap(({ files }) => [...files].map(({ path }) => path)));
    const wanted = packages.flatMap(({ depends }) => depends.flat().map((relation) => relation.name));
    const missing = wanted.filter((each) => !provided.has(each) && !paths.has(each));
    if (!['scalibr-installed', 'scancode-full-installed'].includes(name)) t.deepEqual(missing, []);
  });
}

sampleTest(`a real Alpine 3.16 names what was asked for${reason}`, async (t) => {
  const read = (path: string) =>
    execFileSync('tar', ['-xJOf', `${SHARED}guests/alpine-3.16.tar.xz`, `.${path}`], { maxBuffer: 2 ** 26 });
  const paths = ['/lib/apk/db/installed', '/etc/apk/world', '/etc/apk/repositories', '/etc/apk/arch'];
  const database = await inspect(Object.fromEntries(paths.map((path) => [path, read(path)])));
  t.true(database.packages.length >= 14);
  t.true(database.packages.some(({ auto }) => auto === false));
  t.true(database.packages.some(({ auto }) => auto === true));
  t.true(database.packages.every(({ origin }) => origin.kind === 'distribution'));
});
