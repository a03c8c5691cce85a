import type { BlockCache } from '../../../disk/views/cache.js';
import { damaged } from '../../../disk/views/faults.js';
import { crc32c, crc32cOfNumber } from '../crc32c.js';
import { type NativeNode, typeOfMode } from '../file-system.js';
import { type ExtSuperBlock, inodeTableReader, RO_COMPAT } from './super-block.js';

/** Documentation/filesystems/ext4/inodes.rst of Linux. */
export const INODE_FLAG = {
  encrypted: 0x800,
  indexed: 0x1000,
  hugeFile: 0x40000,
  extents: 0x80000,
  attributeInode: 0x200000,
  inlineData: 0x10000000,
} as const;
const ZEROS = Buffer.alloc(4);

export interface ExtNode extends NativeNode {
  readonly flags: number;
  /** Block of further attributes; 0: none. */
  readonly attributeBlock: number;
  /** Bytes of fields beyond the first 128. */
  readonly extraSize: number;
  /** Start value of the checksums of all that belongs to the inode. */
  readonly seed: number;
}

export function inodeReader(cache: BlockCache, superBlock: ExtSuperBlock): (id: number) => ExtNode {
  const inodeTable = inodeTableReader(cache, superBlock);
  const { blockSize, inodeSize, inodes, inodesPerGroup } = superBlock;
  return (id) => {
    if (!(id >= 1 && id <= inodes)) throw damaged(`ext inode ${id} of ${inodes}`);
    const table = inodeTable(Math.floor((id - 1) / inodesPerGroup));
    const raw = cache.bytes(table * blockSize + ((id - 1) % inodesPerGroup) * inodeSize, inodeSize);
    return parseInode(superBlock, id, raw);
  };
}

function parseInode(superBlock: ExtSuperBlock, id: number, raw: Buffer): ExtNode {
  const seed = superBlock.hasChecksums ? crc32c(crc32cOfNumber(superBlock.seed, id), raw, 0x64, 0x68) : 0;
  const extraSize = raw.length > 128 ? raw.readUInt16LE(128) : 0;
  if (extraSize > raw.length - 128 || extraSize % 4 !== 0) throw damaged(`ext inode ${id}: extra size`);
  if (superBlock.hasChecksums) checkInode(id, raw, seed, extraSize);
  const mode = raw.readUInt16LE(0);
  // Inodes that hold an attribute's value have no type of their own.
  const type = typeOfMode(mode);
  if (type === undefined) throw damaged(`ext inode ${id}: mode 0${mode.toString(8)}`);
  const hasWideSize = type === 'file' || type === 'directory' || type === 'symlink';
  const size = raw.readUInt32LE(4) + (hasWideSize ? raw.readUInt32LE(0x6c) * 2 ** 32 : 0);
  if (!Number.isSafeInteger(size)) throw damaged(`ext inode ${id}: size`);
  const flags = raw.readUInt32LE(0x20);
  const extraTime = extraSize >= 12 ? raw.readUInt32LE(0x88) : 0;
  const device = type === 'character' || type === 'block' ? deviceNumber(raw) : undefined;
  return {
    id,
    type,
    mode: mode & 0o7777,
    uid: raw.readUInt16LE(2) + raw.readUInt16LE(0x78) * 65536,
    gid: raw.readUInt16LE(0x18) + raw.readUInt16LE(0x7a) * 65536,
    size,
    allocated: allocatedBytes(superBlock, type, size, flags, raw),
    mtime: raw.readInt32LE(0x10) + (extraTime & 3) * 2 ** 32,
    mtimeNanoseconds: extraTime >>> 2,
    links: raw.readUInt16LE(0x1a),
    ...(device && { device }),
    raw,
    flags,
    attributeBlock: raw.readUInt32LE(0x68) + raw.readUInt16LE(0x76) * 2 ** 32,
    extraSize,
    seed,
  };
}

function checkInode(id: number, raw: Buffer, seed: number, extraSize: number): void {
  const hasHighHalf = extraSize >= 4;
  let crc = crc32c(seed, raw, 0, 0x7c);
  crc = crc32c(crc, ZEROS, 0, 2);
  crc = crc32c(crc, raw, 0x7e, Math.min(0x82, raw.length));
  if (raw.length > 128) {
    crc = hasHighHalf ? crc32c(crc, ZEROS, 0, 2) : crc32c(crc, raw, 0x82, 0x84);
    crc = crc32c(crc, raw, 0x84);
  }
  const stored = raw.readUInt16LE(0x7c) + (hasHighHalf ? raw.readUInt16LE(0x82) * 65536 : 0);
  if (stored !== (hasHighHalf ? crc : crc & 0xffff)) throw damaged(`ext inode ${id}: checksum`);
}

/** Old devices have 8 bits each in the first block pointer, wide ones 12 and 20 in the second. */
function deviceNumber(raw: Buffer): { major: number; minor: number } {
  const old = raw.readUInt32LE(40);
  if (old !== 0) return { major: (old >>> 8) & 0xff, minor: old & 0xff };
  const wide = raw.readUInt32LE(44);
  return { major: (wide & 0xfff00) >>> 8, minor: (wide & 0xff) | ((wide >>> 12) & 0xfff00) };
}

function allocatedBytes(superBlock: ExtSuperBlock, type: string, size: number, flags: number, raw: Buffer): number {
  const isHuge = (superBlock.readOnly & RO_COMPAT.hugeFile) !== 0;
  const count = raw.readUInt32LE(0x1c) + (isHuge ? raw.readUInt16LE(0x74) * 2 ** 32 : 0);
  const bytes = count * (isHuge && (flags & INODE_FLAG.hugeFile) !== 0 ? superBlock.blockSize : 512);
  // The kernel adds this so that inline files do not look like holes (ext4_file_getattr).
  const isInline = type === 'file' && (flags & INODE_FLAG.inlineData) !== 0;
  return bytes + (isInline ? Math.ceil(size / 512) * 512 : 0);
}
