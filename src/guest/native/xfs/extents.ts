import { damaged, tooLarge } from '../../../disk/views/faults.js';
import { LIMITS } from '../limits.js';
import { FORK, type Fork } from './inode.js';
import { blockOffset } from './super-block.js';
import { sealedBytes, type XfsVolume } from './volume.js';

/** A run of blocks of a fork. */
export interface Run {
  /** First block in the file, and how many. */
  readonly logical: number;
  readonly count: number;
  /** Byte offset on the disk. */
  readonly offset: number;
  /** Reserved and not yet written: reads as zeros. */
  readonly isUnwritten: boolean;
}

const MAX_LEVEL = 9;
const TREE_SEAL = { checksumAt: 64, ownerAt: 56 };
const TREE_MAGIC = { v4: 0x424d4150, v5: 0x424d4133 } as const;

/** The runs of a fork in rising order. */
export function readRuns(volume: XfsVolume, inode: number, fork: Fork): Run[] {
  const runs: Run[] = [];
  const add = runAdder(volume, inode, runs);
  if (fork.format === FORK.extents) {
    if (fork.extentCount * 16 > fork.bytes.length) throw damaged(`XFS inode ${inode}: extent count`);
    for (let index = 0; index < fork.extentCount; index += 1) add(fork.bytes, index * 16);
  } else if (fork.format === FORK.tree) {
    readTree(volume, inode, fork.bytes, add);
  } else throw damaged(`XFS inode ${inode}: fork format ${fork.format}`);
  return runs;
}

type AddRecord = (bytes: Buffer, at: number) => void;

/** A record: 1 bit state, 54 bits offset in the file, 52 bits block, 21 bits count. */
function runAdder({ superBlock }: XfsVolume, inode: number, runs: Run[]): AddRecord {
  const { groupBits, groupBlocks, blockSize } = superBlock;
  let next = 0;
  return (bytes, at) => {
    const [a, b, c, d] = [
      bytes.readUInt32BE(at),
      bytes.readUInt32BE(at + 4),
      bytes.readUInt32BE(at + 8),
      bytes.readUInt32BE(at + 12),
    ];
    const logical = (a & 0x7fffffff) * 2 ** 23 + (b >>> 9);
    const block = (b & 0x1ff) * 2 ** 43 + c * 2 ** 11 + (d >>> 21);
    const count = d & 0x1fffff;
    if (logical < next || count === 0) throw damaged(`XFS inode ${inode}: extents overlap`);
    next = logical + count;
    const offset = blockOffset(superBlock, block);
    if ((block % 2 ** groupBits) + count > groupBlocks) throw damaged(`XFS inode ${inode}: extent leaves its group`);
    blockOffset(superBlock, block + count - 1);
    if (runs.length >= LIMITS.extentsPerFile) throw tooLarge(`XFS inode ${inode} has too many extents`);
    if (!Number.isSafeInteger(next * blockSize)) throw damaged(`XFS inode ${inode}: extent offset`);
    runs.push({ logical, count, offset, isUnwritten: a >>> 31 === 1 });
  };
}

function readTree(volume: XfsVolume, inode: number, root: Buffer, add: AddRecord): void {
  const { superBlock } = volume;
  const { blockSize, isV5 } = superBlock;
  const header = isV5 ? 72 : 24;
  const max = Math.floor((blockSize - header) / 16);
  let visited = 0;
  const readNode = (block: number, level: number): void => {
    visited += 1;
    if (visited > superBlock.blocks) throw damaged(`XFS inode ${inode}: tree of extents`);
    const bytes = sealedBytes(volume, blockOffset(superBlock, block), blockSize, TREE_SEAL, inode);
    const count = bytes.readUInt16BE(6);
    const isSound = bytes.readUInt32BE(0) === (isV5 ? TREE_MAGIC.v5 : TREE_MAGIC.v4) && bytes.readUInt16BE(4) === level;
    if (!isSound || count > max) throw damaged(`XFS inode ${inode}: tree of extents`);
    for (let index = 0; index < count; index += 1) {
      if (level === 0) add(bytes, header + index * 16);
      else readNode(Number(bytes.readBigUInt64BE(header + max * 8 + index * 8)), level - 1);
    }
  };
  const level = root.readUInt16BE(0);
  const count = root.readUInt16BE(2);
  const rootMax = Math.floor((root.length - 4) / 16);
  if (level < 1 || level > MAX_LEVEL || count > rootMax) throw damaged(`XFS inode ${inode}: root of extents`);
  for (let index = 0; index < count; index += 1) {
    readNode(Number(root.readBigUInt64BE(4 + rootMax * 8 + index * 8)), level - 1);
  }
}
