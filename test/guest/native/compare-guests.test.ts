import test from 'ava';
import type { Guest } from '../../../src/guest/guest.js';
import { memoryGuest } from '../../../src/guest/memory/memory-guest.js';
import { compareGuests } from '../../../src/guest/native/compare-guests.js';
import type { DataRun } from '../../../src/model/guest-fs.js';

const TERABYTE = 2 ** 40;

/** A guest with one file of a terabyte, read in the given runs. */
function hollow(...runs: DataRun[]): Guest {
  const fs = memoryGuest({ '/lastlog': { size: TERABYTE } });
  const stream: typeof fs.stream = (visit) =>
    fs.stream(({ entry, attributes }) => {
      const content = (async function* () {
        yield* runs;
      })();
      return visit(entry.type === 'file' ? { entry, attributes, content } : { entry, attributes });
    });
  const view = Object.assign(Object.create(Object.getPrototypeOf(fs)), { stream });
  for (const name of ['entries', 'lstat'] as const) view[name] = fs[name].bind(fs);
  return { fs: view, filesystems: [], problems: [], reader: 'memory', close: async () => {} };
}

const DATA = Buffer.alloc(8192);
DATA.write('somebody', 5000);

test('how a reader cuts the runs of a huge file makes no difference, nor do zeros that it shows', async (t) => {
  const whole = hollow({ offset: 290_816, data: DATA });
  const cut = [1, 999, 4096, 5003, 8192].map((end, index, ends) => ({
    offset: 290_816 + (ends[index - 1] ?? 0),
    data: DATA.subarray(ends[index - 1] ?? 0, end),
  }));
  t.deepEqual(await compareGuests(whole, hollow(...cut)), []);
  t.deepEqual(await compareGuests(whole, hollow({ offset: 290_816 + 4500, data: DATA.subarray(4500, 5100) })), []);
});

test('a huge file differs by a byte, and by where it is', async (t) => {
  const changed = Buffer.from(DATA);
  changed[5001]! ^= 1;
  const whole = hollow({ offset: 4096, data: DATA });
  for (const other of [hollow({ offset: 4096, data: changed }), hollow({ offset: 8192, data: DATA }), hollow()]) {
    t.deepEqual(
      (await compareGuests(whole, other)).map(({ path, field }) => `${path} ${field}`),
      ['/lastlog content'],
    );
  }
});
