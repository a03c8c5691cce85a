import type { BlockCache } from '../../../disk/views/cache.js';
import { damaged, exact, unsupported } from '../../../disk/views/faults.js';
import { crc32c } from '../crc32c.js';

/** "XFS Algorithms & Data Structures", third edition; fs/xfs/libxfs/xfs_format.h of Linux. */
export interface XfsSuperBlock {
  readonly blockSize: number;
  readonly blocks: number;
  readonly groupBlocks: number;
  readonly groups: number;
  /** Bits of a block number that count blocks within a group. */
  readonly groupBits: number;
  readonly inodeSize: number;
  /** Log2 of inodes in a block. */
  readonly inodeBits: number;
  readonly rootInode: number;
  readonly folderBlockSize: number;
  readonly hasTypes: boolean;
  /** Version 5: checksums, owners and log numbers in every structure. */
  readonly isV5: boolean;
  /** Block where the log starts, and its length in blocks; 0: the log is on another device. */
  readonly logStart: number;
  readonly logBlocks: number;
}

const INCOMPAT = {
  types: 0x1,
  sparseInodes: 0x2,
  metaUuid: 0x4,
  bigTime: 0x8,
  needsRepair: 0x10,
  wideCounters: 0x20,
  exchangeRange: 0x40,
  parents: 0x80,
} as const;
const UNDERSTOOD = Object.values(INCOMPAT).reduce((all, bit) => all | bit, 0);
/** Version 4: `sb_versionnum` says there is `sb_features2`, which says that folders know types. */
const V4_MORE_BITS = 0x8000;
const V4_TYPES = 0x200;

export function readXfsSuperBlock(cache: BlockCache): XfsSuperBlock {
  const raw = Buffer.from(cache.bytes(0, 512));
  if (raw.toString('latin1', 0, 4) !== 'XFSB') throw damaged('XFS super block magic');
  const versionBits = raw.readUInt16BE(100);
  const version = versionBits & 15;
  if (version !== 4 && version !== 5) throw unsupported(`XFS version ${version}`);
  const isV5 = version === 5;
  const incompatible = isV5 ? raw.readUInt32BE(216) : 0;
  const unknown = incompatible & ~UNDERSTOOD;
  if (unknown !== 0) throw unsupported(`XFS features 0x${(unknown >>> 0).toString(16)}`);
  if ((incompatible & INCOMPAT.needsRepair) !== 0) throw unsupported('XFS that needs xfs_repair');
  if (raw[126] !== 0) throw damaged('XFS: mkfs was not finished');
  const blockBits = raw[120]!;
  const blockSize = raw.readUInt32BE(4);
  const superBlock: XfsSuperBlock = {
    blockSize,
    blocks: exact(raw.readBigUInt64BE(8), 'XFS block count'),
    groupBlocks: raw.readUInt32BE(84),
    groups: raw.readUInt32BE(88),
    groupBits: raw[124]!,
    inodeSize: raw.readUInt16BE(104),
    inodeBits: raw[123]!,
    rootInode: exact(raw.readBigUInt64BE(56), 'XFS root inode'),
    folderBlockSize: blockSize * 2 ** raw[192]!,
    hasTypes: isV5
      ? (incompatible & INCOMPAT.types) !== 0
      : (versionBits & V4_MORE_BITS) !== 0 && (raw.readUInt32BE(200) & V4_TYPES) !== 0,
    isV5,
    logStart: exact(raw.readBigUInt64BE(48), 'XFS log start'),
    logBlocks: raw.readUInt32BE(96),
  };
  checkGeometry(superBlock, blockBits, cache.view.size);
  if (isV5) checkSum(cache, raw.readUInt16BE(102));
  return superBlock;
}

/** Byte offset of a block number: its upper bits name the group. */
export function blockOffset(s: XfsSuperBlock, block: number): number {
  const group = Math.floor(block / 2 ** s.groupBits);
  return groupBlockOffset(s, group, block - group * 2 ** s.groupBits);
}

export function groupBlockOffset(s: XfsSuperBlock, group: number, block: number): number {
  const linear = group * s.groupBlocks + block;
  if (group >= s.groups || block >= s.groupBlocks || linear >= s.blocks) throw damaged(`XFS block ${group}/${block}`);
  return linear * s.blockSize;
}

function checkGeometry(s: XfsSuperBlock, blockBits: number, size: number): void {
  if (blockBits < 9 || blockBits > 16 || s.blockSize !== 2 ** blockBits) throw damaged('XFS block size');
  if (s.inodeSize < 256 || s.inodeSize > 2048 || s.inodeSize * 2 ** s.inodeBits !== s.blockSize)
    throw damaged('XFS inode size');
  if (s.folderBlockSize > 65536) throw damaged('XFS folder block size');
  if (s.groupBits > 32 || s.groupBlocks < 1 || s.groupBlocks > 2 ** s.groupBits) throw damaged('XFS group size');
  if (s.groups < 1 || s.blocks > s.groups * s.groupBlocks) throw damaged('XFS group count');
  if (s.blocks * s.blockSize > size) throw damaged(`XFS file system of ${s.blocks * s.blockSize} bytes on ${size}`);
}

function checkSum(cache: BlockCache, sectorSize: number): void {
  if (sectorSize < 512 || sectorSize > 32768) throw damaged('XFS sector size');
  if (!isSealed(cache.bytes(0, sectorSize), 224)) throw damaged('XFS super block checksum');
}

/** Whether the checksum (at `at`, taken as zero) of a version 5 structure is right. */
export function isSealed(bytes: Uint8Array, at: number): boolean {
  const stored = bytes[at]! + bytes[at + 1]! * 2 ** 8 + bytes[at + 2]! * 2 ** 16 + bytes[at + 3]! * 2 ** 24;
  let crc = crc32c(0xffffffff, bytes, 0, at);
  crc = crc32c(crc, ZEROS);
  return (crc32c(crc, bytes, at + 4) ^ 0xffffffff) >>> 0 === stored;
}

const ZEROS = Buffer.alloc(4);
