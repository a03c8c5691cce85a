import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { startGuard } from '../../src/tools/guard.js';

interface Guarded {
  readonly folder: string;
  readonly registered: number;
  readonly marked: number;
  readonly released: number;
}

const DEADLINE_MS = 10_000;

const cleansUp = test.macro({
  async exec(t, end: (child: ChildProcess) => void) {
    const helper = fileURLToPath(new URL('./fixtures/guarded.ts', import.meta.url));
    const child = spawn(process.execPath, ['--import=tsx', helper], {
      detached: true,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const guarded = JSON.parse(await firstLine(child)) as Guarded;
    t.true([guarded.registered, guarded.marked, guarded.released].every(isAlive));
    t.true(existsSync(guarded.folder));
    end(child);
    t.true(await within(DEADLINE_MS, () => !isAlive(guarded.registered)), 'the registered process is ended');
    t.true(await within(DEADLINE_MS, () => !isAlive(guarded.marked)), 'and so is what carries the mark');
    t.true(await within(DEADLINE_MS, () => !existsSync(guarded.folder)), 'the folder is removed');
    t.true(isAlive(guarded.released), 'what was released is left alone');
    process.kill(guarded.released);
  },
  title: (how) => `after ${how}, the guard ends what was registered and removes the folders`,
});

test('kill -9 of its parent', cleansUp, (child) => child.kill('SIGKILL'));
// As the terminal does it: the signal goes to the whole process group.
test('Ctrl-C', cleansUp, (child) => process.kill(-child.pid!, 'SIGINT'));

test('closing the guard cleans up what is left, and returns when that is done', async (t) => {
  const guard = startGuard();
  const folder = mkdtempSync(join(tmpdir(), 'guard-test-'));
  const child = spawn('sleep', ['600'], { stdio: 'ignore' });
  guard.registerFolder(folder);
  guard.register(child.pid!);
  await guard.close();
  t.false(existsSync(folder));
  t.true(await within(1000, () => !isAlive(child.pid!)));
  await t.notThrowsAsync(guard.close());
});

test('a process that ignores the polite signal is killed', async (t) => {
  const guard = startGuard();
  const child = spawn('sh', ['-c', 'trap "" TERM; echo ready; while :; do sleep 0.1; done'], {
    stdio: ['ignore', 'pipe', 'ignore'],
    detached: true,
  });
  await firstLine(child);
  guard.register(child.pid!);
  await guard.close();
  t.true(await within(1000, () => !isAlive(child.pid!)));
});

test('a folder that is not an absolute path of one line is refused', async (t) => {
  const guard = startGuard();
  for (const path of ['', '/', 'relative', '/two\nlines'])
    t.throws(() => guard.registerFolder(path), { name: 'AppError' }, path);
  await guard.close();
});

async function firstLine(child: ChildProcess): Promise<string> {
  for await (const part of child.stdout!) return String(part);
  throw new Error('no output');
}

/** Zombies count as gone: their parent has not asked yet. */
function isAlive(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return !stat.slice(stat.lastIndexOf(')') + 2).startsWith('Z');
  } catch {
    return false;
  }
}

async function within(limitMs: number, condition: () => boolean): Promise<boolean> {
  for (const end = Date.now() + limitMs; Date.now() < end; await new Promise((resolve) => setTimeout(resolve, 50))) {
    if (condition()) return true;
  }
  return condition();
}
