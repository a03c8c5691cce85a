import { setImmediate } from 'node:timers/promises';
import type { Worker } from 'node:worker_threads';
import test from 'ava';
import { startReaderAhead, startReaderThread } from '../../../src/guest/native/reader-thread.js';
import { openImages } from './images.js';

const workers: Worker[] = [];
process.on('worker', (worker) => workers.push(worker));

test.beforeEach(() => {
  workers.length = 0;
});

const nowhere = { code: 'native-declined', message: /nowhere/ };

test.serial('a reader that was started ahead serves the next machine, and another one that after it', async (t) => {
  startReaderAhead();
  startReaderAhead();
  await setImmediate();
  t.is(workers.length, 1);
  await t.throwsAsync(openImages(['/nowhere']), nowhere);
  t.is(workers.length, 1);
  await t.throwsAsync(openImages(['/nowhere']), nowhere);
  t.is(workers.length, 2);
});

test.serial('a reader that ended before it was needed is replaced', async (t) => {
  startReaderAhead();
  await setImmediate();
  await workers[0]!.terminate();
  await t.throwsAsync(openImages(['/nowhere']), nowhere);
  t.is(workers.length, 2);
});

test.serial('a reader with a heap of its own is not the one that was started ahead', async (t) => {
  startReaderAhead();
  const thread = startReaderThread(async () => {}, { heapMegabytes: 64 });
  await setImmediate();
  t.is(workers.length, 2);
  await thread.close();
  await t.throwsAsync(openImages(['/nowhere']), nowhere);
  t.is(workers.length, 2);
});
