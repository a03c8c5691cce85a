import { damaged } from '../../../disk/views/faults.js';
import { crc32c } from '../crc32c.js';
import type { NativeName } from '../file-system.js';
import { type ExtNode, INODE_FLAG } from './inode.js';
import { type ExtSuperBlock, INCOMPAT } from './super-block.js';

/** Documentation/filesystems/ext4/directory.rst of Linux. */
const TAIL = 12;
const TAIL_TYPE = 0xde;
const ZEROS = Buffer.alloc(4);

/** Names in the blocks of a directory; index blocks look like empty ones and need no care but for their checksums. */
export function readDirectoryBlocks(superBlock: ExtSuperBlock, node: ExtNode, content: Buffer): NativeName[] {
  const { blockSize } = superBlock;
  if (content.length % blockSize !== 0) throw damaged(`ext directory ${node.id}: size`);
  const names: NativeName[] = [];
  for (let at = 0; at < content.length; at += blockSize) {
    const block = content.subarray(at, at + blockSize);
    if (block.readUInt32LE(0) === 0 && block.readUInt16LE(4) === 0) continue; // a hole
    if (superBlock.hasChecksums) checkBlock(node, block, at === 0);
    readRecords(superBlock, node, block, 0, names);
  }
  return names;
}

/** Appends the records of `bytes` from `start` on. */
export function readRecords(
  superBlock: ExtSuperBlock,
  node: ExtNode,
  bytes: Buffer,
  start: number,
  names: NativeName[],
): void {
  const hasType = (superBlock.incompatible & INCOMPAT.fileType) !== 0;
  for (let at = start; at + 8 <= bytes.length; ) {
    const id = bytes.readUInt32LE(at);
    const stored = bytes.readUInt16LE(at + 4);
    // 64 KiB do not fit into 16 bits.
    const length = superBlock.blockSize >= 65536 && (stored === 0xffff || stored === 0) ? 65536 : stored;
    const nameLength = hasType ? bytes[at + 6]! : bytes.readUInt16LE(at + 6);
    if (length < 8 || length % 4 !== 0 || at + length > bytes.length) throw damaged(`ext directory ${node.id}: record`);
    if (id !== 0 && nameLength > 0) {
      if (8 + nameLength > length) throw damaged(`ext directory ${node.id}: name`);
      const name = bytes.subarray(at + 8, at + 8 + nameLength);
      if (!isDots(name)) names.push({ id, name });
    }
    at += length;
  }
}

function isDots(name: Buffer): boolean {
  return name[0] === 0x2e && (name.length === 1 || (name.length === 2 && name[1] === 0x2e));
}

function checkBlock(node: ExtNode, block: Buffer, isFirst: boolean): void {
  // An index block may end in the bytes of a leaf's tail, so what it begins with decides.
  const isIndexed = (node.flags & INODE_FLAG.indexed) !== 0;
  const isInner = block.readUInt32LE(0) === 0 && block.readUInt16LE(4) === block.length % 65536;
  const isSound =
    isIndexed && (isFirst || isInner) ? isIndexSound(node, block, isFirst ? 32 : 8) : isLeafSound(node, block);
  if (!isSound) throw damaged(`ext directory ${node.id}: checksum`);
}

function isLeafSound(node: ExtNode, block: Buffer): boolean {
  const tail = block.length - TAIL;
  const hasTail = block.readUInt32LE(tail) === 0 && block.readUInt32LE(tail + 4) === ((TAIL_TYPE << 24) | TAIL) >>> 0;
  return hasTail && crc32c(node.seed, block, 0, tail) === block.readUInt32LE(tail + 8);
}

/** Of an index block: the counted entries, then a tail behind as many as would fit. */
function isIndexSound(node: ExtNode, block: Buffer, start: number): boolean {
  const limit = block.readUInt16LE(start);
  const count = block.readUInt16LE(start + 2);
  const tail = start + limit * 8;
  if (count > limit || tail + 8 > block.length) return false;
  let crc = crc32c(node.seed, block, 0, start + count * 8);
  crc = crc32c(crc, block, tail, tail + 4);
  return crc32c(crc, ZEROS) === block.readUInt32LE(tail + 4);
}
