import type { BlockCache } from '../../../disk/views/cache.js';
import { damaged } from '../../../disk/views/faults.js';
import type { ChunkMap } from './chunks.js';
import type { BtrfsSuperBlock, TreeRoot } from './super-block.js';

export const TYPE = {
  inode: 1,
  inodeReference: 12,
  extendedReference: 13,
  attribute: 24,
  directoryItem: 84,
  directoryIndex: 96,
  extentData: 108,
  root: 132,
  rootBackReference: 144,
  rootReference: 156,
  chunk: 228,
} as const;

/** An item of a tree. Numbers above 2^53 (only of the file system's own objects) are rounded. */
export interface Item {
  readonly objectId: number;
  readonly type: number;
  readonly offset: number;
  readonly data: Buffer;
}

export interface TreeReader {
  /** Items of one object and type, or of all types from `type` to `lastType`, in order; `visit` ends it with false. */
  each(root: TreeRoot, objectId: number, type: number, visit: (item: Item) => unknown, lastType?: number): void;
  /** All items of a type in the whole tree. */
  eachOfType(root: TreeRoot, type: number, visit: (item: Item) => void): void;
}

const HEADER = 101;
const ITEM_SIZE = 25;
const POINTER_SIZE = 33;
const MAX_NODES = 1024;

export function treeReader(cache: BlockCache, superBlock: BtrfsSuperBlock, chunks: ChunkMap): TreeReader {
  const nodes = new Map<number, Buffer>();

  const readNode = (address: number, level: number, generation: number): Buffer => {
    const known = nodes.get(address);
    if (known !== undefined && known[100] === level) return known;
    const node = chunks
      .places(address, superBlock.nodeSize)
      .map((offset) => cache.bytes(offset, superBlock.nodeSize))
      .find((bytes) => superBlock.checksum.matches(bytes));
    if (node === undefined) throw damaged(`btrfs tree block ${address}: checksum`);
    checkNode(superBlock, node, address, level, generation);
    if (nodes.size >= MAX_NODES) nodes.delete(nodes.keys().next().value!);
    nodes.set(address, node);
    return node;
  };

  /** Visits the items from `first` on until `visit` says false; false when it did. */
  const scan = (
    address: number,
    level: number,
    generation: number,
    first: Key,
    visit: (item: Item) => boolean,
  ): boolean => {
    const node = readNode(address, level, generation);
    const count = node.readUInt32LE(96);
    if (level === 0) {
      for (let index = lowerBound(node, count, ITEM_SIZE, first); index < count; index += 1) {
        if (!visit(readItem(node, index))) return false;
      }
      return true;
    }
    // The child before the first larger key may hold the wanted one.
    const start = Math.max(0, upperBound(node, count, first) - 1);
    for (let index = start; index < count; index += 1) {
      const at = HEADER + index * POINTER_SIZE;
      const child = readUInt64(node, at + 17);
      if (!scan(child, level - 1, readUInt64(node, at + 25), first, visit)) return false;
    }
    return true;
  };

  return {
    each(root, objectId, type, visit, lastType = type) {
      scan(root.address, root.level, root.generation, { objectId, type, offset: 0 }, (item) => {
        if (item.objectId !== objectId || item.type > lastType) return false;
        return visit(item) !== false;
      });
    },
    eachOfType(root, type, visit) {
      scan(root.address, root.level, root.generation, { objectId: 0, type: 0, offset: 0 }, (item) => {
        if (item.type === type) visit(item);
        return true;
      });
    },
  };
}

export function readUInt64(bytes: Buffer, at: number): number {
  return bytes.readUInt32LE(at) + bytes.readUInt32LE(at + 4) * 2 ** 32;
}

interface Key {
  readonly objectId: number;
  readonly type: number;
  readonly offset: number;
}

function readKey(bytes: Buffer, at: number): Key {
  return { objectId: readUInt64(bytes, at), type: bytes[at + 8]!, offset: readUInt64(bytes, at + 9) };
}

function checkNode(
  superBlock: BtrfsSuperBlock,
  node: Buffer,
  address: number,
  level: number,
  generation: number,
): void {
  const count = node.readUInt32LE(96);
  const isOurs = node.subarray(32, 48).equals(superBlock.metadataUuid) && readUInt64(node, 48) === address;
  if (!isOurs || node[100] !== level || readUInt64(node, 80) !== generation)
    throw damaged(`btrfs tree block ${address}`);
  if (HEADER + count * (level === 0 ? ITEM_SIZE : POINTER_SIZE) > node.length)
    throw damaged(`btrfs tree block ${address}: count`);
  const step = level === 0 ? ITEM_SIZE : POINTER_SIZE;
  for (let index = 1; index < count; index += 1) {
    if (compareKeyAt(node, HEADER + index * step, readKey(node, HEADER + (index - 1) * step)) < 0) {
      throw damaged(`btrfs tree block ${address}: order`);
    }
  }
}

function readItem(node: Buffer, index: number): Item {
  const at = HEADER + index * ITEM_SIZE;
  const start = HEADER + node.readUInt32LE(at + 17);
  const end = start + node.readUInt32LE(at + 21);
  if (end > node.length) throw damaged('btrfs item leaves its block');
  return { ...readKey(node, at), data: node.subarray(start, end) };
}

/** Index of the first key that is not below `key`. */
function lowerBound(node: Buffer, count: number, step: number, key: Key): number {
  return search(count, step, (at) => compareKeyAt(node, at, key) < 0);
}

/** Index of the first pointer whose key is above `key`. */
function upperBound(node: Buffer, count: number, key: Key): number {
  return search(count, POINTER_SIZE, (at) => compareKeyAt(node, at, key) <= 0);
}

function search(count: number, step: number, isBefore: (at: number) => boolean): number {
  let low = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (isBefore(HEADER + middle * step)) low = middle + 1;
    else high = middle;
  }
  return low;
}

function compareKeyAt(node: Buffer, at: number, key: Key): number {
  return readUInt64(node, at) - key.objectId || node[at + 8]! - key.type || readUInt64(node, at + 9) - key.offset;
}
