import type { BlockCache } from '../../../disk/views/cache.js';
import { damaged, exact, unsupported } from '../../../disk/views/faults.js';
import { type Checksum, checksumOf } from './checksum.js';

/** "On-disk Format", documentation of btrfs; include/uapi/linux/btrfs_tree.h of Linux. */
export interface BtrfsSuperBlock {
  readonly raw: Buffer;
  /** Identifies the tree blocks of the file system. */
  readonly metadataUuid: Buffer;
  readonly sectorSize: number;
  readonly nodeSize: number;
  readonly totalBytes: number;
  readonly root: TreeRoot;
  readonly chunkRoot: TreeRoot;
  readonly checksum: Checksum;
}

/** Where a tree begins: logical address, level of that block, and when it was written. */
export interface TreeRoot {
  readonly address: number;
  readonly level: number;
  readonly generation: number;
}

const OFFSET = 0x10000;
const SIZE = 4096;
const MAX_LEVEL = 7;
const INCOMPAT = {
  mixedBackReferences: 0x1,
  defaultSubvolume: 0x2,
  mixedGroups: 0x4,
  lzo: 0x8,
  zstd: 0x10,
  bigMetadata: 0x20,
  extendedReferences: 0x40,
  raid56: 0x80,
  skinnyMetadata: 0x100,
  noHoles: 0x200,
  metadataUuid: 0x400,
  raid1c34: 0x800,
  simpleQuota: 0x10000,
} as const;
const UNDERSTOOD = Object.values(INCOMPAT).reduce((all, bit) => all | bit, 0);

export function readBtrfsSuperBlock(cache: BlockCache): BtrfsSuperBlock {
  const raw = Buffer.from(cache.bytes(OFFSET, SIZE));
  if (raw.toString('latin1', 0x40, 0x48) !== '_BHRfS_M') throw damaged('btrfs super block magic');
  const checksum = checksumOf(raw.readUInt16LE(0xc4));
  if (!checksum.matches(raw)) throw damaged('btrfs super block checksum');
  const incompatible = exact(raw.readBigUInt64LE(0xbc), 'btrfs features');
  const unknown = incompatible > 0x7fffffff ? incompatible : incompatible & ~UNDERSTOOD;
  if (unknown !== 0) throw unsupported(`btrfs features 0x${unknown.toString(16)}`);
  if (raw.readBigUInt64LE(0x88) !== 1n) throw unsupported('btrfs on several devices');
  if (raw.readBigUInt64LE(0x60) !== 0n) throw unsupported('btrfs with a log tree to be replayed');
  const sectorSize = raw.readUInt32LE(0x90);
  const nodeSize = raw.readUInt32LE(0x94);
  if (!isPowerBetween(sectorSize, 4096, 65536)) throw damaged('btrfs sector size');
  if (!isPowerBetween(nodeSize, sectorSize, 65536)) throw damaged('btrfs node size');
  const totalBytes = exact(raw.readBigUInt64LE(0x70), 'btrfs size');
  if (totalBytes > cache.view.size) throw damaged(`btrfs file system of ${totalBytes} bytes on ${cache.view.size}`);
  const root = (address: number, level: number, generation: number): TreeRoot => {
    if (raw[level]! > MAX_LEVEL) throw damaged('btrfs level of a root');
    return {
      address: exact(raw.readBigUInt64LE(address), 'btrfs root'),
      level: raw[level]!,
      generation: exact(raw.readBigUInt64LE(generation), 'btrfs generation'),
    };
  };
  const hasMetadataUuid = (incompatible & INCOMPAT.metadataUuid) !== 0;
  return {
    raw,
    metadataUuid: raw.subarray(hasMetadataUuid ? 0x23b : 0x20, hasMetadataUuid ? 0x24b : 0x30),
    sectorSize,
    nodeSize,
    totalBytes,
    root: root(0x50, 0xc6, 0x48),
    chunkRoot: root(0x58, 0xc7, 0xa4),
    checksum,
  };
}

function isPowerBetween(value: number, low: number, high: number): boolean {
  return value >= low && value <= high && (value & (value - 1)) === 0;
}
