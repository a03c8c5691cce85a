import { setImmediate } from 'node:timers/promises';
import test from 'ava';
import { defaultJobs, mapBounded } from '../../src/pipeline/bounded.js';

test('results come in the order of the items, however long each takes', async (t) => {
  const results = await mapBounded([3, 1, 2], 3, async (item) => {
    for (let turn = 0; turn < item; turn += 1) await setImmediate();
    return item * 10;
  });
  t.deepEqual(results, [30, 10, 20]);
});

test('no more actions run at a time than allowed, and all that are allowed do', async (t) => {
  let running = 0;
  let most = 0;
  await mapBounded(Array.from({ length: 10 }), 3, async () => {
    running += 1;
    most = Math.max(most, running);
    await setImmediate();
    running -= 1;
  });
  t.is(most, 3);
});

test('after a failure nothing begins, and what runs has ended before it is thrown', async (t) => {
  const begun: number[] = [];
  const ended: number[] = [];
  await t.throwsAsync(
    mapBounded([0, 1, 2, 3], 2, async (item) => {
      begun.push(item);
      if (item === 0) throw new Error('first');
      await setImmediate();
      await setImmediate();
      ended.push(item);
    }),
    { message: 'first' },
  );
  t.deepEqual(begun, [0, 1]);
  t.deepEqual(ended, [1]);
});

test('nothing to do is done at once, and there is always one job', async (t) => {
  t.deepEqual(await mapBounded([], 4, async () => 1), []);
  t.true(defaultJobs() >= 1);
});
