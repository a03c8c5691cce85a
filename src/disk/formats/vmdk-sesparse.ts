import type { ByteSource } from '../byte-source.js';
import { corrupt, truncated, unsupported } from '../failures.js';
import { tableReader } from '../layer.js';
import type { SparseCheck } from './vmdk-sparse.js';

/**
 * The space-efficient sparse extent of ESXi 6.5 and later. Not documented by VMware; the layout is the one that QEMU
 * reads (block/vmdk.c), with the constants that it insists on.
 */
export const SESPARSE_MAGIC = 0x00000000cafebaben;

const VOLATILE_MAGIC = 0x00000000cafecafen;
const VERSION = 0x0000000200000001n;
const SECTOR = 512;
const GRAIN_SECTORS = 8;
const TABLE_SECTORS = 64;
const TABLE_ENTRIES = (TABLE_SECTORS * SECTOR) / 8;
const MAX_CAPACITY = (64 * 1024 ** 4) / SECTOR;

/** Checks the extent and gives its capacity in sectors. */
export async function checkSeSparseExtent(source: ByteSource, check: SparseCheck): Promise<number> {
  const { shown } = check;
  const header = await source.read(0, SECTOR);
  if (header.length < SECTOR) throw truncated(shown, `its header has ${header.length} of ${SECTOR} bytes`);
  if (header.readBigUInt64LE(0) !== SESPARSE_MAGIC)
    throw corrupt(shown, 'it should be a seSparse extent and does not begin like one');
  if (header.readBigUInt64LE(8) !== VERSION) throw unsupported(shown, 'this version of seSparse is not read', CLONE);
  const field = (index: number): number => {
    const value = header.readBigUInt64LE(index * 8);
    if (value > BigInt(MAX_CAPACITY)) throw corrupt(shown, 'an impossible number in its header');
    return Number(value);
  };
  const capacity = field(2);
  if (field(3) !== GRAIN_SECTORS || field(4) !== TABLE_SECTORS || field(5) !== 0)
    throw unsupported(shown, 'this kind of seSparse is not read', CLONE);
  const state = await source.read(field(10) * SECTOR, SECTOR);
  if (state.length < SECTOR) throw truncated(shown, 'its second header lies beyond the end');
  if (state.readBigUInt64LE(0) !== VOLATILE_MAGIC) throw corrupt(shown, 'its second header is not one');
  if (state.readBigUInt64LE(24) !== 0n) {
    throw unsupported(shown, 'its journal holds writes that are not in the disk yet (the host stopped hard)', CLONE);
  }
  const layout = { capacity, directory: field(16), directorySectors: field(17), tables: field(18), grains: field(24) };
  await checkGrains(layout, source, check);
  return capacity;
}

const CLONE = 'Let the host write a whole disk: vmkfstools -i DISK.vmdk -d thin COPY.vmdk, then name the copy.';

interface SeSparseLayout {
  readonly capacity: number;
  readonly directory: number;
  readonly directorySectors: number;
  readonly tables: number;
  readonly grains: number;
}

/** A directory entry is 0 or 0x10000000 and a table number; a grain's top four bits say what it is (3: data). */
async function checkGrains(layout: SeSparseLayout, source: ByteSource, check: SparseCheck): Promise<void> {
  const { shown } = check;
  const entries = Math.ceil(layout.capacity / (TABLE_ENTRIES * GRAIN_SECTORS));
  if (entries * 8 > layout.directorySectors * SECTOR)
    throw corrupt(shown, 'its grain directory is too small for its size');
  const reader = tableReader(source, check.signal);
  const seen = new Set<number>();
  const PIECE = 8192;
  for (let first = 0; first < entries; first += PIECE) {
    const count = Math.min(PIECE, entries - first);
    const directory = await reader.read(layout.directory * SECTOR + first * 8, count * 8);
    if (directory === null) throw truncated(shown, `its grain directory lies beyond the end (${source.size} bytes)`);
    for (let index = 0; index < count; index += 1) {
      const high = directory.readUInt32LE(index * 8 + 4);
      const table = directory.readUInt32LE(index * 8);
      if (high === 0 && table === 0) continue;
      if (high !== 0x10000000) throw corrupt(shown, 'an entry of its grain directory is no table');
      if (seen.has(table)) continue;
      seen.add(table);
      const offset = (layout.tables + table * TABLE_SECTORS) * SECTOR;
      const bytes = await reader.read(offset, TABLE_SECTORS * SECTOR);
      if (bytes === null && reader.exhausted) return check.unfinished();
      if (bytes === null)
        throw truncated(shown, `a grain table lies beyond the end, at ${offset} of ${source.size} bytes`);
      checkTable(bytes, (first + index) * TABLE_ENTRIES * GRAIN_SECTORS, layout, source.size, shown);
    }
  }
}

function checkTable(table: Buffer, firstSector: number, layout: SeSparseLayout, size: number, shown: string): void {
  for (let index = 0; index < TABLE_ENTRIES; index += 1) {
    const high = table.readUInt32LE(index * 8 + 4);
    const kind = high >>> 28;
    if (kind > 3) throw corrupt(shown, 'an entry of a grain table is no grain');
    if (kind !== 3) continue;
    const guestSector = firstSector + index * GRAIN_SECTORS;
    if (guestSector >= layout.capacity) break;
    // Bits 48 to 59 are the low twelve bits of the grain number, bits 0 to 47 the rest.
    const number = ((high >>> 16) & 0xfff) + ((high & 0xffff) * 2 ** 32 + table.readUInt32LE(index * 8)) * 4096;
    const wanted = Math.min(GRAIN_SECTORS, layout.capacity - guestSector);
    const end = (layout.grains + number * GRAIN_SECTORS + wanted) * SECTOR;
    if (end > size) {
      throw truncated(
        shown,
        `the data of byte ${guestSector * SECTOR} of the disk would end at ${end}, and the file has ${size} bytes`,
      );
    }
  }
}
