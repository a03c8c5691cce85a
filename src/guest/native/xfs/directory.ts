import { damaged, tooLarge } from '../../../disk/views/faults.js';
import type { NativeName } from '../file-system.js';
import { LIMITS } from '../limits.js';
import { type Run, readRuns } from './extents.js';
import { FORK, type XfsNode } from './inode.js';
import { isSealed } from './super-block.js';
import { sealedBytes, type XfsVolume } from './volume.js';

/** Names lie below this byte of a folder; its index follows. */
const INDEX_START = 2 ** 35;
const SEAL = { checksumAt: 4, ownerAt: 40 };
/** XD2B, XDB3: a folder of one block, its index at the end; XD2D, XDD3: one of several. */
const SINGLE = new Set([0x58443242, 0x58444233]);
const SEVERAL = new Set([0x58443244, 0x58444433]);
const FREE = 0xffff;

export function listFolder(volume: XfsVolume, node: XfsNode): NativeName[] {
  const names: NativeName[] = [];
  if (node.data.format === FORK.local) {
    readShortForm(volume, node, names);
    return names;
  }
  const { blockSize, folderBlockSize } = volume.superBlock;
  const perBlock = folderBlockSize / blockSize;
  const runs = readRuns(volume, node.id, node.data).filter(({ logical }) => logical * blockSize < INDEX_START);
  const blocks = runs.reduce((sum, { count }) => sum + count, 0);
  if (blocks * blockSize > LIMITS.directoryBytes) throw tooLarge(`XFS folder ${node.id}`);
  const isWhole = ({ logical, count }: Run): boolean => logical % perBlock === 0 && count % perBlock === 0;
  if (runs.every(isWhole)) {
    for (const { count, offset } of runs) {
      for (let at = 0; at < count * blockSize; at += folderBlockSize) {
        readBlock(volume, node, sealedBytes(volume, offset + at, folderBlockSize, SEAL, node.id), names);
      }
    }
  } else readScattered(volume, node, runs, names);
  return names;
}

/** Blocks of a folder that lie in several pieces. */
function readScattered(volume: XfsVolume, node: XfsNode, runs: readonly Run[], names: NativeName[]): void {
  const { blockSize, folderBlockSize } = volume.superBlock;
  const perBlock = folderBlockSize / blockSize;
  const places = new Map<number, number>();
  for (const { logical, count, offset } of runs) {
    for (let index = 0; index < count; index += 1) places.set(logical + index, offset + index * blockSize);
  }
  for (const logical of places.keys()) {
    if (logical % perBlock !== 0) continue;
    const offsets = Array.from({ length: perBlock }, (_, index) => {
      const offset = places.get(logical + index);
      if (offset === undefined) throw damaged(`XFS folder ${node.id} has a hole in a block`);
      return offset;
    });
    const bytes = Buffer.concat(offsets.map((offset) => volume.cache.bytes(offset, blockSize)));
    const isOld = volume.superBlock.isV5 && !offsets.some((offset) => volume.isReplayed(offset, blockSize));
    if (isOld && !isSealed(bytes, SEAL.checksumAt)) throw damaged(`XFS folder ${node.id}: checksum`);
    readBlock(volume, node, bytes, names);
  }
}

function readBlock(volume: XfsVolume, node: XfsNode, bytes: Buffer, names: NativeName[]): void {
  const magic = bytes.readUInt32BE(0);
  if (!SINGLE.has(magic) && !SEVERAL.has(magic)) throw damaged(`XFS folder ${node.id}: block magic`);
  const start = volume.superBlock.isV5 ? 64 : 16;
  const typeBytes = volume.superBlock.hasTypes ? 1 : 0;
  const end = SINGLE.has(magic) ? bytes.length - 8 - bytes.readUInt32BE(bytes.length - 8) * 8 : bytes.length;
  if (end < start) throw damaged(`XFS folder ${node.id}: index`);
  for (let at = start; at < end; ) {
    if (bytes.readUInt16BE(at) === FREE) {
      const length = bytes.readUInt16BE(at + 2);
      if (length < 8 || length % 8 !== 0) throw damaged(`XFS folder ${node.id}: free space`);
      at += length;
      continue;
    }
    const nameLength = at + 9 <= end ? bytes[at + 8]! : 0;
    if (nameLength === 0 || at + 9 + nameLength > end) throw damaged(`XFS folder ${node.id}: name`);
    addName(
      names,
      bytes.readUInt32BE(at) * 2 ** 32 + bytes.readUInt32BE(at + 4),
      bytes.subarray(at + 9, at + 9 + nameLength),
    );
    at += (8 + 1 + nameLength + typeBytes + 2 + 7) & ~7;
  }
}

/** In the inode: count, width of numbers, parent; then length, place, name, type, number. */
function readShortForm(volume: XfsVolume, node: XfsNode, names: NativeName[]): void {
  const { bytes } = node.data;
  const count = bytes[0]!;
  const width = bytes[1] === 0 ? 4 : 8;
  const typeBytes = volume.superBlock.hasTypes ? 1 : 0;
  let at = 2 + width;
  for (let index = 0; index < count; index += 1) {
    const nameLength = bytes[at] ?? 0;
    const numberAt = at + 3 + nameLength + typeBytes;
    if (nameLength === 0 || numberAt + width > bytes.length) throw damaged(`XFS folder ${node.id}: short form`);
    const id =
      width === 8
        ? bytes.readUInt32BE(numberAt) * 2 ** 32 + bytes.readUInt32BE(numberAt + 4)
        : bytes.readUInt32BE(numberAt);
    addName(names, id, bytes.subarray(at + 3, at + 3 + nameLength));
    at = numberAt + width;
  }
}

function addName(names: NativeName[], id: number, name: Buffer): void {
  const isDots = name[0] === 0x2e && (name.length === 1 || (name.length === 2 && name[1] === 0x2e));
  if (!isDots) names.push({ id, name });
}
