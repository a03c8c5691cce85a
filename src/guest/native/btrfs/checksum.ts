import { createHash } from 'node:crypto';
import { unsupported } from '../../../disk/views/faults.js';
import { crc32c } from '../crc32c.js';

/** What is put before each block of metadata: a checksum of all that follows the 32 bytes kept for it. */
export interface Checksum {
  matches(block: Buffer): boolean;
}

const PLACE = 32;

/** @param type `btrfs_csum_type` of the super block. */
export function checksumOf(type: number): Checksum {
  if (type === 0) {
    return { matches: (block) => (crc32c(0xffffffff, block, PLACE) ^ 0xffffffff) >>> 0 === block.readUInt32LE(0) };
  }
  if (type === 2) {
    const digest = (block: Buffer): Buffer => createHash('sha256').update(block.subarray(PLACE)).digest();
    return { matches: (block) => digest(block).equals(block.subarray(0, PLACE)) };
  }
  throw unsupported(`btrfs with checksums of type ${type}`);
}
