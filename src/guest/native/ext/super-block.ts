import type { BlockCache } from '../../../disk/views/cache.js';
import { damaged, unsupported } from '../../../disk/views/faults.js';
import { crc32c, crc32cOfNumber } from '../crc32c.js';

/** Documentation/filesystems/ext4/super.rst of Linux. */
export interface ExtSuperBlock {
  readonly blockSize: number;
  readonly blocks: number;
  readonly inodes: number;
  readonly firstBlock: number;
  readonly blocksPerGroup: number;
  readonly inodesPerGroup: number;
  readonly inodeSize: number;
  readonly descriptorSize: number;
  readonly firstMetaGroup: number;
  readonly backupGroups: readonly [number, number];
  readonly compatible: number;
  readonly incompatible: number;
  readonly readOnly: number;
  readonly state: number;
  readonly journalInode: number;
  readonly uuid: Buffer;
  readonly hasChecksums: boolean;
  readonly seed: number;
}

export const COMPAT = { journal: 0x4, sparseSuper2: 0x200 } as const;
export const INCOMPAT = {
  fileType: 0x2,
  recover: 0x4,
  metaGroups: 0x10,
  extents: 0x40,
  bits64: 0x80,
  multiMount: 0x100,
  flexGroups: 0x200,
  attributeInodes: 0x400,
  checksumSeed: 0x2000,
  largeDirectories: 0x4000,
  inlineData: 0x8000,
  encryption: 0x10000,
  casefold: 0x20000,
} as const;
export const RO_COMPAT = {
  sparseSuper: 0x1,
  hugeFile: 0x8,
  groupChecksums: 0x10,
  checksums: 0x400,
  sharedBlocks: 0x4000,
} as const;
const UNDERSTOOD = Object.values(INCOMPAT).reduce((all, bit) => all | bit, 0);

export function readExtSuperBlock(cache: BlockCache): ExtSuperBlock {
  const raw = Buffer.from(cache.bytes(1024, 1024));
  if (raw.readUInt16LE(0x38) !== 0xef53) throw damaged('ext super block magic');
  const isFirstRevision = raw.readUInt32LE(0x4c) === 0;
  const feature = (at: number): number => (isFirstRevision ? 0 : raw.readUInt32LE(at));
  const incompatible = feature(0x60);
  const readOnly = feature(0x64);
  const unknown = incompatible & ~UNDERSTOOD;
  if (unknown !== 0) throw unsupported(`ext features 0x${(unknown >>> 0).toString(16)}`);
  if ((readOnly & RO_COMPAT.sharedBlocks) !== 0) throw unsupported('ext with shared blocks');
  const has64Bits = (incompatible & INCOMPAT.bits64) !== 0;
  const hasChecksums = (readOnly & RO_COMPAT.checksums) !== 0;
  if (hasChecksums && crc32c(0xffffffff, raw, 0, 1020) !== raw.readUInt32LE(1020))
    throw damaged('ext super block checksum');
  if (!hasChecksums && isSealedWithoutFlag(raw)) throw damaged('ext flag of checksums');
  const logBlockSize = raw.readUInt32LE(0x18);
  if (logBlockSize > 6) throw damaged('ext block size');
  const uuid = raw.subarray(0x68, 0x78);
  const hasSeed = (incompatible & INCOMPAT.checksumSeed) !== 0;
  const superBlock: ExtSuperBlock = {
    blockSize: 1024 << logBlockSize,
    blocks: raw.readUInt32LE(4) + (has64Bits ? raw.readUInt32LE(0x150) * 2 ** 32 : 0),
    inodes: raw.readUInt32LE(0),
    firstBlock: raw.readUInt32LE(0x14),
    blocksPerGroup: raw.readUInt32LE(0x20),
    inodesPerGroup: raw.readUInt32LE(0x28),
    inodeSize: isFirstRevision ? 128 : raw.readUInt16LE(0x58),
    descriptorSize: has64Bits ? raw.readUInt16LE(0xfe) : 32,
    firstMetaGroup: raw.readUInt32LE(0x104),
    backupGroups: [raw.readUInt32LE(0x24c), raw.readUInt32LE(0x250)],
    compatible: feature(0x5c),
    incompatible,
    readOnly,
    state: raw.readUInt16LE(0x3a),
    journalInode: raw.readUInt32LE(0xe0),
    uuid,
    hasChecksums,
    seed: hasSeed ? raw.readUInt32LE(0x270) : crc32c(0xffffffff, uuid),
  };
  checkGeometry(superBlock, cache.view.size);
  return superBlock;
}

/** Block and place of the descriptor of each group, checked when it is asked for. */
export function inodeTableReader(cache: BlockCache, superBlock: ExtSuperBlock): (group: number) => number {
  const known = new Map<number, number>();
  const { blockSize, descriptorSize } = superBlock;
  return (group) => {
    const before = known.get(group);
    if (before !== undefined) return before;
    const block = descriptorBlock(superBlock, group);
    const at = block * blockSize + (group % (blockSize / descriptorSize)) * descriptorSize;
    const descriptor = cache.bytes(at, descriptorSize);
    if (
      superBlock.hasChecksums &&
      descriptorChecksum(superBlock, group, descriptor) !== descriptor.readUInt16LE(0x1e)
    ) {
      throw damaged(`ext group ${group}: descriptor checksum`);
    }
    const table = descriptor.readUInt32LE(8) + (descriptorSize >= 64 ? descriptor.readUInt32LE(0x28) * 2 ** 32 : 0);
    const blocksOfTable = Math.ceil((superBlock.inodesPerGroup * superBlock.inodeSize) / blockSize);
    if (table < 1 || table + blocksOfTable > superBlock.blocks) throw damaged(`ext group ${group}: inode table`);
    known.set(group, table);
    return table;
  };
}

/** Whether the one thing wrong with the super block is that it denies its checksums: all others would go unchecked. */
function isSealedWithoutFlag(raw: Buffer): boolean {
  const sealed = Buffer.from(raw.subarray(0, 1020));
  sealed.writeUInt32LE((sealed.readUInt32LE(0x64) | RO_COMPAT.checksums) >>> 0, 0x64);
  return crc32c(0xffffffff, sealed) === raw.readUInt32LE(1020);
}

function checkGeometry(s: ExtSuperBlock, size: number): void {
  const isPower = (value: number): boolean => value > 0 && (value & (value - 1)) === 0;
  if (!isPower(s.inodeSize) || s.inodeSize < 128 || s.inodeSize > s.blockSize) throw damaged('ext inode size');
  if (!isPower(s.descriptorSize) || s.descriptorSize < 32 || s.descriptorSize > 1024)
    throw damaged('ext descriptor size');
  if (s.blocksPerGroup === 0 || s.blocksPerGroup > s.blockSize * 8 * 32768) throw damaged('ext blocks per group');
  if (s.inodesPerGroup === 0 || s.inodesPerGroup > s.blockSize * 8) throw damaged('ext inodes per group');
  if (s.firstBlock > 1 || s.blocks <= s.firstBlock) throw damaged('ext block count');
  const groups = Math.ceil((s.blocks - s.firstBlock) / s.blocksPerGroup);
  if (groups * s.inodesPerGroup < s.inodes) throw damaged('ext inode count');
  if (s.blocks * s.blockSize > size) throw damaged(`ext file system of ${s.blocks * s.blockSize} bytes on ${size}`);
}

function descriptorBlock(s: ExtSuperBlock, group: number): number {
  const perBlock = s.blockSize / s.descriptorSize;
  const index = Math.floor(group / perBlock);
  // The super block is at byte 1024; with bigalloc the first data block is 0 even where that is block 1.
  const superBlockAt = s.blockSize === 1024 ? 1 : 0;
  if ((s.incompatible & INCOMPAT.metaGroups) === 0 || index < s.firstMetaGroup) return superBlockAt + 1 + index;
  const first = index * perBlock;
  if (first === 0) return superBlockAt + 1;
  return s.firstBlock + first * s.blocksPerGroup + (hasSuperBlock(s, first) ? 1 : 0);
}

function hasSuperBlock(s: ExtSuperBlock, group: number): boolean {
  if (group === 0) return true;
  if ((s.compatible & COMPAT.sparseSuper2) !== 0) return s.backupGroups.includes(group);
  if ((s.readOnly & RO_COMPAT.sparseSuper) === 0 || group === 1) return true;
  return [3, 5, 7].some((base) => {
    let power = base;
    while (power < group) power *= base;
    return power === group;
  });
}

function descriptorChecksum(s: ExtSuperBlock, group: number, descriptor: Buffer): number {
  let crc = crc32c(crc32cOfNumber(s.seed, group), descriptor, 0, 0x1e);
  crc = crc32c(crc, Buffer.alloc(2));
  return crc32c(crc, descriptor, 0x20) & 0xffff;
}
