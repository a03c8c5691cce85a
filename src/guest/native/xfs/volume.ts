import type { BlockCache } from '../../../disk/views/cache.js';
import { damaged } from '../../../disk/views/faults.js';
import { isSealed, type XfsSuperBlock } from './super-block.js';

/** A file system with its log replayed, and what every part of the reader needs of it. */
export interface XfsVolume {
  readonly superBlock: XfsSuperBlock;
  readonly cache: BlockCache;
  /** Whether any of the bytes come from the log: they are newer than the checksum beside them. */
  isReplayed(offset: number, length: number): boolean;
}

/** Where a structure of version 5 keeps its checksum and the inode it belongs to. */
export interface Seal {
  readonly checksumAt: number;
  readonly ownerAt: number;
}

/** A structure, its checksum and its owner checked. */
export function sealedBytes(volume: XfsVolume, offset: number, length: number, seal: Seal, owner: number): Buffer {
  const bytes = volume.cache.bytes(offset, length);
  if (volume.superBlock.isV5) {
    if (!volume.isReplayed(offset, length) && !isSealed(bytes, seal.checksumAt))
      throw damaged(`XFS inode ${owner}: checksum at ${offset}`);
    if (Number(bytes.readBigUInt64BE(seal.ownerAt)) !== owner) throw damaged(`XFS inode ${owner}: block of another`);
  }
  return bytes;
}
