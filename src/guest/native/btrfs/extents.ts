import { damaged, tooLarge, unsupported } from '../../../disk/views/faults.js';
import type { Extent } from '../file-system.js';
import { LIMITS } from '../limits.js';
import type { ChunkMap } from './chunks.js';
import type { BtrfsSuperBlock, TreeRoot } from './super-block.js';
import { type Item, readUInt64, type TreeReader, TYPE } from './tree.js';

const KIND = { inline: 0, plain: 1, reserved: 2 } as const;
const METHODS = new Map([
  [1, 'zlib'],
  [2, 'lzo'],
  [3, 'zstd'],
] as const);
/** The kernel packs 128 KiB at a time. */
const MAX_PACKED = 128 * 1024;
const INLINE_DATA = 21;

/** The extents of a file or link: rising, clipped to its size. */
export function readFileExtents(
  trees: TreeReader,
  superBlock: BtrfsSuperBlock,
  chunks: ChunkMap,
  root: TreeRoot,
  inode: number,
  size: number,
): Extent[] {
  const extents: Extent[] = [];
  let next = 0;
  trees.each(root, inode, TYPE.extentData, (item) => {
    if (item.offset < next) throw damaged(`btrfs inode ${inode}: extents overlap`);
    if (extents.length >= LIMITS.extentsPerFile) throw tooLarge(`btrfs inode ${inode} has too many extents`);
    const length = spanOf(item, inode);
    if (!Number.isSafeInteger(item.offset + length)) throw damaged(`btrfs inode ${inode}: extent offset`);
    next = item.offset + length;
    const extent = parseExtent(item, inode, superBlock, chunks, Math.min(length, size - item.offset));
    if (extent !== undefined && extent.length > 0) extents.push(extent);
  });
  return extents;
}

/** Bytes of the file that an item stands for. */
function spanOf({ data }: Item, inode: number): number {
  if (data.length < INLINE_DATA) throw damaged(`btrfs inode ${inode}: extent`);
  if (data[20] === KIND.inline) return readUInt64(data, 8);
  if (data.length < 53) throw damaged(`btrfs inode ${inode}: extent`);
  return readUInt64(data, 45);
}

function parseExtent(
  { offset: at, data }: Item,
  inode: number,
  superBlock: BtrfsSuperBlock,
  chunks: ChunkMap,
  length: number,
): Extent | undefined {
  if (data[17] !== 0 || data.readUInt16LE(18) !== 0) throw unsupported('btrfs with encrypted extents');
  const kind = data[20]!;
  const method = METHODS.get(data[16] as 1 | 2 | 3);
  if (data[16] !== 0 && method === undefined) throw unsupported(`btrfs compression ${data[16]}`);
  const unpacked = readUInt64(data, 8);
  if (method !== undefined && unpacked > MAX_PACKED) throw damaged(`btrfs inode ${inode}: packed extent`);
  if (kind === KIND.inline) {
    const bytes = Buffer.from(data.subarray(INLINE_DATA));
    if (method !== undefined) {
      return { at, length, offset: 0, inline: bytes, packed: { method, stored: bytes.length, unpacked, skip: 0 } };
    }
    if (bytes.length < length) throw damaged(`btrfs inode ${inode}: inline extent`);
    return { at, length, offset: 0, inline: bytes };
  }
  const address = readUInt64(data, 21);
  if (kind === KIND.reserved || address === 0) return undefined;
  if (kind !== KIND.plain) throw damaged(`btrfs inode ${inode}: extent of kind ${kind}`);
  const stored = readUInt64(data, 29);
  const skip = readUInt64(data, 37);
  const available = method === undefined ? stored : unpacked;
  if (skip + readUInt64(data, 45) > available) throw damaged(`btrfs inode ${inode}: extent is shorter than its part`);
  if (method !== undefined && stored > MAX_PACKED) throw damaged(`btrfs inode ${inode}: packed extent`);
  const [place] = chunks.places(address, stored);
  if (place! % superBlock.sectorSize !== 0) throw damaged(`btrfs inode ${inode}: extent is not aligned`);
  if (method === undefined) return { at, length, offset: place! + skip };
  return { at, length, offset: place!, packed: { method, stored, unpacked, skip } };
}
