import { spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import { AppError } from '../errors.js';
import { lastLines, missingProgram } from './run.js';

/**
 * Unpacks zstd frames, one after the other, as zstd(1) does: Node 20 has no zstd of its own, and a decoder in memory
 * would hold whole layers.
 * @throws AppError `program-missing`, `input-corrupt`.
 */
export async function* unpackZstd(packed: Readable): AsyncGenerator<Buffer> {
  // Without the limit of windows, frames of --long are refused; with it the program may take 128 MiB at most.
  const child = spawn('zstd', ['--decompress', '--stdout', '--quiet', '--memory=128MB'], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { PATH: process.env.PATH ?? '/usr/bin:/bin', LC_ALL: 'C' },
  });
  let words = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    words = (words + text).slice(-4000);
  });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('close', resolve);
    child.once('error', (error: NodeJS.ErrnoException) =>
      reject(error.code === 'ENOENT' ? missingProgram('zstd') : error),
    );
  });
  ended.catch(() => {});
  child.stdin.on('error', () => {});
  packed.on('error', () => child.kill('SIGKILL'));
  packed.pipe(child.stdin);
  try {
    for await (const part of child.stdout) yield part as Buffer;
    if ((await ended) === 0 && packed.errored === null) return;
    throw new AppError('input-corrupt', 'zstd could not unpack a layer', {
      todo: 'Save the image again.',
      detail: packed.errored?.message ?? lastLines(words),
    });
  } finally {
    packed.destroy();
    child.kill('SIGKILL');
  }
}
