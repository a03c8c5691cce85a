import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { type ContentSpool, createContentSpool } from '../../src/guest/content-spool.js';
import { memoryGuest } from '../../src/guest/memory/memory-guest.js';
import type { Entry } from '../../src/model/entry.js';
import type { DataRun } from '../../src/model/guest-fs.js';

async function withSpool(action: (spool: ContentSpool, path: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'spool-'));
  const spool = await createContentSpool(join(folder, 'spool'));
  try {
    await action(spool, join(folder, 'spool'));
  } finally {
    await spool.close();
    await rm(folder, { recursive: true });
  }
}

async function consume(runs: AsyncIterable<DataRun>): Promise<string> {
  let text = '';
  for await (const run of runs) text += `${run.offset}:${run.data.toString()};`;
  return text;
}

const guest = memoryGuest({ '/a': 'first', '/b': 'second', '/c': { linkTo: '/a' } });

test('what was recorded in disk order can be read in any order, by any name of the file', async (t) => {
  await withSpool(async (spool) => {
    await guest.stream(async (item) => {
      const { content } = spool.record(item);
      if (content !== undefined) await consume(content);
    });
    t.is(await consume(spool.read(guest.stat('/b')!)), '0:second;');
    t.is(await consume(spool.read(guest.stat('/a')!)), '0:first;');
    t.is(await consume(spool.read(guest.stat('/c')!)), '0:first;');
  });
});

test('runs keep their offsets, and holes take no room', async (t) => {
  async function* runs(): AsyncGenerator<DataRun> {
    yield { offset: 1000, data: Buffer.from('x') };
    yield { offset: 2 ** 40, data: Buffer.from('y') };
  }
  const entry: Entry = { ...guest.stat('/a')!, size: 2 ** 41 };
  await withSpool(async (spool, path) => {
    await consume(spool.record({ entry, attributes: new Map(), content: runs() }).content!);
    t.is(await consume(spool.read(entry)), `1000:x;${2 ** 40}:y;`);
    t.is((await stat(path)).size, 2);
  });
});

test('adjacent runs are one extent', async (t) => {
  async function* runs(): AsyncGenerator<DataRun> {
    yield { offset: 0, data: Buffer.from('ab') };
    yield { offset: 2, data: Buffer.from('c') };
    yield { offset: 10, data: Buffer.from('d') };
  }
  const entry: Entry = { ...guest.stat('/a')!, size: 11 };
  await withSpool(async (spool) => {
    await consume(spool.record({ entry, attributes: new Map(), content: runs() }).content!);
    t.deepEqual(spool.extents(entry), [
      { offset: 0, length: 3 },
      { offset: 10, length: 1 },
    ]);
  });
});

test('a discarded file gives its room to the next one and can no longer be read', async (t) => {
  await withSpool(async (spool, path) => {
    await guest.stream(async (item) => {
      const { content } = spool.record(item);
      if (content !== undefined) await consume(content);
      if (item.entry.path === '/a') await spool.discard(item.entry);
    });
    t.is((await stat(path)).size, 'second'.length);
    await t.throwsAsync(consume(spool.read(guest.stat('/a')!)), { message: /not recorded/ });
  });
});
