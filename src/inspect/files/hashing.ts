import { createHash } from 'node:crypto';
import type { ContentDigest } from '../../model/files.js';
import type { DataRun } from '../../model/guest-fs.js';
import type { Digest } from './ownership.js';

const ZEROS = Buffer.alloc(1024 * 1024);

/** The part of xxhash-wasm that is used here. */
export interface XxhashFactory {
  create64(seed?: bigint): { update(data: Uint8Array): unknown; digest(): bigint };
}

export interface HashedContent {
  readonly digest: ContentDigest;
  /** In hex, by algorithm: SHA-256 and those that were asked for. */
  readonly hex: ReadonlyMap<Digest['algorithm'], string>;
  /** The first bytes, as many as were asked for, in a buffer that the next file overwrites. */
  readonly head: Buffer;
}

/**
 * Hashes contents one after the other: holes count as zeros and cost a gigabyte a second.
 * @param headBytes How much of each file's beginning to keep.
 */
export function contentHasher(
  xxhash: XxhashFactory,
  headBytes: number,
): (
  content: AsyncIterable<DataRun>,
  size: number,
  algorithms: ReadonlySet<Digest['algorithm']>,
) => Promise<HashedContent | null> {
  const head = Buffer.alloc(headBytes);
  return async (content, size, algorithms) => {
    const sha256 = createHash('sha256');
    const xxh64 = xxhash.create64();
    const extra = [...algorithms].filter((name) => name !== 'sha256').map((name) => ({ name, hash: createHash(name) }));
    let position = 0;
    const take = (data: Buffer): void => {
      if (position < headBytes) data.copy(head, position);
      sha256.update(data);
      xxh64.update(data);
      for (const { hash } of extra) hash.update(data);
      position += data.length;
    };
    const fillTo = (end: number): void => {
      while (position < end) take(ZEROS.subarray(0, Math.min(ZEROS.length, end - position)));
    };
    let isWhole = true;
    for await (const { offset, data } of content) {
      // Consumed to its end even when it is wrong: the stream cannot go on otherwise.
      if (!isWhole || offset < position || offset + data.length > size) isWhole = false;
      else {
        fillTo(offset);
        take(data);
      }
    }
    if (!isWhole) return null;
    fillTo(size);
    const hex = new Map<Digest['algorithm'], string>(extra.map(({ name, hash }) => [name, hash.digest('hex')]));
    hex.set('sha256', sha256.digest('hex'));
    const md5 = hex.get('md5');
    return {
      digest: {
        sha256: hex.get('sha256')!,
        ...(md5 === undefined ? {} : { md5 }),
        xxh64: xxh64.digest().toString(16).padStart(16, '0'),
      },
      hex,
      head: head.subarray(0, Math.min(size, headBytes)),
    };
  };
}
