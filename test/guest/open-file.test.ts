import { mkdtemp, open, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import fc from 'fast-check';
import { memoryGuest } from '../../src/guest/memory/memory-guest.js';
import { openFile } from '../../src/guest/open-file.js';
import { noise } from '../disk/sample.js';

const SIZE = 700_000;
const content = noise('pages', SIZE);
const guest = memoryGuest({ '/var/db': content, '/db': { target: 'var/db' }, '/empty': '', '/dir/x': 'x' });

for (const inMemoryBytes of [SIZE, 1000]) {
  const place = inMemoryBytes === SIZE ? 'in memory' : 'on the host';
  test(`a file that lies ${place} reads the same anywhere, through links, and up to its end`, async (t) => {
    const file = await openFile(guest, '/db', { maxBytes: SIZE, inMemoryBytes });
    t.teardown(() => file.close());
    t.is(file.size, SIZE);
    const kept = file.read(0, 4096);
    fc.assert(
      fc.property(fc.nat(SIZE + 10), fc.nat(400_000), (offset, length) => {
        const expected = content.subarray(offset, offset + length);
        if (!file.read(offset, length).equals(expected)) throw new Error(`${length} bytes at ${offset}`);
      }),
    );
    t.deepEqual(kept, content.subarray(0, 4096), 'what was read earlier stays as it was');
    await file.close();
    await file.close();
  });
}

test('nothing of a file on the host is left in the temporary folder, not even while it is open', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'open-file-'));
  const before = process.env.TMPDIR;
  process.env.TMPDIR = folder;
  t.teardown(async () => {
    if (before === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = before;
    await rm(folder, { recursive: true });
  });
  const file = await openFile(guest, '/var/db', { maxBytes: SIZE, inMemoryBytes: 0 });
  t.deepEqual(await readdir(folder), []);
  t.deepEqual(file.read(SIZE - 3, 10), content.subarray(SIZE - 3));
  await file.close();
});

test('a file that lies on the host already is read where it is', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'open-file-'));
  t.teardown(() => rm(folder, { recursive: true }));
  await writeFile(join(folder, 'db'), content);
  const unread = {
    ...guest,
    stat: guest.stat.bind(guest),
    readFile: guest.readFile.bind(guest),
    stream: () => t.fail(),
  };
  const at = (name: string) => ({
    maxBytes: SIZE,
    inMemoryBytes: 0,
    openOnHost: () => open(join(folder, name)),
  });
  const file = await openFile(unread as never, '/var/db', at('db'));
  t.deepEqual(file.read(SIZE - 3, 10), content.subarray(SIZE - 3));
  await file.close();
  const error = await t.throwsAsync(openFile(unread as never, '/var/db', at('gone')), { code: 'guest-read-failed' });
  t.regex(error!.message, /\/var\/db cannot be read: ENOENT/);
  const folderInItsPlace = await openFile(unread as never, '/var/db', at('.'));
  t.throws(() => folderInItsPlace.read(0, 10), { code: 'guest-read-failed' });
  await folderInItsPlace.close();
});

test('what is no file, or too large, is refused as for reading at once', async (t) => {
  for (const path of ['/absent', '/dir']) {
    await t.throwsAsync(openFile(guest, path, { maxBytes: SIZE, inMemoryBytes: 0 }), { code: 'guest-file-missing' });
  }
  await t.throwsAsync(openFile(guest, '/db', { maxBytes: SIZE - 1, inMemoryBytes: 0 }), {
    code: 'guest-file-too-large',
  });
  t.is((await openFile(guest, '/empty', { maxBytes: 0, inMemoryBytes: 0 })).size, 0);
});

test('content that does not come is an error with the path', async (t) => {
  const broken = {
    ...guest,
    stat: guest.stat.bind(guest),
    readFile: guest.readFile.bind(guest),
    stream: async () => {},
  };
  const error = await t.throwsAsync(openFile(broken, '/db', { maxBytes: SIZE, inMemoryBytes: 0 }), {
    code: 'guest-read-failed',
  });
  t.regex(error!.message, /^\/var\/db cannot be read/);
});
