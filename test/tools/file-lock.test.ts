import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import test from 'ava';
import { lockFiles } from '../../src/tools/file-lock.js';
import { inScratch } from '../commands/cli.js';

const NEVER = new AbortController().signal;
const MODULE = new URL('../../src/tools/file-lock.ts', import.meta.url).pathname;

function isFree(path: string): boolean {
  try {
    execFileSync('flock', ['--exclusive', '--nonblock', path, 'true'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

test('every file of a lock is held until it is released, and whoever comes next is told that it waits', async (t) => {
  await inScratch(async (scratch) => {
    const [a, b] = [join(scratch, 'a'), join(scratch, 'b')];
    const first = await lockFiles([a, b], { signal: NEVER, onWait: () => {} });
    t.false(isFree(a));
    t.false(isFree(b));
    const events: string[] = [];
    let tellWait = (): void => {};
    const waits = new Promise<void>((resolve) => {
      tellWait = resolve;
    });
    const second = lockFiles([b], { signal: NEVER, onWait: () => tellWait() }).then((lock) => {
      events.push('second has it');
      return lock;
    });
    await waits;
    t.deepEqual(events, []);
    await first.release();
    await first.release();
    await (await second).release();
    t.true(isFree(a) && isFree(b));
  });
});

test('a wait that is stopped leaves nothing locked and no process', async (t) => {
  await inScratch(async (scratch) => {
    const path = join(scratch, 'a');
    const first = await lockFiles([path], { signal: NEVER, onWait: () => {} });
    const stop = new AbortController();
    const second = lockFiles([join(scratch, 'other'), path], { signal: stop.signal, onWait: () => stop.abort() });
    await t.throwsAsync(second, { name: 'AppError', code: 'interrupted' });
    t.true(isFree(join(scratch, 'other')));
    await first.release();
    t.true(isFree(path));
  });
});

test('the lock of a process that is killed is free a little later', async (t) => {
  await inScratch(async (scratch) => {
    const path = join(scratch, 'a');
    const script = `import { lockFiles } from ${JSON.stringify(MODULE)};
      await lockFiles([${JSON.stringify(path)}], { signal: new AbortController().signal, onWait: () => {} });
      console.log('held');`;
    const child = spawn(process.execPath, ['--import=tsx', '--input-type=module', '--eval', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(child.stdout, 'data');
    t.false(isFree(path));
    child.kill('SIGKILL');
    await once(child, 'close');
    const lock = await lockFiles([path], { signal: NEVER, onWait: () => {} });
    t.false(isFree(path), 'it is ours now');
    await lock.release();
  });
});
