import { AppError } from '../../errors.js';
import type { Appliance, CallOptions } from '../../tools/guestfish.js';
import { PIPE_FILE } from './scripts.js';

/** How a command ended that wrote into the pipe. */
export interface PipeEnd {
  readonly status: number;
  /** The end of what it complained of, a line each. */
  readonly errors: readonly string[];
}

/**
 * Runs a script of `scripts.ts` in the appliance, outside of the guest's tree. `debug` is internal to libguestfs, yet in
 * every release since 1.0, and all that reads a tree at once needs it: there is no second way here, and a build without
 * it is named (`guestfish-error.ts`); the native reader does without. guestfish takes the argument for a list of
 * words, in which only single quotes keep a word together.
 */
export async function runShell(appliance: Appliance, script: string, options?: CallOptions): Promise<Buffer> {
  if (script.includes("'")) throw new Error(`a script with a single quote: ${script}`);
  return await appliance.call('debug', ['sh', `'${script}'`], options);
}

/**
 * Runs a script of `scripts.ts` that writes into the pipe, and gives its output as it comes; the last bytes are the
 * trailer that {@link parseTrailer} reads. An answer of `debug` is at most 4 MiB long and comes at its end; this is neither.
 */
export async function* throughPipe(appliance: Appliance, script: string): AsyncGenerator<Buffer> {
  await runShell(appliance, script);
  yield* appliance.stream('download-offset', [PIPE_FILE, '-', '0', String(2n ** 63n - 1n)]);
}

/** @throws AppError `guest-read-failed` when the output was cut. */
export function parseTrailer(bytes: Buffer): PipeEnd {
  const start = bytes.indexOf('STATUS');
  const match = start === -1 ? null : /^STATUS(\d{10})/.exec(bytes.toString('latin1', start, start + 16));
  if (match === null) {
    throw new AppError('guest-read-failed', 'The appliance stopped in the middle of its answer', {
      todo: 'Try again; if it happens again, the disk makes the appliance fail.',
    });
  }
  const words = bytes.toString('utf8', start + 16).split('\n');
  return { status: Number(match[1]), errors: words.filter((line) => line !== '') };
}
