import { gzipSync } from 'node:zlib';
import test from 'ava';
import { type MemoryNode, memoryGuest } from '../../../../../src/guest/memory/memory-guest.js';
import { inspectDpkg } from '../../../../../src/inspect/packages/dpkg/inspect.js';
import type { PackageDatabase, PackageOrigin } from '../../../../../src/model/packages.js';

const release = (origin: string, date: string): string =>
  `-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\nOrigin: ${origin}\nLabel: ${origin}\nSuite: stable\nCodename: bookworm\nDate: ${date}\nMD5Sum:\n 00 1 main/x\nSHA256:\n 00 1 main/x\n-----BEGIN PGP SIGNATURE-----\n\nx\n-----END PGP SIGNATURE-----\n`;

const index = (...items: [name: string, version: string, source?: string][]): string =>
  items
    .map(([name, version, source]) => {
      const from = source === undefined ? '' : `Source: ${source}\n`;
      return `Package: ${name}\n${from}Version: ${version}\nInstalled-Size: 1\nArchitecture: amd64\nDescription: x\n\n`;
    })
    .join('');

const DEBIAN = '/var/lib/apt/lists/mirror.example_debian_dists_bookworm';
const OTHER = '/var/lib/apt/lists/download.example.com_linux_dists_stable';

const lists: Record<string, MemoryNode> = {
  [`${DEBIAN}_InRelease`]: release('Debian', 'Sat, 10 Feb 2024 09:58:37 UTC'),
  [`${DEBIAN}_main_binary-amd64_Packages`]: index(['bash', '5.2'], ['libssl3', '3.0.13', 'openssl (3.0.13+x)']),
  [`${OTHER}_InRelease`]: release('Example', 'Mon, 1 Jan 2024 00:00:00 UTC'),
  [`${OTHER}_main_binary-amd64_Packages.gz`]: gzipSync(index(['tool', '1.0'])),
};

async function read(name: string, more: string, files: Record<string, MemoryNode>): Promise<PackageDatabase> {
  const status = `Package: ${name}\nStatus: install ok installed\nArchitecture: amd64\n${more}\n`;
  return inspectDpkg(memoryGuest({ '/var/lib/dpkg/status': status, ...files }), { archiveIndexes: true });
}

const comesFrom = test.macro({
  exec: async (t, name: string, more: string, files: Record<string, MemoryNode>, expected: Partial<PackageOrigin>) => {
    t.like((await read(name, more, files)).packages[0]!.origin, expected);
  },
  title: (given) => `${given}`,
});

test('the very version in the archive of a distribution is certain', comesFrom, 'bash', 'Version: 5.2\n', lists, {
  kind: 'distribution',
  available: true,
  vendor: 'Debian',
  confidence: 'certain',
});
test(
  'another version of it was superseded, and is still the distribution’s',
  comesFrom,
  'bash',
  'Version: 5.1\n',
  lists,
  {
    kind: 'distribution',
    available: false,
    vendor: 'Debian',
    confidence: 'likely',
  },
);
test('an index in gzip of somebody else makes a third party', comesFrom, 'tool', 'Version: 1.0\n', lists, {
  kind: 'third-party',
  available: true,
  vendor: 'Example',
});
test(
  'a package gone from the indexes belongs to its source',
  comesFrom,
  'libssl1.1',
  'Source: openssl\nVersion: 1.1\n',
  lists,
  {
    kind: 'distribution',
    available: false,
    confidence: 'likely',
  },
);
test(
  'a package of a known maintainer that no index lists is the distribution’s',
  comesFrom,
  'old',
  'Version: 1\nMaintainer: A <a@lists.debian.org>\n',
  lists,
  {
    kind: 'distribution',
    available: false,
    confidence: 'guess',
  },
);
test(
  'a package of nobody known that no index lists is local',
  comesFrom,
  'mine',
  'Version: 1\nMaintainer: me <me@box>\n',
  lists,
  {
    kind: 'local',
    available: false,
  },
);
test(
  'without indexes nobody knows what is available',
  comesFrom,
  'mine',
  'Version: 1\nMaintainer: me <me@box>\n',
  {},
  {
    kind: 'unknown',
    available: null,
  },
);
test(
  'without indexes the mark of a distribution in the version counts',
  comesFrom,
  'x',
  'Version: 1.0-1ubuntu2\n',
  {},
  {
    kind: 'distribution',
    available: null,
    confidence: 'guess',
  },
);

const HISTORY = 'Start-Date: 2024-01-01  10:00:00\nCommandline: apt install -y ./mine_1.0_amd64.deb vim\n\n';
const MINE = 'Version: 1\nMaintainer: A <a@debian.org>\n';

test(
  'a package that apt’s history saw come from a file is local, whoever maintains it',
  comesFrom,
  'mine',
  MINE,
  { '/var/log/apt/history.log': HISTORY },
  {
    kind: 'local',
    confidence: 'likely',
    reason: 'no index of its archives is on the disk; installed from a file, says /var/log/apt/history.log:2',
  },
);
test(
  'the history of earlier months is compressed',
  comesFrom,
  'mine',
  MINE,
  { '/var/log/apt/history.log.2.gz': gzipSync(HISTORY) },
  { kind: 'local' },
);
test(
  'a package named beside a file is not from one',
  comesFrom,
  'vim',
  MINE,
  { '/var/log/apt/history.log': HISTORY },
  { kind: 'distribution' },
);
test(
  'a package that an index lists is the archive’s, also when it once came from a file',
  comesFrom,
  'bash',
  'Version: 5.2\n',
  { ...lists, '/var/log/apt/history.log': HISTORY.replace('mine', 'bash') },
  { kind: 'distribution' },
);

test('a damaged history is a problem', async (t) => {
  const database = await read('mine', MINE, { '/var/log/apt/history.log.1.gz': 'no gzip' });
  t.true(database.problems.some(({ code }) => code === 'apt-history-unreadable'));
  t.is(database.packages[0]!.origin.kind, 'distribution');
});

test('an index in xz is a problem, and what it might list stays open', async (t) => {
  const database = await read('mine', 'Version: 1\n', {
    ...lists,
    [`${DEBIAN}_contrib_binary-amd64_Packages.xz`]: 'x',
  });
  t.like(database.problems.at(-2) ?? database.problems.at(-1), { code: 'apt-index-unreadable' });
  t.is(database.packages[0]!.origin.available, null);
});

test('a damaged index is a problem, and the others are used', async (t) => {
  const database = await read('tool', 'Version: 1.0\n', {
    ...lists,
    [`${DEBIAN}_main_binary-amd64_Packages.lz4`]: 'x!',
  });
  t.true(database.problems.some(({ code, path }) => code === 'apt-index-unreadable' && path.endsWith('.lz4')));
  t.is(database.packages[0]!.origin.available, true);
});

test('the date of the archives is that of the newest release file, in ISO 8601', async (t) => {
  t.is((await read('bash', 'Version: 5.2\n', lists)).archiveDate, '2024-02-10T09:58:37Z');
});

test('a date that nobody can read is none', async (t) => {
  const files = { [`${DEBIAN}_InRelease`]: release('Debian', 'yesterday') };
  t.is((await read('bash', 'Version: 5.2\n', files)).archiveDate, null);
});

test('the indexes are left alone where they are not asked for', async (t) => {
  const guest = memoryGuest({ '/var/lib/dpkg/status': '', ...lists });
  await inspectDpkg(guest, { archiveIndexes: false });
  t.false(guest.reads.some((path) => path.includes('_Packages')));
  t.true(guest.reads.some((path) => path.endsWith('_InRelease')));
});

test('an index belongs to the archive with the longest name that it begins with', async (t) => {
  const short = '/var/lib/apt/lists/security.debian.org_dists_jessie';
  const { packages } = await read('bash', 'Version: 4.3\n', {
    [`${short}_InRelease`]: release('Wrong', 'Sat, 10 Feb 2018 09:58:37 UTC'),
    [`${short}_updates_InRelease`]: release('Debian', 'Sat, 10 Feb 2018 09:58:37 UTC'),
    [`${short}_updates_main_binary-amd64_Packages`]: index(['bash', '4.3']),
  });
  t.like(packages[0]!.origin, { vendor: 'Debian', available: true });
});

test('an index without any release file is of an archive without a name', async (t) => {
  const { packages } = await read('bash', 'Version: 4.3\n', {
    '/var/lib/apt/lists/_srv_repo_._Packages': index(['bash', '4.3']),
  });
  t.like(packages[0]!.origin, { kind: 'third-party', vendor: null, available: true, confidence: 'guess' });
});
