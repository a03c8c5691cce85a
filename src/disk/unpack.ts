import { createWriteStream } from 'node:fs';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { AppError } from '../errors.js';
import type { ByteSource } from './byte-source.js';
import { corrupt, truncated } from './failures.js';

const PIECE = 1024 * 1024;

/** The bytes of a source as a stream. */
export function streamOf(source: ByteSource): Readable {
  return Readable.from(
    (async function* pieces() {
      for (let offset = 0; offset < source.size; offset += PIECE) yield await source.read(offset, PIECE);
    })(),
    { objectMode: false },
  );
}

/** Copies a source into a new file, unpacked from gzip when asked; at most `limit` bytes are written. */
export async function unpackTo(
  path: string,
  source: ByteSource,
  options: { shown: string; gzip: boolean; limit: number; signal?: AbortSignal },
): Promise<void> {
  const { shown, limit } = options;
  let written = 0;
  const bounded = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      written += chunk.length;
      done(
        written > limit
          ? corrupt(shown, `it unpacks to more than the ${limit} bytes that its descriptor allows`)
          : null,
        chunk,
      );
    },
  });
  const target = createWriteStream(path, { flags: 'wx', mode: 0o600 });
  const abort = options.signal === undefined ? {} : { signal: options.signal };
  try {
    if (options.gzip) await pipeline(streamOf(source), createGunzip(), bounded, target, abort);
    else await pipeline(streamOf(source), bounded, target, abort);
  } catch (cause) {
    throw unpackFailure(cause, shown, path);
  }
}

export function unpackFailure(cause: unknown, shown: string, path?: string): unknown {
  const code = (cause as NodeJS.ErrnoException).code ?? '';
  if (code === 'Z_BUF_ERROR') return truncated(shown, 'its compressed data ends too early');
  if (code.startsWith('Z_')) return corrupt(shown, 'its compressed data cannot be unpacked');
  if (code === 'ENOSPC') {
    return new AppError('disk-space', `There is no room to unpack ${shown}`, {
      where: { disk: shown, ...(path === undefined ? {} : { path }) },
      todo: 'Make room, or set TMPDIR to a folder on a larger file system.',
      cause,
    });
  }
  return cause;
}
