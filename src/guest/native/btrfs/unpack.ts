import { inflateSync } from 'node:zlib';
import { damaged } from '../../../disk/views/faults.js';
import { type BlockView, readBytes } from '../../../disk/views/view.js';
import type { Extent } from '../file-system.js';
import { unpackLzo } from './lzo.js';
import { unpackZstd } from './zstd.js';

const KEPT = 8;

/** Unpacks extents; several parts of a file often lie in one, so the last few are kept. */
export function unpacker(view: BlockView, sectorSize: number): (extent: Extent) => Buffer {
  const kept = new Map<number, Buffer>();
  return ({ offset, inline, packed }) => {
    if (packed === undefined) throw damaged('btrfs: a plain extent was to be unpacked');
    const known = inline === undefined ? kept.get(offset) : undefined;
    if (known !== undefined && known.length === packed.unpacked) return known;
    const bytes = unpackBytes(inline ?? readBytes(view, offset, packed.stored), packed, sectorSize);
    if (inline === undefined) {
      if (kept.size >= KEPT) kept.delete(kept.keys().next().value!);
      kept.set(offset, bytes);
    }
    return bytes;
  };
}

/** What a packed extent lacks at its end is zeros, as for the kernel. */
function unpackBytes(packed: Buffer, { method, unpacked }: NonNullable<Extent['packed']>, sectorSize: number): Buffer {
  if (method === 'lzo') return unpackLzo(packed, unpacked, sectorSize);
  if (method === 'zstd') return unpackZstd(packed, unpacked);
  const output = Buffer.alloc(unpacked);
  try {
    inflateSync(packed, { maxOutputLength: Math.max(unpacked, 1) }).copy(output);
    return output;
  } catch {
    throw damaged('btrfs: a zlib extent cannot be unpacked');
  }
}
