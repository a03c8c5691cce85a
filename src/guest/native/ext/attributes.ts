import type { BlockCache } from '../../../disk/views/cache.js';
import { damaged, tooLarge, unsupported } from '../../../disk/views/faults.js';
import { crc32c } from '../crc32c.js';
import { LIMITS } from '../limits.js';
import { type ExtNode, INODE_FLAG } from './inode.js';
import type { ExtSuperBlock } from './super-block.js';

/** Documentation/filesystems/ext4/attributes.rst of Linux. */
const MAGIC = 0xea020000;
const PREFIXES = new Map([
  [1, 'user.'],
  [2, 'system.posix_acl_access'],
  [3, 'system.posix_acl_default'],
  [4, 'trusted.'],
  [6, 'security.'],
  [7, 'system.'],
]);
const ACCESS_LISTS = new Set([2, 3]);
/** `system.data` is the content of inline files, not an attribute. */
const SYSTEM = 7;

export interface RawAttribute {
  readonly index: number;
  readonly name: string;
  readonly value: Buffer;
}

/** Content of an inode that holds one attribute's value. */
export type ReadValueInode = (id: number, size: number) => Buffer;

export function attributeReader(cache: BlockCache, superBlock: ExtSuperBlock, readValueInode: ReadValueInode) {
  return (node: ExtNode): (readonly [string, Buffer])[] => {
    const raw = [
      ...attributesInInode(node, readValueInode),
      ...attributesInBlock(cache, superBlock, node, readValueInode),
    ];
    if (raw.length === 0) return [];
    return raw
      .filter(({ index, name }) => !(index === SYSTEM && name === 'data'))
      .map(({ index, name, value }) => {
        const prefix = PREFIXES.get(index);
        if (prefix === undefined) throw unsupported(`ext inode ${node.id}: attribute of kind ${index}`);
        return ACCESS_LISTS.has(index) ? [prefix, accessList(node, value)] : [prefix + name, Buffer.from(value)];
      });
  };
}

/** The attributes behind the fields of a large inode. */
export function attributesInInode(node: ExtNode, readValueInode: ReadValueInode): RawAttribute[] {
  const start = 128 + node.extraSize;
  if (node.extraSize < 4 || node.raw.length < start + 4 || node.raw.readUInt32LE(start) !== MAGIC) return [];
  return readEntries(node, node.raw, start + 4, start + 4, readValueInode);
}

function attributesInBlock(
  cache: BlockCache,
  { blocks, blockSize, hasChecksums, seed }: ExtSuperBlock,
  node: ExtNode,
  readValueInode: ReadValueInode,
): RawAttribute[] {
  const number = node.attributeBlock;
  if (number === 0) return [];
  if (number >= blocks) throw damaged(`ext inode ${node.id}: attribute block ${number} of ${blocks}`);
  const block = cache.bytes(number * blockSize, blockSize);
  if (block.readUInt32LE(0) !== MAGIC) throw damaged(`ext inode ${node.id}: attribute magic`);
  if (hasChecksums) {
    const place = Buffer.alloc(8);
    place.writeBigUInt64LE(BigInt(number));
    let crc = crc32c(crc32c(seed, place), block, 0, 16);
    crc = crc32c(crc32c(crc, Buffer.alloc(4)), block, 20);
    if (crc !== block.readUInt32LE(16)) throw damaged(`ext inode ${node.id}: attribute checksum`);
  }
  return readEntries(node, block, 32, 0, readValueInode);
}

/** Entries from `start` on; their values are counted from `base`. */
function readEntries(
  node: ExtNode,
  bytes: Buffer,
  start: number,
  base: number,
  readValueInode: ReadValueInode,
): RawAttribute[] {
  const entries: RawAttribute[] = [];
  let total = 0;
  for (let at = start; at + 16 <= bytes.length && bytes.readUInt32LE(at) !== 0; ) {
    const nameLength = bytes[at]!;
    const valueOffset = bytes.readUInt16LE(at + 2);
    const valueInode = bytes.readUInt32LE(at + 4);
    const size = bytes.readUInt32LE(at + 8);
    if (at + 16 + nameLength > bytes.length) throw damaged(`ext inode ${node.id}: attribute name`);
    if (size > LIMITS.attributeBytes) throw damaged(`ext inode ${node.id}: attribute of ${size} bytes`);
    total += size;
    if (total > LIMITS.attributesPerInode) throw tooLarge(`ext inode ${node.id}: attributes`);
    if (valueInode === 0 && base + valueOffset + size > bytes.length)
      throw damaged(`ext inode ${node.id}: attribute value`);
    const value =
      valueInode === 0
        ? bytes.subarray(base + valueOffset, base + valueOffset + size)
        : readValueInode(valueInode, size);
    entries.push({ index: bytes[at + 1]!, name: bytes.toString('latin1', at + 16, at + 16 + nameLength), value });
    at += (16 + nameLength + 3) & ~3;
  }
  return entries;
}

/** On the disk an access list has version 1 and short entries; programs see version 2 and long ones (acl(5)). */
function accessList(node: ExtNode, stored: Buffer): Buffer {
  if (stored.length < 4 || stored.readUInt32LE(0) !== 1) throw damaged(`ext inode ${node.id}: access list`);
  const parts = [Buffer.from([2, 0, 0, 0])];
  for (let at = 4; at < stored.length; ) {
    const tag = at + 4 <= stored.length ? stored.readUInt16LE(at) : 0;
    const isNamed = tag === 2 || tag === 8;
    if (at + (isNamed ? 8 : 4) > stored.length) throw damaged(`ext inode ${node.id}: access list`);
    const entry = Buffer.alloc(8, 0xff);
    stored.copy(entry, 0, at, at + (isNamed ? 8 : 4));
    parts.push(entry);
    at += isNamed ? 8 : 4;
  }
  return Buffer.concat(parts);
}

export function isValueInode(node: ExtNode): boolean {
  return (node.flags & INODE_FLAG.attributeInode) !== 0;
}
