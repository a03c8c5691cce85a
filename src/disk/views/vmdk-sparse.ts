import { inflateSync } from 'node:zlib';
import { damaged, exact, unsupported } from './faults.js';
import { readPadded } from './qcow2.js';
import { type BlockView, checkRange, readBytes, readUpTo } from './view.js';

/** VMware "Virtual Disk Format 5.0": hosted sparse extents (KDMV), and the older COWD of ESX. */
const MAX_GRAINS = 2 ** 26;
const MAX_GRAIN_BYTES = 2 ** 21;
const MAX_TABLES = 1024;
const MAX_UNPACKED = 32;
const FLAG_ZERO_GRAINS = 4;
const FLAG_COMPRESSED = 0x10000;

interface SparseLayout {
  readonly size: number;
  readonly grainBytes: number;
  readonly entriesPerTable: number;
  readonly directoryOffset: number;
  readonly hasZeroGrains: boolean;
  readonly isCompressed: boolean;
}

/** Text of the descriptor inside of a sparse extent; undefined when it has none. */
export function embeddedDescriptor(file: BlockView): string | undefined {
  const header = readUpTo(file, 0, 512);
  if (header.length < 512 || header.toString('latin1', 0, 4) !== 'KDMV') return undefined;
  const offset = exact(header.readBigUInt64LE(28), 'VMDK descriptor offset') * 512;
  const length = exact(header.readBigUInt64LE(36), 'VMDK descriptor size') * 512;
  if (offset === 0 || length === 0) return undefined;
  if (length > 2 ** 20) throw damaged('VMDK descriptor is too large');
  return readUpTo(file, offset, length)
    .toString('latin1')
    .replace(/\0[\s\S]*$/, '');
}

/**
 * A sparse extent.
 * @param below What shines through where the extent holds nothing, from `belowOffset` on; null for zeros.
 */
export function vmdkSparseView(file: BlockView, below: BlockView | null, belowOffset: number): BlockView {
  const layout = readLayout(file);
  const { size, grainBytes, entriesPerTable } = layout;
  if (grainBytes < 512 || grainBytes > MAX_GRAIN_BYTES || grainBytes % 512 !== 0) throw damaged('VMDK grain size');
  if (entriesPerTable < 1 || entriesPerTable > 4096) throw damaged('VMDK grain table size');
  const grains = Math.ceil(size / grainBytes);
  if (grains > MAX_GRAINS) throw damaged('VMDK has too many grains');
  const directory = readBytes(file, layout.directoryOffset, Math.ceil(grains / entriesPerTable) * 4);
  const tables = new Map<number, Buffer | null>();
  const unpacked = new Map<number, Buffer>();

  const tableAt = (index: number): Buffer | null => {
    const known = tables.get(index);
    if (known !== undefined) return known;
    const sector = directory.readUInt32LE(index * 4);
    const table = sector === 0 ? null : readBytes(file, sector * 512, entriesPerTable * 4);
    if (tables.size >= MAX_TABLES) tables.delete(tables.keys().next().value!);
    tables.set(index, table);
    return table;
  };
  /** Sector of the grain; 0: absent, -1: zeros. */
  const grainAt = (number: number): number => {
    const sector = tableAt(Math.floor(number / entriesPerTable))?.readUInt32LE((number % entriesPerTable) * 4) ?? 0;
    return sector === 1 && layout.hasZeroGrains ? -1 : sector;
  };
  const unpack = (number: number, sector: number): Buffer => {
    const known = unpacked.get(number);
    if (known !== undefined) return known;
    const grain = inflateGrain(file, sector, Math.min(grainBytes, size - number * grainBytes), grainBytes);
    if (unpacked.size >= MAX_UNPACKED) unpacked.delete(unpacked.keys().next().value!);
    unpacked.set(number, grain);
    return grain;
  };

  return {
    size,
    read(target, at, length, offset) {
      checkRange(offset, length, size);
      for (let done = 0; done < length; ) {
        const number = Math.floor((offset + done) / grainBytes);
        const inside = offset + done - number * grainBytes;
        const sector = grainAt(number);
        let count = Math.min(length - done, grainBytes - inside);
        if (sector > 0 && layout.isCompressed) {
          target.set(unpack(number, sector).subarray(inside, inside + count), at + done);
        } else if (sector > 0) {
          for (let next = 1; count < length - done; next += 1) {
            if (grainAt(number + next) !== sector + (next * grainBytes) / 512) break;
            count = Math.min(length - done, count + grainBytes);
          }
          file.read(target, at + done, count, sector * 512 + inside);
        } else if (sector === 0 && below !== null) {
          readPadded(below, target, at + done, count, belowOffset + offset + done);
        } else target.fill(0, at + done, at + done + count);
        done += count;
      }
    },
  };
}

function readLayout(file: BlockView): SparseLayout {
  let header = readBytes(file, 0, 512);
  if (header.toString('latin1', 0, 4) === 'COWD') return cowdLayout(header);
  if (header.toString('latin1', 0, 4) !== 'KDMV') throw unsupported('VMDK extent is neither hosted sparse nor COWD');
  if (header.readBigUInt64LE(56) === 0xffff_ffff_ffff_ffffn) {
    // Stream-optimized: the true header is the footer, two sectors before the end.
    header = readBytes(file, file.size - 1024, 512);
    if (header.toString('latin1', 0, 4) !== 'KDMV') throw damaged('VMDK footer is missing');
  }
  const version = header.readUInt32LE(4);
  if (version < 1 || version > 3) throw unsupported(`VMDK extent version ${version}`);
  const flags = header.readUInt32LE(8);
  const algorithm = header.readUInt16LE(77);
  const isCompressed = (flags & FLAG_COMPRESSED) !== 0;
  if (isCompressed && algorithm !== 1) throw unsupported(`VMDK compression ${algorithm}`);
  return {
    size: exact(header.readBigUInt64LE(12), 'VMDK capacity') * 512,
    grainBytes: exact(header.readBigUInt64LE(20), 'VMDK grain size') * 512,
    entriesPerTable: header.readUInt32LE(44),
    directoryOffset: exact(header.readBigUInt64LE(56), 'VMDK grain directory') * 512,
    hasZeroGrains: (flags & FLAG_ZERO_GRAINS) !== 0,
    isCompressed,
  };
}

function cowdLayout(header: Buffer): SparseLayout {
  if (header.readUInt32LE(4) !== 1) throw unsupported(`COWD version ${header.readUInt32LE(4)}`);
  return {
    size: header.readUInt32LE(12) * 512,
    grainBytes: header.readUInt32LE(16) * 512,
    entriesPerTable: 4096,
    directoryOffset: header.readUInt32LE(20) * 512,
    hasZeroGrains: false,
    isCompressed: false,
  };
}

/** A grain marker: its sector (8 bytes), the length of the zlib stream (4), the stream. */
function inflateGrain(file: BlockView, sector: number, expected: number, grainBytes: number): Buffer {
  const marker = readBytes(file, sector * 512, 12);
  const length = marker.readUInt32LE(8);
  if (length > grainBytes * 2) throw damaged('VMDK grain is longer than it can be');
  try {
    const grain = inflateSync(readBytes(file, sector * 512 + 12, length), { maxOutputLength: grainBytes });
    if (grain.length >= expected) return grain;
  } catch {
    // falls through: reported below, with what matters
  }
  throw damaged(`the VMDK grain at sector ${sector} cannot be unpacked`);
}
