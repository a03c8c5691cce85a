import { damaged, exact, tooLarge, unsupported } from '../../../disk/views/faults.js';
import { lastAtOrBelow } from '../../../disk/views/view.js';

/** From logical addresses, which all of btrfs uses, to places on the device. */
export interface ChunkMap {
  add(logical: number, item: Buffer): void;
  /** Offsets on the device where the range is kept, each whole: one, or two of what is duplicated. */
  places(logical: number, length: number): number[];
}

interface Chunk {
  readonly logical: number;
  readonly length: number;
  readonly stripes: readonly number[];
}

/** Profiles of several devices, except RAID0, which is allowed with one. */
const STRIPED_PROFILES = 0x10 | 0x40 | 0x80 | 0x100 | 0x200 | 0x400;
const DUPLICATED = 0x20;
const MAX_CHUNKS = 1_000_000;
const ITEM_SIZE = 48;
const STRIPE_SIZE = 32;

export function chunkMap(deviceSize: number): ChunkMap {
  const chunks: Chunk[] = [];
  const starts: number[] = [];
  return {
    add(logical, item) {
      if (starts.includes(logical)) return;
      const chunk = parseChunk(logical, item, deviceSize);
      const index = lastAtOrBelow(starts, logical) + 1;
      const before = chunks[index - 1];
      const after = chunks[index];
      if ((before && before.logical + before.length > logical) || (after && logical + chunk.length > after.logical)) {
        throw damaged('btrfs chunks overlap');
      }
      if (chunks.length >= MAX_CHUNKS) throw tooLarge('btrfs chunks');
      starts.splice(index, 0, logical);
      chunks.splice(index, 0, chunk);
    },
    places(logical, length) {
      const chunk = chunks[lastAtOrBelow(starts, logical)];
      if (chunk === undefined || logical + length > chunk.logical + chunk.length)
        throw damaged(`btrfs address ${logical}`);
      return chunk.stripes.map((offset) => offset + logical - chunk.logical);
    },
  };
}

/** Bytes of the chunk item at the start of `bytes`. */
export function chunkItemSize(bytes: Buffer): number {
  if (bytes.length < ITEM_SIZE) throw damaged('btrfs chunk');
  return ITEM_SIZE + bytes.readUInt16LE(44) * STRIPE_SIZE;
}

function parseChunk(logical: number, item: Buffer, deviceSize: number): Chunk {
  if (chunkItemSize(item) > item.length) throw damaged('btrfs chunk');
  const length = exact(item.readBigUInt64LE(0), 'btrfs chunk');
  const profile = item.readUInt32LE(24);
  const count = item.readUInt16LE(44);
  if ((profile & STRIPED_PROFILES) !== 0) throw unsupported('btrfs with RAID profiles');
  if (count !== ((profile & DUPLICATED) !== 0 ? 2 : 1)) throw unsupported(`btrfs chunk of ${count} stripes`);
  const stripes: number[] = [];
  for (let index = 0; index < count; index += 1) {
    const offset = exact(item.readBigUInt64LE(ITEM_SIZE + index * STRIPE_SIZE + 8), 'btrfs stripe');
    if (length === 0 || offset + length > deviceSize) throw damaged('btrfs chunk lies outside of the device');
    stripes.push(offset);
  }
  return { logical, length, stripes };
}
