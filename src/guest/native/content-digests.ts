import { createHash, hash } from 'node:crypto';
import type { DigestAlgorithm } from '../../model/packages.js';
import { DIGEST_ALGORITHMS } from './protocol.js';

const ZEROS = Buffer.alloc(1024 * 1024);

/** Digests of one file, whose runs pass by in rising order. */
export interface ContentDigests {
  add(offset: number, data: Uint8Array): void;
  /** Hex. Holes count as zeros. */
  finish(): (readonly [DigestAlgorithm, string])[];
}

/** @param wanted A bit for each of {@link DIGEST_ALGORITHMS}. */
export function contentDigests(wanted: number, size: number): ContentDigests {
  const algorithms = DIGEST_ALGORITHMS.filter((_, index) => (wanted & (1 << index)) !== 0);
  let whole: (readonly [DigestAlgorithm, string])[] | undefined;
  let hashes: { readonly algorithm: DigestAlgorithm; readonly hash: ReturnType<typeof createHash> }[] | undefined;
  let position = 0;
  const take = (data: Uint8Array): void => {
    hashes ??= algorithms.map((algorithm) => ({ algorithm, hash: createHash(algorithm) }));
    for (const each of hashes) each.hash.update(data);
    position += data.length;
  };
  const fillTo = (end: number): void => {
    while (position < end) take(ZEROS.subarray(0, Math.min(ZEROS.length, end - position)));
  };
  return {
    add(offset, data) {
      // Most files are one run, for which an object that takes parts is the greater work.
      if (offset === 0 && data.length === size) {
        whole = algorithms.map((algorithm) => [algorithm, hash(algorithm, data, 'hex')]);
        return;
      }
      fillTo(offset);
      take(data);
    },
    finish() {
      if (whole !== undefined) return whole;
      fillTo(size);
      hashes ??= algorithms.map((algorithm) => ({ algorithm, hash: createHash(algorithm) }));
      return hashes.map(({ algorithm, hash: each }) => [algorithm, each.digest('hex')] as const);
    },
  };
}
