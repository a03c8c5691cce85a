import { createHash, hash } from 'node:crypto';
import type { ContentDigest } from '../../model/files.js';
import type { StreamItem } from '../../model/guest-fs.js';
import type { DigestAlgorithm } from '../../model/packages.js';

const ZEROS = Buffer.alloc(1024 * 1024);

export interface HashedContent {
  readonly digest: ContentDigest;
  /** In hex, by algorithm: SHA-256 and those that were asked for. */
  readonly hex: ReadonlyMap<DigestAlgorithm, string>;
  /** The first bytes, as many as were asked for, in a buffer that the next file overwrites. */
  readonly head: Buffer;
}

export type ContentHasher = (
  item: Required<Pick<StreamItem, 'content'>> & Pick<StreamItem, 'digests'>,
  size: number,
  algorithms: ReadonlySet<DigestAlgorithm>,
) => Promise<HashedContent | null>;

/**
 * Hashes contents one after the other: holes count as zeros and cost a gigabyte a second. What the reader computes of
 * the digests that were asked for is not computed again.
 * @param headBytes How much of each file's beginning to keep.
 */
export function contentHasher(headBytes: number): ContentHasher {
  const head = Buffer.alloc(headBytes);
  return async ({ content, digests }, size, algorithms) => {
    const names: DigestAlgorithm[] = ['sha256'];
    if (digests === undefined) for (const name of algorithms) if (name !== 'sha256') names.push(name);
    const hex = new Map<DigestAlgorithm, string>();
    let hashes: { readonly name: DigestAlgorithm; readonly hash: ReturnType<typeof createHash> }[] | undefined;
    let position = 0;
    const take = (data: Buffer): void => {
      if (position < headBytes) data.copy(head, position);
      position += data.length;
      // Most files are one run, for which an object that takes parts is the greater work.
      if (data.length === size) {
        for (const name of names) hex.set(name, hash(name, data, 'hex'));
        return;
      }
      hashes ??= names.map((name) => ({ name, hash: createHash(name) }));
      for (const each of hashes) each.hash.update(data);
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
    if (size === 0) take(ZEROS.subarray(0, 0));
    else fillTo(size);
    for (const each of hashes ?? []) hex.set(each.name, each.hash.digest('hex'));
    for (const [name, value] of digests?.() ?? []) if (name !== 'sha256') hex.set(name, value);
    const md5 = hex.get('md5');
    return {
      digest: { sha256: hex.get('sha256')!, ...(md5 === undefined ? {} : { md5 }) },
      hex,
      head: head.subarray(0, Math.min(size, headBytes)),
    };
  };
}
