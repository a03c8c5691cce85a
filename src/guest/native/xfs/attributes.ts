import { damaged, tooLarge } from '../../../disk/views/faults.js';
import { LIMITS } from '../limits.js';
import { type Run, readRuns } from './extents.js';
import { FORK, type XfsNode } from './inode.js';
import { sealedBytes, type XfsVolume } from './volume.js';

const FLAG = { local: 0x1, trusted: 0x2, security: 0x4, parent: 0x8, incomplete: 0x80 } as const;
const NODE_MAGICS = new Set([0xfebe, 0x3ebe]);
const LEAF_MAGICS = new Set([0xfbee, 0x3bee]);
const REMOTE_MAGIC = 0x5841524d;
const BLOCK_SEAL = { checksumAt: 12, ownerAt: 48 };
const REMOTE_SEAL = { checksumAt: 12, ownerAt: 32 };
const MAX_DEPTH = 5;
const MAX_LEAVES = 65536;
/** Access lists have names of their own among the trusted attributes. */
const ACCESS_LISTS = new Map([
  ['SGI_ACL_FILE', 'system.posix_acl_access'],
  ['SGI_ACL_DEFAULT', 'system.posix_acl_default'],
]);

type Attributes = (readonly [name: string, value: Buffer])[];

export function readAttributes(volume: XfsVolume, node: XfsNode): Attributes {
  const fork = node.attributes;
  const found: Attributes = [];
  if (fork === null) return found;
  const add = attributeAdder(node, found);
  if (fork.format === FORK.local) readShortForm(node, fork.bytes, add);
  else if (fork.format === FORK.tree || fork.extentCount > 0)
    readLeaves(volume, node, readRuns(volume, node.id, fork), add);
  return found;
}

type Add = (flags: number, name: string, value: Buffer) => void;

function attributeAdder(node: XfsNode, found: Attributes): Add {
  let total = 0;
  return (flags, name, value) => {
    total += name.length + value.length;
    if (total > LIMITS.attributesPerInode * 16) throw tooLarge(`XFS inode ${node.id}: attributes`);
    if ((flags & (FLAG.parent | FLAG.incomplete)) !== 0) return;
    const isTrusted = (flags & FLAG.trusted) !== 0;
    const listName = isTrusted ? ACCESS_LISTS.get(name) : undefined;
    if (listName !== undefined) found.push([listName, accessList(node, value)]);
    const prefix = isTrusted ? 'trusted.' : (flags & FLAG.security) !== 0 ? 'security.' : 'user.';
    found.push([prefix + name, Buffer.from(value)]);
  };
}

/** In the inode: total, count, padding; then lengths, flags, name, value. */
function readShortForm(node: XfsNode, bytes: Buffer, add: Add): void {
  let at = 4;
  for (let index = 0; index < (bytes[2] ?? 0); index += 1) {
    const nameLength = bytes[at] ?? 0;
    const valueLength = bytes[at + 1] ?? 0;
    const end = at + 3 + nameLength + valueLength;
    if (at + 3 > bytes.length || end > bytes.length) throw damaged(`XFS inode ${node.id}: attributes`);
    const value = bytes.subarray(at + 3 + nameLength, end);
    add(bytes[at + 2]!, bytes.toString('latin1', at + 3, at + 3 + nameLength), value);
    at = end;
  }
}

/** Down the left edge of the tree, then along its leaves. */
function readLeaves(volume: XfsVolume, node: XfsNode, runs: readonly Run[], add: Add): void {
  const { isV5, blockSize } = volume.superBlock;
  const blockAt = (logical: number): Buffer => {
    const bytes = sealedBytes(volume, offsetOf(volume, node, runs, logical), blockSize, BLOCK_SEAL, node.id);
    const magic = bytes.readUInt16BE(8);
    if (!NODE_MAGICS.has(magic) && !LEAF_MAGICS.has(magic)) throw damaged(`XFS inode ${node.id}: attribute block`);
    return bytes;
  };
  const isInner = (block: Buffer): boolean => NODE_MAGICS.has(block.readUInt16BE(8));
  let leaf = blockAt(0);
  for (let depth = 0; isInner(leaf); depth += 1) {
    if (depth > MAX_DEPTH) throw damaged(`XFS inode ${node.id}: depth of attributes`);
    leaf = blockAt(leaf.readUInt32BE((isV5 ? 64 : 16) + 4));
  }
  for (let seen = 0; ; seen += 1) {
    if (seen > MAX_LEAVES || isInner(leaf)) throw damaged(`XFS inode ${node.id}: chain of attributes`);
    readLeaf(volume, node, runs, leaf, add);
    const next = leaf.readUInt32BE(0);
    if (next === 0) return;
    leaf = blockAt(next);
  }
}

function readLeaf(volume: XfsVolume, node: XfsNode, runs: readonly Run[], leaf: Buffer, add: Add): void {
  const start = volume.superBlock.isV5 ? 80 : 32;
  const count = leaf.readUInt16BE(volume.superBlock.isV5 ? 56 : 12);
  if (start + count * 8 > leaf.length) throw damaged(`XFS inode ${node.id}: attribute count`);
  for (let index = 0; index < count; index += 1) {
    const at = leaf.readUInt16BE(start + index * 8 + 4);
    const flags = leaf[start + index * 8 + 6]!;
    if (at + 12 > leaf.length) throw damaged(`XFS inode ${node.id}: attribute entry`);
    if ((flags & FLAG.local) !== 0) {
      const valueLength = leaf.readUInt16BE(at);
      const nameEnd = at + 3 + leaf[at + 2]!;
      if (nameEnd + valueLength > leaf.length) throw damaged(`XFS inode ${node.id}: attribute value`);
      add(flags, leaf.toString('latin1', at + 3, nameEnd), leaf.subarray(nameEnd, nameEnd + valueLength));
      continue;
    }
    const nameEnd = at + 9 + leaf[at + 8]!;
    if (nameEnd > leaf.length) throw damaged(`XFS inode ${node.id}: attribute name`);
    if ((flags & (FLAG.parent | FLAG.incomplete)) !== 0) continue;
    const value = remoteValue(volume, node, runs, leaf.readUInt32BE(at), leaf.readUInt32BE(at + 4));
    add(flags, leaf.toString('latin1', at + 9, nameEnd), value);
  }
}

/** A value in blocks of its own; in version 5 each block has a header. */
function remoteValue(volume: XfsVolume, node: XfsNode, runs: readonly Run[], first: number, length: number): Buffer {
  const { isV5, blockSize } = volume.superBlock;
  if (length > LIMITS.attributeBytes) throw damaged(`XFS inode ${node.id}: attribute of ${length} bytes`);
  const header = isV5 ? 56 : 0;
  const value = Buffer.alloc(length);
  for (let done = 0, block = first; done < length; block += 1) {
    const bytes = sealedBytes(volume, offsetOf(volume, node, runs, block), blockSize, REMOTE_SEAL, node.id);
    if (isV5 && bytes.readUInt32BE(0) !== REMOTE_MAGIC) throw damaged(`XFS inode ${node.id}: attribute value`);
    done += bytes.copy(value, done, header);
  }
  return value;
}

function offsetOf(volume: XfsVolume, node: XfsNode, runs: readonly Run[], logical: number): number {
  const run = runs.find((each) => logical >= each.logical && logical < each.logical + each.count);
  if (run === undefined) throw damaged(`XFS inode ${node.id}: hole in attributes`);
  return run.offset + (logical - run.logical) * volume.superBlock.blockSize;
}

/** On the disk: a count and entries of 12 bytes, big-endian; programs see version 2 of acl(5). */
function accessList(node: XfsNode, stored: Buffer): Buffer {
  const count = stored.length < 4 ? -1 : stored.readUInt32BE(0);
  if (count < 0 || 4 + count * 12 > stored.length) throw damaged(`XFS inode ${node.id}: access list`);
  const list = Buffer.alloc(4 + count * 8, 0xff);
  list.writeUInt32LE(2, 0);
  for (let index = 0; index < count; index += 1) {
    const from = 4 + index * 12;
    const to = 4 + index * 8;
    const tag = stored.readUInt32BE(from);
    list.writeUInt16LE(tag & 0xffff, to);
    list.writeUInt16LE(stored.readUInt16BE(from + 8), to + 2);
    if (tag === 2 || tag === 8) list.writeUInt32LE(stored.readUInt32BE(from + 4), to + 4);
  }
  return list;
}
