import { readFileSync } from 'node:fs';
import test from 'ava';
import fc from 'fast-check';
import { memoryGuest } from '../../../../src/guest/memory/memory-guest.js';
import { inspectRpm } from '../../../../src/inspect/packages/rpm/inspect.js';
import type { PackageDatabase } from '../../../../src/model/packages.js';
import { berkeleyHash } from './builders/berkeley-hash.js';
import { headerBlob, packageHeader } from './builders/header.js';
import { ndb } from './builders/ndb.js';

const fixture = (name: string): Buffer => readFileSync(new URL(`fixtures/${name}`, import.meta.url));

/** Twelve packages, some inline, some on overflow pages. */
const HEADERS = Array.from({ length: 12 }, (_, index) =>
  packageHeader({
    name: `package-${index}`,
    requires: ['(a or (b and c))', ['libc.so.6', '>=', '2.0']],
    provides: [[`package-${index}`, '=', '1.0-1']],
    files: Array.from({ length: 1 + 25 * (index % 4) }, (__, file) => `/usr/share/package-${index}/file-${file}`),
    transaction: 1000 * (index % 3),
  }),
);

const FORMS = {
  Packages: berkeleyHash(HEADERS),
  'Packages.db': ndb(HEADERS),
  'rpmdb.sqlite': fixture('two-packages.sqlite'),
} as const;

/** Generous, for a machine that does other things: what is guarded against is minutes and gigabytes. */
const LIMIT_MS = 1000;

async function inspect(name: string, content: Buffer, log?: Buffer): Promise<PackageDatabase> {
  const path = `/var/lib/rpm/${name}`;
  return inspectRpm(memoryGuest({ [path]: content, ...(log === undefined ? {} : { [`${path}-wal`]: log }) }));
}

async function cpuMilliseconds(work: () => Promise<unknown>): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const used = process.cpuUsage(before);
  return (used.user + used.system) / 1000;
}

function pathCharacters(database: PackageDatabase): number {
  return database.packages.reduce(
    (sum, { files }) => sum + [...files].reduce((more, { path }) => more + path.length, 0),
    0,
  );
}

for (const [name, whole] of Object.entries(FORMS)) {
  test.serial(`${name}: cut at any of 200 points it gives fewer packages and a problem, never more`, async (t) => {
    const all = (await inspect(name, whole)).packages.map((item) => item.name);
    for (let cut = 0; cut < 200; cut += 1) {
      const content = whole.subarray(0, Math.floor((whole.length * cut) / 200));
      const { packages, problems } = await inspect(name, content);
      t.true(packages.every((item) => all.includes(item.name)));
      t.true(packages.length <= all.length);
      if (packages.length < all.length) t.true(problems.length > 0, `cut at ${content.length}`);
    }
  });

  test.serial(`${name}: whatever bytes are changed, reading ends, and soon`, async (t) => {
    const edits = fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { minLength: 1, maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(edits, async (changes) => {
        const content = Buffer.from(whole);
        for (const [at, value] of changes) content[at] = value;
        const spent = await cpuMilliseconds(async () => {
          const database = await inspect(name, content);
          for (const { reason, path } of database.problems)
            if (reason === '' || path === '') throw new Error('no place');
        });
        return spent < LIMIT_MS;
      }),
      { numRuns: 300 },
    );
    t.pass();
  });

  test.serial(`${name}: 64 KiB of any bytes behind its magic end in a second`, async (t) => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 65536, maxLength: 65536 }), async (bytes) => {
        const content = Buffer.from(bytes);
        whole.copy(content, 0, 0, 100);
        return (await cpuMilliseconds(() => inspect(name, content))) < LIMIT_MS;
      }),
      { numRuns: 15 },
    );
    t.pass();
  });
}

test('whatever bytes are changed in a log, reading ends and keeps what is in the database', async (t) => {
  const main = fixture('log-of-three.sqlite');
  const log = fixture('log-of-three.sqlite-wal');
  await fc.assert(
    fc.asyncProperty(fc.nat(log.length - 1), fc.nat(255), async (at, value) => {
      const changed = Buffer.from(log);
      changed[at] = value;
      const { packages } = await inspect('rpmdb.sqlite', main, changed);
      return packages.length >= 1 && packages.length <= 3;
    }),
    { numRuns: 300 },
  );
  t.pass();
});

test('random bytes of any length are no database, and a problem says so', async (t) => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ minLength: 0, maxLength: 4096 }), async (bytes) => {
      const { packages, problems } = await inspect('Packages', Buffer.from(bytes));
      return packages.length === 0 && problems.some(({ code }) => code === 'rpm-unreadable-database');
    }),
    { numRuns: 100 },
  );
  t.pass();
});

test('overflow pages that point in a circle end', async (t) => {
  const content = Buffer.from(berkeleyHash([packageHeader({ name: 'circle', files: manyFiles() })]));
  const overflow = [...pagesOfType(content, 7)];
  t.true(overflow.length > 2);
  content.writeUInt32LE(overflow[0]!, overflow[1]! * 4096 + 16);
  const { packages, problems } = await inspect('Packages', content);
  t.deepEqual(packages, []);
  t.regex(problems[0]!.reason, /used already/);
});

test('pages of a b-tree that point at each other end', async (t) => {
  const content = Buffer.from(fixture('two-packages.sqlite'));
  // The root of the table of packages becomes an interior page that has itself for its only child.
  const root = 2;
  const page = content.subarray((root - 1) * 512, root * 512);
  page.fill(0);
  page[0] = 5;
  page.writeUInt32BE(root, 8);
  const { packages, problems } = await inspect('rpmdb.sqlite', content);
  t.deepEqual(packages, []);
  t.true(problems.some(({ reason }) => /used twice/.test(reason)));
});

test('a page of SQLite whose cells are one and the same does not multiply it', async (t) => {
  const content = Buffer.from(fixture('two-packages.sqlite'));
  const page = content.subarray(512, 1024);
  const count = page.readUInt16BE(3);
  t.is(page[0], 13);
  // As many pointers as there is room for before the first cell.
  const first = Math.min(...Array.from({ length: count }, (_, index) => page.readUInt16BE(8 + 2 * index)));
  const cell = page.readUInt16BE(8);
  const pointers = Math.floor((first - 8) / 2);
  page.writeUInt16BE(pointers, 3);
  for (let index = 0; index < pointers; index += 1) page.writeUInt16BE(cell, 8 + 2 * index);
  const { packages, problems } = await inspect('rpmdb.sqlite', content);
  t.true(pointers > 10);
  t.true(packages.length < 10);
  t.true(problems.some(({ reason }) => /overlap/.test(reason)));
});

test('a page of Berkeley DB whose items overlap does not multiply them', async (t) => {
  const content = Buffer.from(berkeleyHash([packageHeader({ name: 'inline', vendor: 'x'.repeat(600) })]));
  const page = content.subarray(4096, 8192);
  const [key, value] = [page.readUInt16LE(26), page.readUInt16LE(28)];
  const pairs = 150;
  page.writeUInt16LE(4 * pairs, 20);
  for (let pair = 0; pair < pairs; pair += 1) {
    // A pair that is nonsense, whose only use is to set the end of the next key.
    page.writeUInt16LE(key, 26 + 8 * pair);
    page.writeUInt16LE(value, 28 + 8 * pair);
    page.writeUInt16LE(4000, 30 + 8 * pair);
    page.writeUInt16LE(4096, 32 + 8 * pair);
  }
  const { packages, problems } = await inspect('Packages', content);
  t.true(packages.length >= 1 && packages.length < 10);
  t.true(problems.some(({ reason }) => /overlap/.test(reason)));
});

test('slots of NDB that share one blob do not multiply it', async (t) => {
  const content = Buffer.from(ndb([packageHeader({ name: 'shared', files: manyFiles() })]));
  for (let slot = 1; slot < 254; slot += 1) {
    content.copy(content, 32 + slot * 16, 32, 48);
    content.writeUInt32LE(slot + 1, 32 + slot * 16 + 4);
  }
  const { packages, problems } = await inspect('Packages.db', content);
  t.is(packages.length, 1);
  t.true(problems.length > 0 && problems.length <= 51);
});

test('one long folder for many files does not fill the memory', async (t) => {
  const names = Array.from({ length: 20_000 }, () => 'x');
  const header = headerBlob([
    [1000, 'bomb'],
    [1001, '1'],
    [1002, '1'],
    [1117, names],
    [1116, { int32: names.map(() => 0) }],
    [1118, [`/${'d'.repeat(4000)}/`]],
  ]);
  const database = await inspect('Packages.db', ndb([header]));
  t.true(pathCharacters(database) <= 16 * header.length);
  t.regex(database.problems[0]!.reason, /too long/);
});

test('a rich dependency that multiplies out to too much is a problem', async (t) => {
  const pairs = Array.from({ length: 12 }, (_, index) => `(a${index} and b${index})`).join(' or ');
  const { packages, problems } = await inspect(
    'Packages.db',
    ndb([packageHeader({ name: 'wide', requires: [`(${pairs})`] })]),
  );
  t.deepEqual(packages[0]!.depends, []);
  t.is(packages[0]!.rich?.length, 1);
  t.deepEqual(
    problems.map(({ code }) => code),
    ['rpm-rich-dependency'],
  );
});

test('a dependency of thousands of parentheses is refused without recursion to match', async (t) => {
  const deep = `${'('.repeat(8000)}a${')'.repeat(8000)}`;
  const { problems } = await inspect('Packages.db', ndb([packageHeader({ name: 'deep', requires: [deep] })]));
  t.is(problems[0]!.code, 'rpm-rich-dependency');
});

test('names that no package may have are refused: they would go into commands', async (t) => {
  const names = ['; rm -rf /', '$(id)', '--force', '', 'a b', 'x'.repeat(300), '__proto__'];
  const { packages } = await inspect('Packages.db', ndb(names.map((name) => packageHeader({ name }))));
  t.deepEqual(
    packages.map(({ name }) => name),
    ['__proto__'],
  );
});

function manyFiles(): string[] {
  return Array.from({ length: 1200 }, (_, index) => `/usr/share/many/file-${index}`);
}

function* pagesOfType(content: Buffer, type: number): Generator<number> {
  for (let page = 1; page * 4096 < content.length; page += 1) if (content[page * 4096 + 25] === type) yield page;
}
