import { damaged } from '../../../disk/views/faults.js';
import type { XfsSuperBlock } from './super-block.js';

/** Which parts of an inode a log item holds (XFS_ILOG_*). */
const FIELD = {
  data: 0x2 | 0x4 | 0x8,
  dataTree: 0x8,
  device: 0x10,
  attributes: 0x40 | 0x80 | 0x100,
  attributeTree: 0x100,
} as const;
const MAGIC = 0x494e;
const NO_LSN = 0xffff_ffff_ffff_ffffn;
const FLUSH_COUNT_MAX = 0xffff;
/** Fields of the core by width. In the log they are in the machine's order, on the disk big-endian. */
const CORE = {
  2: [0, 2, 6, 20, 22, 80, 90],
  4: [8, 12, 16, 72, 76, 92, 96],
  8: [24, 56, 64],
} as const;
const TIMES = [32, 40, 48] as const;
const V3 = { words: [128], longs: [104, 112, 120, 152], time: 144, bigTime: 8 } as const;

/**
 * The inode as the log item leaves it; undefined when what is on the disk is newer.
 * @param regions The item: format, core, then the forks that were logged.
 */
export function restoreInode(
  superBlock: XfsSuperBlock,
  current: Buffer,
  regions: readonly Buffer[],
  lsn: bigint,
): Buffer | undefined {
  const format = regions[0]!;
  const core = regions[1]!;
  const start = superBlock.isV5 ? 176 : 100;
  if (core.length < (superBlock.isV5 ? 176 : 96)) throw damaged('XFS log: inode core');
  if (isNewer(superBlock, current, core, lsn)) return undefined;
  const restored = Buffer.from(current);
  toDiskOrder(core, superBlock.isV5).copy(restored, 0, 0, superBlock.isV5 ? 176 : 96);
  const forkOffset = restored[82]! * 8;
  const dataSize = forkOffset === 0 ? restored.length - start : forkOffset;
  const attributeSize = restored.length - start - forkOffset;
  if (attributeSize < 0) throw damaged('XFS log: fork offset');
  const fields = format.readUInt32LE(4);
  let next = 2;
  const putFork = (at: number, size: number, isTree: boolean): void => {
    const region = regions[next];
    if (region === undefined) throw damaged('XFS log: fork of an inode');
    next += 1;
    const bytes = isTree ? toDiskRoot(superBlock, region, size) : region;
    bytes.copy(restored, at, 0, Math.min(bytes.length, size));
  };
  if ((fields & FIELD.data) !== 0) putFork(start, dataSize, (fields & FIELD.dataTree) !== 0);
  if ((fields & FIELD.device) !== 0) restored.writeUInt32BE(format.readUInt32LE(24), start);
  if ((fields & FIELD.attributes) !== 0) {
    putFork(start + forkOffset, attributeSize, (fields & FIELD.attributeTree) !== 0);
  }
  return restored;
}

function isNewer({ isV5 }: XfsSuperBlock, current: Buffer, core: Buffer, lsn: bigint): boolean {
  if (current.readUInt16BE(0) !== MAGIC) return false;
  if (isV5) {
    const written = current.readBigUInt64BE(112);
    return written !== 0n && written !== NO_LSN && written > lsn;
  }
  // Version 4 counts how often an inode was flushed instead; the counter wraps.
  const onDisk = current.readUInt16BE(30);
  const logged = core.readUInt16LE(30);
  if (logged === 0 || logged >= onDisk) return false;
  return !(onDisk === FLUSH_COUNT_MAX && logged < FLUSH_COUNT_MAX >> 1);
}

function toDiskOrder(core: Buffer, isV5: boolean): Buffer {
  const turned = Buffer.from(core);
  const hasBigTime = isV5 && (Number(core.readBigUInt64LE(120) & 0xffn) & V3.bigTime) !== 0;
  const words: number[] = [...CORE[4], ...(isV5 ? V3.words : [])];
  const longs: number[] = [...CORE[8], ...(isV5 ? V3.longs : [])];
  for (const at of isV5 ? [...TIMES, V3.time] : TIMES) {
    if (hasBigTime) longs.push(at);
    else words.push(at, at + 4);
  }
  for (const at of CORE[2]) turned.writeUInt16BE(core.readUInt16LE(at), at);
  for (const at of words) if (at + 4 <= core.length) turned.writeUInt32BE(core.readUInt32LE(at), at);
  for (const at of longs) turned.writeBigUInt64BE(core.readBigUInt64LE(at), at);
  return turned;
}

/** The root of a tree of extents has a full header in memory and four bytes on the disk. */
function toDiskRoot(superBlock: XfsSuperBlock, root: Buffer, size: number): Buffer {
  const header = superBlock.isV5 ? 72 : 24;
  const onDisk = Buffer.alloc(Math.max(size, root.length));
  const count = root.length < header ? -1 : root.readUInt16BE(6);
  const maxInMemory = Math.floor((root.length - header) / 16);
  const maxOnDisk = Math.floor((size - 4) / 16);
  if (count < 0 || count > maxInMemory || count > maxOnDisk) throw damaged('XFS log: root of extents');
  root.copy(onDisk, 0, 4, 8);
  root.copy(onDisk, 4, header, header + count * 8);
  root.copy(onDisk, 4 + maxOnDisk * 8, header + maxInMemory * 8, header + (maxInMemory + count) * 8);
  return onDisk;
}
