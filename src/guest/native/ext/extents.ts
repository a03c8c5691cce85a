import type { BlockCache } from '../../../disk/views/cache.js';
import { damaged, tooLarge } from '../../../disk/views/faults.js';
import { crc32c } from '../crc32c.js';
import type { Extent } from '../file-system.js';
import { LIMITS } from '../limits.js';
import { type ExtNode, INODE_FLAG } from './inode.js';
import type { ExtSuperBlock } from './super-block.js';

const MAX_DEPTH = 5;
const EXTENT_MAGIC = 0xf30a;
/** Longer counts mean blocks that are reserved and not yet written: they read as zeros. */
const MAX_WRITTEN = 32768;

/** Maps an inode's blocks to the disk: runs of written blocks, clipped to the size. */
export function extentReader(cache: BlockCache, superBlock: ExtSuperBlock): (node: ExtNode) => Extent[] {
  return (node) => {
    if ((node.flags & INODE_FLAG.inlineData) !== 0) return [];
    const runs = runCollector(superBlock, node);
    if ((node.flags & INODE_FLAG.extents) !== 0) readExtentTree(cache, superBlock, node, runs.add);
    else readPointers(cache, superBlock, node, runs.add);
    return runs.extents;
  };
}

type AddRun = (logical: number, physical: number, count: number) => void;

function runCollector({ blocks, blockSize }: ExtSuperBlock, node: ExtNode): { extents: Extent[]; add: AddRun } {
  const extents: { at: number; length: number; offset: number }[] = [];
  let mapped = 0;
  const add: AddRun = (logical, physical, count) => {
    if (physical < 1 || physical + count > blocks)
      throw damaged(`ext inode ${node.id}: block ${physical} of ${blocks}`);
    mapped += count;
    // No block of ext can be in a file twice.
    if (mapped > blocks) throw damaged(`ext inode ${node.id} has more blocks than the file system`);
    const at = logical * blockSize;
    if (at >= node.size) return;
    const length = Math.min(count * blockSize, node.size - at);
    const last = extents.at(-1);
    if (last !== undefined && last.at + last.length === at && last.offset + last.length === physical * blockSize) {
      last.length += length;
      return;
    }
    if (extents.length >= LIMITS.extentsPerFile) throw tooLarge(`ext inode ${node.id} has too many extents`);
    extents.push({ at, length, offset: physical * blockSize });
  };
  return { extents, add };
}

function readExtentTree(cache: BlockCache, superBlock: ExtSuperBlock, node: ExtNode, add: AddRun): void {
  const { blockSize, blocks, hasChecksums } = superBlock;
  let nextLogical = 0;
  let visited = 0;
  const readNode = (raw: Buffer, expectedDepth: number | null): void => {
    const count = raw.readUInt16LE(2);
    const depth = raw.readUInt16LE(6);
    if (raw.readUInt16LE(0) !== EXTENT_MAGIC) throw damaged(`ext inode ${node.id}: extent magic`);
    if (depth > MAX_DEPTH || (expectedDepth !== null && depth !== expectedDepth)) {
      throw damaged(`ext inode ${node.id}: extent depth`);
    }
    if (12 + count * 12 > raw.length) throw damaged(`ext inode ${node.id}: extent count`);
    for (let at = 12; at < 12 + count * 12; at += 12) {
      const logical = raw.readUInt32LE(at);
      if (logical < nextLogical) throw damaged(`ext inode ${node.id}: extents overlap`);
      if (depth > 0) {
        visited += 1;
        const block = raw.readUInt32LE(at + 4) + raw.readUInt16LE(at + 8) * 2 ** 32;
        if (visited > blocks || block < 1 || block >= blocks) throw damaged(`ext inode ${node.id}: extent block`);
        const child = cache.bytes(block * blockSize, blockSize);
        if (hasChecksums) checkExtentBlock(node, child);
        readNode(child, depth - 1);
        continue;
      }
      const stored = raw.readUInt16LE(at + 4);
      const isWritten = stored <= MAX_WRITTEN;
      const length = isWritten ? stored : stored - MAX_WRITTEN;
      if (length === 0) throw damaged(`ext inode ${node.id}: empty extent`);
      nextLogical = logical + length;
      const physical = raw.readUInt32LE(at + 8) + raw.readUInt16LE(at + 6) * 2 ** 32;
      if (isWritten) add(logical, physical, length);
    }
  };
  readNode(node.raw.subarray(40, 100), null);
}

function checkExtentBlock(node: ExtNode, raw: Buffer): void {
  const tail = 12 + raw.readUInt16LE(4) * 12;
  if (tail + 4 > raw.length || crc32c(node.seed, raw, 0, tail) !== raw.readUInt32LE(tail)) {
    throw damaged(`ext inode ${node.id}: extent checksum`);
  }
}

/** ext2's way: twelve blocks, then one, two and three levels of blocks of pointers. */
function readPointers(cache: BlockCache, superBlock: ExtSuperBlock, node: ExtNode, add: AddRun): void {
  const { blockSize, blocks } = superBlock;
  const perBlock = blockSize / 4;
  const end = Math.ceil(node.size / blockSize);
  // What the inode itself says it occupies; a pointer block that names itself would be read a million times.
  const budget = Math.min(blocks, Math.ceil(node.allocated / blockSize) + 4);
  let logical = 0;
  let visited = 0;
  const readPointer = (block: number, level: number): void => {
    if (block === 0) {
      logical += perBlock ** level;
    } else if (level === 0) {
      add(logical, block, 1);
      logical += 1;
    } else {
      visited += 1;
      if (visited > budget) throw damaged(`ext inode ${node.id}: more pointer blocks than it occupies`);
      if (block >= blocks) throw damaged(`ext inode ${node.id}: pointer block ${block} of ${blocks}`);
      const pointers = cache.bytes(block * blockSize, blockSize);
      for (let at = 0; at < blockSize && logical < end; at += 4) readPointer(pointers.readUInt32LE(at), level - 1);
    }
  };
  for (let index = 0; index < 15 && logical < end; index += 1) {
    readPointer(node.raw.readUInt32LE(40 + index * 4), Math.max(0, index - 11));
  }
}
