import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import test from 'ava';
import fc from 'fast-check';
import { type MemoryNode, memoryGuest } from '../../../../src/guest/memory/memory-guest.js';
import { pacman } from '../../../../src/inspect/packages/pacman/index.js';
import { inspectPacman } from '../../../../src/inspect/packages/pacman/inspect.js';
import { isKernelPackage } from '../../../../src/inspect/packages/pacman/kernel.js';
import { parseMtree } from '../../../../src/inspect/packages/pacman/mtree.js';
import { parsePacmanRelation } from '../../../../src/inspect/packages/pacman/relations.js';

const LOCAL = '/var/lib/pacman/local';
const SAMPLE = new URL('../../../../../shared/guests/pacman/syft/var/lib/pacman/local/', import.meta.url).pathname;
const hasSample = existsSync(SAMPLE);
const hasPacman = existsSync('/usr/bin/pacman');
/** Entries that are whole; the others of the sample are broken on purpose. */
const WHOLE = ['emacs-29.3-3', 'gmp-6.2.1-2', 'madeup-20.30-4', 'pacman-6.0.1-5', 'tree-sitter-0.22.6-1'];

const inspect = (nodes: Record<string, MemoryNode>, archiveIndexes = true) =>
  inspectPacman(memoryGuest(nodes), { archiveIndexes });

const desc = (fields: Record<string, string>) =>
  Object.entries(fields)
    .map(([name, value]) => `%${name}%\n${value}\n\n`)
    .join('');

const APP = {
  [`${LOCAL}/ALPM_DB_VERSION`]: '9\n',
  [`${LOCAL}/app-1:2.0-3/desc`]: desc({
    NAME: 'app',
    VERSION: '1:2.0-3',
    BASE: 'app-suite',
    ARCH: 'x86_64',
    INSTALLDATE: '1700000000',
    PACKAGER: 'Somebody <somebody@archlinux.org>',
    REASON: '1',
    VALIDATION: 'pgp',
    DEPENDS: 'glibc\nlibfoo.so=1-64\npython>=3.11',
    OPTDEPENDS: 'git: for the history',
    CONFLICTS: 'app-git',
    PROVIDES: 'service=2.0',
    REPLACES: 'old-app<1.0',
  }),
  [`${LOCAL}/app-1:2.0-3/files`]:
    '%FILES%\netc/\netc/app.conf\nusr/\nusr/bin/\nusr/bin/app\nusr/bin/app link\n\n%BACKUP%\netc/app.conf\t0123456789abcdef0123456789abcdef\n\n',
  [`${LOCAL}/app-1:2.0-3/mtree`]: gzipSync(
    `#mtree\n/set type=file uid=0 gid=0 mode=644\n./.PKGINFO time=1.0 size=3 sha256digest=${'ab'.repeat(32)}\n./etc time=1700000000.0 mode=755 type=dir\n./usr/bin/app time=1700000000.123 size=12 mode=4755 gid=10 sha256digest=${'cd'.repeat(32)}\n./usr/bin/app\\040link time=1.0 mode=777 type=link link=app\n`,
  ),
};

test('description, files and mtree become one package', async (t) => {
  const { packages, problems, architecture } = await inspect(APP);
  const [app] = packages;
  t.is(app!.version, '1:2.0-3');
  t.deepEqual(app!.source, { name: 'app-suite', version: '1:2.0-3' });
  t.true(app!.auto);
  t.is(app!.installTime, 1700000000);
  t.deepEqual(app!.depends, [
    [{ name: 'glibc' }],
    [{ name: 'libfoo.so', operator: '=', version: '1-64' }],
    [{ name: 'python', operator: '>=', version: '3.11' }],
  ]);
  t.deepEqual(app!.suggests, [[{ name: 'git' }]]);
  t.deepEqual(app!.provides, [{ name: 'service', operator: '=', version: '2.0' }]);
  t.deepEqual(app!.obsoletes, [{ name: 'old-app', operator: '<', version: '1.0' }]);
  t.deepEqual([...app!.files].slice(0, 2), [
    { path: '/etc', configuration: false, type: 'directory', mode: 0o755, user: '#0', group: '#0', mtime: 1700000000 },
    {
      path: '/etc/app.conf',
      configuration: true,
      digest: { algorithm: 'md5', hex: '0123456789abcdef0123456789abcdef' },
    },
  ]);
  t.deepEqual([...app!.files].slice(4), [
    {
      path: '/usr/bin/app',
      configuration: false,
      type: 'file',
      mode: 0o4755,
      user: '#0',
      group: '#10',
      size: 12,
      mtime: 1700000000,
      digest: { algorithm: 'sha256', hex: 'cd'.repeat(32) },
    },
    {
      path: '/usr/bin/app link',
      configuration: false,
      type: 'symlink',
      mode: 0o777,
      user: '#0',
      group: '#0',
      mtime: 1,
      target: 'app',
    },
  ]);
  t.is(app!.origin.kind, 'distribution');
  t.is(architecture, 'x86_64');
  t.deepEqual(problems, []);
});

test('the configuration names repositories over includes, ignored packages and another place', async (t) => {
  const nodes = Object.fromEntries(Object.entries(APP).map(([path, node]) => [path.replace('/var/lib', '/srv'), node]));
  const guest = memoryGuest({
    ...nodes,
    '/etc/pacman.conf':
      '[options]\nDBPath = /srv/pacman/\nIgnorePkg = app other\nArchitecture = auto\n[core]\nInclude = /etc/pacman.d/mirrorlist\n[ours]\nServer = https://packages.example/$arch # comment\n',
    '/etc/pacman.d/mirrorlist': '## mirrors\nServer = https://mirror.example/$repo/os/$arch\n',
  });
  t.deepEqual(pacman.find(guest), ['/etc/pacman.conf']);
  const { packages, archives, configuration } = await inspectPacman(guest, { archiveIndexes: true });
  t.true(packages[0]!.held);
  t.deepEqual(
    archives.map(({ suite, uri, evidence }) => [suite, uri, evidence]),
    [
      ['core', 'https://mirror.example/$repo/os/$arch', { path: '/etc/pacman.d/mirrorlist', line: 2 }],
      ['ours', 'https://packages.example/$arch', { path: '/etc/pacman.conf', line: 8 }],
    ],
  );
  t.deepEqual(configuration, ['/etc/pacman.conf', '/etc/pacman.d/mirrorlist']);
});

test('an include that includes itself ends', async (t) => {
  const { archives } = await inspect({
    ...APP,
    '/etc/pacman.conf': '[core]\nServer = https://one.example/\nInclude = /etc/pacman.conf\n',
  });
  t.true(archives.length >= 1 && archives.length <= 4);
});

/** The header of a folder in a tar archive, as far as it is looked at. */
function tarFolder(name: string): Buffer {
  const block = Buffer.alloc(512);
  block.write(name, 0);
  block.write('00000000000\0', 124);
  block.write('ustar', 257);
  return block;
}

test('indexes of repositories on the disk decide the origin, and which version can still be fetched', async (t) => {
  const index = gzipSync(Buffer.concat([tarFolder('app-1:2.1-1/'), Buffer.alloc(1024)]));
  const nodes = { ...APP, [`${LOCAL}/own-1-1/desc`]: desc({ NAME: 'own', VERSION: '1-1' }) };
  const { packages } = await inspect({ ...nodes, '/var/lib/pacman/sync/extra.db': index });
  t.deepEqual(
    packages.map(({ name, origin, repository }) => [name, origin.kind, origin.available, repository]),
    [
      ['app', 'distribution', false, 'extra'],
      ['own', 'local', false, undefined],
    ],
  );
  const quick = await inspect({ ...nodes, '/var/lib/pacman/sync/extra.db': index }, false);
  t.true(quick.packages.every(({ origin }) => origin.available === null));
});

test('broken records are located problems, and the others are read', async (t) => {
  const { packages, problems } = await inspect({
    ...APP,
    [`${LOCAL}/nameless-1-1/desc`]: '%NME%\nnameless\n\n%VERSION%\n1-1\n',
    [`${LOCAL}/stray-1-1/desc`]: 'stray\n%NAME%\nstray\n\n%VERSION%\n1-1\n',
    [`${LOCAL}/stray-1-1/mtree`]: Buffer.from([0x1f, 0x8b, 1, 2, 3]),
    [`${LOCAL}/empty-1-1`]: { type: 'directory' },
  });
  t.deepEqual(
    packages.map(({ name }) => name),
    ['app', 'stray'],
  );
  t.deepEqual(problems.map(({ path }) => path).sort(), [
    `${LOCAL}/empty-1-1`,
    `${LOCAL}/nameless-1-1/desc`,
    `${LOCAL}/stray-1-1/desc:1`,
    `${LOCAL}/stray-1-1/mtree`,
  ]);
});

test('an mtree that unpacks to more than any package has is refused', async (t) => {
  const bomb = gzipSync(Buffer.alloc(80 * 1024 * 1024, 'x'));
  t.true(bomb.length < 200_000);
  const { packages, problems } = await inspect({ ...APP, [`${LOCAL}/app-1:2.0-3/mtree`]: bomb });
  t.is(packages.length, 1);
  t.is(problems.length, 1);
});

test('any mtree and any relation is read to an end', (t) => {
  const text = fc.string({
    unit: fc.constantFrom('./a', '/set', ' ', 'mode=', '7', 'type=dir', '\n', '\\040', '\\4', 'time=1', 'é'),
  });
  fc.assert(
    fc.property(text, (mtree) => [...parseMtree(Buffer.from(mtree)).keys()].every((path) => path.startsWith('/'))),
    { numRuns: 1000 },
  );
  fc.assert(fc.property(fc.string(), (relation) => parsePacmanRelation(relation)?.name !== ''));
  t.pass();
});

for (const [name, answer] of [
  ['linux', true],
  ['linux-lts', true],
  ['linux-zen-headers', true],
  ['linux66', true],
  ['linux-api-headers', false],
  ['linux-firmware', false],
  ['linux-tools', false],
] as const) {
  test(`${name} ${answer ? 'is' : 'is not'} the kernel`, (t) => {
    t.is(isKernelPackage(name, []), answer);
  });
}

function sampleNodes(): Record<string, MemoryNode> {
  const files = WHOLE.flatMap((folder) => readdirSync(join(SAMPLE, folder)).map((file) => `${folder}/${file}`));
  return Object.fromEntries(files.map((file) => [`${LOCAL}/${file}`, readFileSync(join(SAMPLE, file))]));
}

const oracleTest = (hasSample && hasPacman ? test : test.skip) as typeof test;
const why = !hasSample
  ? ' (skipped: no folder ../shared/guests)'
  : hasPacman
    ? ''
    : ' (skipped: pacman is not installed)';

oracleTest(`packages, reasons and files are those that pacman prints${why}`, async (t) => {
  const root = mkdtempSync(join(tmpdir(), 'pacman-oracle-'));
  t.teardown(() => rmSync(root, { recursive: true }));
  for (const folder of [...WHOLE, 'ALPM_DB_VERSION'])
    cpSync(join(SAMPLE, folder), join(root, LOCAL, folder), { recursive: true });
  execFileSync('chmod', ['-R', 'u+w', root]);
  const ask = (...args: string[]) =>
    execFileSync('pacman', ['--root', root, '--dbpath', join(root, '/var/lib/pacman'), ...args], {
      env: { ...process.env, LC_ALL: 'C' },
      stdio: ['ignore', 'pipe', 'ignore'],
    })
      .toString()
      .trimEnd()
      .split('\n');
  const { packages, problems } = await inspect(sampleNodes());
  t.deepEqual(
    packages.map(({ name, version }) => `${name} ${version}`),
    ask('-Q'),
  );
  t.deepEqual(
    packages.filter(({ auto }) => auto).map(({ name }) => name),
    ask('-Qdq'),
  );
  t.deepEqual(
    packages
      .flatMap(({ name, files }) =>
        [...files].map(({ path, type }) => `${name} ${path}${type === 'directory' ? '/' : ''}`),
      )
      .sort(),
    ask('-Ql')
      .map((line) => line.replace(` ${root}/`, ' /'))
      .sort(),
  );
  t.deepEqual(problems, []);
});
