import type { ChildProcess } from 'node:child_process';
import type { Readable } from 'node:stream';
import { AppError } from '../../errors.js';
import { missingProgram } from '../run.js';
import { callTimeout } from './failures.js';

/** A process of guestfish that ends by itself: what it prints, and how it ends. */

/** What guestfish must not take from the user's environment: tracing and debugging would fill its error output. */
export function plainEnvironment(): NodeJS.ProcessEnv {
  const { LIBGUESTFS_DEBUG: _, LIBGUESTFS_TRACE: __, GUESTFISH_PS1: ___, ...rest } = process.env;
  return { ...rest, LC_ALL: 'C.UTF-8', TZ: 'UTC' };
}

export async function finish(
  child: ChildProcess,
  command: string,
  timeoutMs: number,
  maxBytes: number,
): Promise<{ code: number | null; stdout: Buffer }> {
  const parts: Buffer[] = [];
  let size = 0;
  let failure: AppError | undefined;
  const stop = (error: AppError): void => {
    failure ??= error;
    child.kill('SIGKILL');
    child.stdout?.destroy();
  };
  const timer = setTimeout(() => stop(callTimeout(command, timeoutMs)), timeoutMs);
  child.stdout?.on('data', (part: Buffer) => {
    size += part.length;
    if (size > maxBytes) {
      stop(
        new AppError('guest-file-too-large', `${command} gave more than ${maxBytes} bytes`, {
          todo: 'The file is larger than any file of its kind should be; look at it by hand.',
        }),
      );
    } else parts.push(part);
  });
  try {
    const [code] = await Promise.all([exitCode(child), outputEnd(child)]);
    if (failure !== undefined) throw failure;
    return { code, stdout: Buffer.concat(parts) };
  } catch (error) {
    throw failure ?? error;
  } finally {
    clearTimeout(timer);
  }
}

export function exitCode(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve, reject) => {
    child.once('exit', (code) => resolve(code));
    child.once('error', (error: NodeJS.ErrnoException) =>
      reject(error.code === 'ENOENT' ? missingProgram('guestfish') : error),
    );
  });
}

function outputEnd(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (child.stdout === null) resolve();
    else child.stdout.once('close', () => resolve());
  });
}

export async function* withIdleLimit(output: Readable, command: string, idleTimeoutMs: number): AsyncGenerator<Buffer> {
  const parts = output[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  for (;;) {
    const timer = setTimeout(() => output.destroy(callTimeout(command, idleTimeoutMs)), idleTimeoutMs);
    try {
      const { done, value } = await parts.next();
      if (done === true) return;
      yield value;
    } finally {
      clearTimeout(timer);
    }
  }
}
