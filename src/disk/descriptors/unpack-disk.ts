import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import type { Progress } from '../../model/progress.js';
import type { ByteSource } from '../byte-source.js';
import type { ImageOptions } from '../layer.js';
import type { Scratch } from '../scratch.js';
import { unpackTo } from '../unpack.js';
import type { DescribedDisk } from './described-machine.js';

/** What opening a described machine needs beside what opening a disk needs. */
export interface OpeningOptions extends ImageOptions {
  readonly scratch: Scratch;
  readonly progress: Progress;
  /** Name of the machine, for progress. */
  readonly machine: string;
}

/** A sparse image is a little larger than what it describes, at most. */
const OVERHEAD = { factor: 1.1, bytes: 64 * 1024 * 1024 };
/** Deflate packs a thousand to one at most (RFC 1951). */
const MAX_RATIO = 1032;

/** Unpacks one disk into the scratch folder and gives its path. */
export async function unpackDisk(
  source: ByteSource,
  disk: DescribedDisk,
  shown: string,
  options: OpeningOptions,
): Promise<string> {
  const gzip = disk.compression === 'gzip';
  const limit = gzip
    ? Math.min(source.size * MAX_RATIO, (disk.capacity ?? Number.MAX_SAFE_INTEGER) * OVERHEAD.factor + OVERHEAD.bytes)
    : source.size;
  await options.scratch.reserve(gzip ? source.size * 2 : source.size);
  options.progress.step(options.machine, `unpacking ${shown}`);
  const path = join(await mkdtemp(join(await options.scratch.folder(), 'disk-')), 'image');
  await unpackTo(path, source, {
    shown,
    gzip,
    limit: Math.floor(limit),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
  return path;
}

/** A `href` may be written as a URI. */
export function decoded(href: string): string {
  try {
    return decodeURIComponent(href);
  } catch {
    return href;
  }
}
