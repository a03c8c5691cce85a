import { spawn } from 'node:child_process';
import { AppError } from '../errors.js';
import { missingProgram } from './run.js';

/** Locks on files that no other process gets while we are there. */
export interface FileLock {
  /** Idempotent. */
  release(): Promise<void>;
}

export interface LockOptions {
  readonly signal: AbortSignal;
  /** Called when somebody else has one of them. */
  readonly onWait: () => void;
}

const WAIT_NOTICE_MS = 2000;
/**
 * A line releases. When we are gone without one, our guard may still be ending what we started: it gets the time for
 * that before anybody else begins.
 */
const HOLDER = 'echo held; read -r _ || sleep 3';

/**
 * Waits for exclusive locks (flock(1)) on files, in the order given: whoever takes several takes them in one order. A
 * process of ours holds them and ends with us, however we end.
 * @param paths Made when they are not there; never removed, as a lock on a removed file is none.
 * @throws AppError `program-missing`, `interrupted`, `program-failed`.
 */
export async function lockFiles(paths: readonly string[], { signal, onWait }: LockOptions): Promise<FileLock> {
  signal.throwIfAborted();
  const [program, ...args] = [...paths.flatMap((path) => ['flock', '--exclusive', path]), '/bin/sh', '-c', HOLDER];
  const child = spawn(program!, args, { stdio: ['pipe', 'pipe', 'ignore'], cwd: '/', detached: true });
  child.stdin.on('error', () => {});
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const timer = setTimeout(onWait, WAIT_NOTICE_MS);
  const stop = (): void => {
    // Whichever of the chain waits: they are a group of their own.
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGTERM');
  };
  signal.addEventListener('abort', stop, { once: true });
  try {
    await new Promise<void>((resolve, reject) => {
      child.once('error', () => reject(missingProgram(program!)));
      child.stdout.once('data', () => resolve());
      void ended.then(() => reject(signal.aborted ? interrupted() : failed(paths)));
    });
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', stop);
  }
  return {
    async release() {
      child.stdin.end('\n');
      await ended;
    },
  };
}

function interrupted(): AppError {
  return new AppError('interrupted', 'the wait for another conversion was stopped', { todo: 'Run the command again.' });
}

function failed(paths: readonly string[]): AppError {
  return new AppError('program-failed', 'flock could not lock a file', {
    where: { path: paths[0]! },
    todo: 'See that the folder of the file can be written to.',
  });
}
