import { damaged, exact } from '../../../disk/views/faults.js';
import { type NativeNode, typeOfMode } from '../file-system.js';
import { blockOffset, isSealed } from './super-block.js';
import type { XfsVolume } from './volume.js';

export const FORK = { device: 0, local: 1, extents: 2, tree: 3 } as const;
const MAGIC = 0x494e;
const FLAG_REALTIME = 1;
const FLAG2 = { bigTime: 8, wideCounters: 16 } as const;
/** Seconds before 1970 where the clock of bigtime starts. */
const BIG_TIME_EPOCH = 2 ** 31;

export interface Fork {
  readonly format: number;
  readonly bytes: Buffer;
  readonly extentCount: number;
}

export interface XfsNode extends NativeNode {
  readonly data: Fork;
  readonly attributes: Fork | null;
  readonly isRealtime: boolean;
}

export function readInode(volume: XfsVolume, id: number): XfsNode {
  const { superBlock, cache } = volume;
  const perBlock = 2 ** superBlock.inodeBits;
  const offset = blockOffset(superBlock, Math.floor(id / perBlock)) + (id % perBlock) * superBlock.inodeSize;
  const raw = cache.bytes(offset, superBlock.inodeSize);
  if (raw.readUInt16BE(0) !== MAGIC) throw damaged(`XFS inode ${id}: magic`);
  const version = raw[4]!;
  if (superBlock.isV5 !== (version === 3)) throw damaged(`XFS inode ${id}: version ${version}`);
  if (version === 3) {
    if (Number(raw.readBigUInt64BE(152)) !== id) throw damaged(`XFS inode ${id}: another number inside`);
    if (!volume.isReplayed(offset, superBlock.inodeSize) && !isSealed(raw, 100))
      throw damaged(`XFS inode ${id}: checksum`);
  }
  const flags2 = version === 3 ? Number(raw.readBigUInt64BE(120) & 0xffn) : 0;
  const mode = raw.readUInt16BE(2);
  const type = typeOfMode(mode);
  if (type === undefined) throw damaged(`XFS inode ${id}: mode 0${mode.toString(8)}`);
  const forks = readForks(raw, id, version, (flags2 & FLAG2.wideCounters) !== 0);
  const isDevice = type === 'character' || type === 'block';
  const device = isDevice ? forks.data.bytes.readUInt32BE(0) : 0;
  return {
    id,
    type,
    mode: mode & 0o7777,
    uid: raw.readUInt32BE(8),
    gid: raw.readUInt32BE(12),
    size: exact(raw.readBigUInt64BE(56), `XFS inode ${id}: size`),
    allocated: exact(raw.readBigUInt64BE(64), `XFS inode ${id}: blocks`) * superBlock.blockSize,
    ...readTime(raw, (flags2 & FLAG2.bigTime) !== 0),
    links: version === 1 ? raw.readUInt16BE(6) : raw.readUInt32BE(16),
    ...(isDevice && { device: { major: device >>> 18, minor: device & 0x3ffff } }),
    raw,
    ...forks,
    isRealtime: (raw.readUInt16BE(90) & FLAG_REALTIME) !== 0,
  };
}

function readForks(raw: Buffer, id: number, version: number, isWide: boolean): { data: Fork; attributes: Fork | null } {
  const start = version === 3 ? 176 : 100;
  const attributeOffset = raw[82]! * 8;
  const end = attributeOffset === 0 ? raw.length : start + attributeOffset;
  if (end > raw.length) throw damaged(`XFS inode ${id}: fork offset`);
  const dataCount = isWide ? exact(raw.readBigUInt64BE(24), `XFS inode ${id}: extents`) : raw.readUInt32BE(76);
  const attributeCount = isWide ? raw.readUInt32BE(76) : raw.readUInt16BE(80);
  return {
    data: { format: raw[5]!, bytes: raw.subarray(start, end), extentCount: dataCount },
    attributes:
      attributeOffset === 0 ? null : { format: raw[83]!, bytes: raw.subarray(end), extentCount: attributeCount },
  };
}

function readTime(raw: Buffer, isBig: boolean): { mtime: number; mtimeNanoseconds: number } {
  if (!isBig) return { mtime: raw.readInt32BE(40), mtimeNanoseconds: raw.readInt32BE(44) };
  const nanoseconds = raw.readBigUInt64BE(40);
  return {
    mtime: Number(nanoseconds / 1_000_000_000n) - BIG_TIME_EPOCH,
    mtimeNanoseconds: Number(nanoseconds % 1_000_000_000n),
  };
}
