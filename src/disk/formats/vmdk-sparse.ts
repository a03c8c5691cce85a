import type { ByteSource } from '../byte-source.js';
import { safeNumber } from '../byte-source.js';
import { corrupt, truncated, unsupported } from '../failures.js';
import { type TableReader, tableReader } from '../layer.js';

/** "KDMV" and "COWD", read as big-endian numbers: VMware, "Virtual Disk Format 5.0", hosted and ESX sparse extents. */
export const HOSTED_MAGIC = 0x4b444d56;
export const COWD_MAGIC = 0x434f5744;

const SECTOR = 512;
const AT_END = 0xffffffffffffffffn;
const FLAG = { newLineTest: 1, zeroGrain: 4, markers: 1 << 17 } as const;
const MARKER_FOOTER = 3;
const MAX_GRAIN_SECTORS = 0x200000;
const MAX_DIRECTORY = 32 * 1024 * 1024;
const COWD_TABLE_ENTRIES = 4096;

export interface SparseExtent {
  readonly capacitySectors: number;
  readonly compressed: boolean;
  /** Where the descriptor stands inside of the extent, in bytes; absent in a part of a split disk. */
  readonly descriptor?: { readonly offset: number; readonly length: number };
  /** Whether the grain directory stands at the end, behind a footer (QEMU finds it only in the main file). */
  readonly hasFooter: boolean;
}

/** What a walk over the grains needs to know. All numbers are sectors but for `tableEntries`. */
interface GrainMap {
  readonly capacity: number;
  readonly grain: number;
  readonly tableEntries: number;
  readonly directory: number;
  readonly zeroGrain: boolean;
  readonly compressed: boolean;
  readonly markers: boolean;
}

export interface SparseCheck {
  readonly shown: string;
  readonly signal?: AbortSignal;
  /** Called when the tables are too many to look at all of them. */
  unfinished(): void;
}

/** Checks a sparse extent of either kind: header, directory, tables, and that every grain lies inside the file. */
export async function checkSparseExtent(source: ByteSource, check: SparseCheck): Promise<SparseExtent> {
  const header = await source.read(0, SECTOR);
  if (header.length < SECTOR) throw truncated(check.shown, `its header has ${header.length} of ${SECTOR} bytes`);
  if (header.readUInt32BE(0) === COWD_MAGIC) return checkCowd(header, source, check);
  if (header.readUInt32BE(0) !== HOSTED_MAGIC)
    throw corrupt(check.shown, 'it should be a sparse extent and does not begin like one');
  return checkHosted(header, source, check);
}

async function checkHosted(front: Buffer, source: ByteSource, check: SparseCheck): Promise<SparseExtent> {
  const { shown } = check;
  const hasFooter = front.readBigUInt64LE(56) === AT_END;
  const header = hasFooter ? await readFooter(source, shown) : front;
  const version = header.readUInt32LE(4);
  if (version < 1 || version > 3)
    throw unsupported(shown, `VMDK version ${version} is not read`, 'Export the machine again as OVA, then name that.');
  const flags = header.readUInt32LE(8);
  if ((flags & FLAG.newLineTest) !== 0 && header.toString('latin1', 73, 77) !== '\n \r\n') {
    throw corrupt(shown, 'its line ends were rewritten, as by a transfer in text mode');
  }
  const compressAlgorithm = header.readUInt16LE(77);
  if (compressAlgorithm > 1)
    throw unsupported(
      shown,
      `the compression ${compressAlgorithm} is not read`,
      'Export the machine again as OVA, then name that.',
    );
  const number = (offset: number, of = header): number => bounded(of, offset, shown);
  const overhead = number(64);
  if (overhead * SECTOR > source.size)
    throw truncated(shown, `its header and tables take ${overhead * SECTOR} bytes, and the file has ${source.size}`);
  const map: GrainMap = {
    capacity: number(12),
    grain: number(20),
    tableEntries: header.readUInt32LE(44),
    directory: number(56),
    zeroGrain: (flags & FLAG.zeroGrain) !== 0,
    compressed: compressAlgorithm === 1,
    markers: (flags & FLAG.markers) !== 0,
  };
  // QEMU takes extents from the descriptor inside when the header in front has no capacity, footer or not.
  if (map.capacity === 0 || number(12, front) === 0)
    throw unsupported(
      shown,
      'it is an empty shell around a descriptor',
      'Export the machine again as OVA, then name that.',
    );
  await checkGrains(map, source, check);
  const descriptor = { offset: bounded(front, 28, shown) * SECTOR, length: bounded(front, 36, shown) * SECTOR };
  const isDescribed = descriptor.offset > 0 && descriptor.length > 0;
  return {
    capacitySectors: map.capacity,
    compressed: map.compressed,
    hasFooter,
    ...(isDescribed ? { descriptor } : {}),
  };
}

/** The last three sectors: a marker, the header that counts, the end-of-stream marker. */
async function readFooter(source: ByteSource, shown: string): Promise<Buffer> {
  const end = await source.read(source.size - 3 * SECTOR, 3 * SECTOR);
  const isWhole =
    source.size % SECTOR === 0 &&
    end.length === 3 * SECTOR &&
    end.readUInt32LE(8) === 0 &&
    end.readUInt32LE(12) === MARKER_FOOTER &&
    end.readUInt32BE(SECTOR) === HOSTED_MAGIC &&
    end.subarray(2 * SECTOR, 2 * SECTOR + 16).every((byte) => byte === 0);
  if (!isWhole)
    throw truncated(shown, 'the footer and the end-of-stream marker that close a streamOptimized disk are missing');
  const footer = end.subarray(SECTOR, 2 * SECTOR);
  if (footer.readBigUInt64LE(56) === AT_END) throw corrupt(shown, 'its footer points to another footer');
  return footer;
}

async function checkCowd(header: Buffer, source: ByteSource, check: SparseCheck): Promise<SparseExtent> {
  const map: GrainMap = {
    capacity: header.readUInt32LE(12),
    grain: header.readUInt32LE(16),
    tableEntries: COWD_TABLE_ENTRIES,
    directory: header.readUInt32LE(20),
    zeroGrain: false,
    compressed: false,
    markers: false,
  };
  const entries = header.readUInt32LE(24);
  await checkGrains(map, source, check);
  if (entries < Math.ceil(map.capacity / (map.grain * map.tableEntries))) {
    throw corrupt(check.shown, 'its grain directory is too small for its size');
  }
  return { capacitySectors: map.capacity, compressed: false, hasFooter: false };
}

/** Tables are visited once each, however often the directory names them. */
async function checkGrains(map: GrainMap, source: ByteSource, check: SparseCheck): Promise<void> {
  const { shown } = check;
  if (map.grain < 1 || map.grain > MAX_GRAIN_SECTORS) throw corrupt(shown, `a grain size of ${map.grain} sectors`);
  if (map.tableEntries < 1 || map.tableEntries > COWD_TABLE_ENTRIES)
    throw corrupt(shown, `grain tables of ${map.tableEntries} entries`);
  const perTable = map.grain * map.tableEntries;
  const entries = Math.ceil(map.capacity / perTable);
  if (entries > MAX_DIRECTORY) throw corrupt(shown, `a grain directory of ${entries} entries`);
  const tables = tableReader(source, check.signal);
  const seen = new Set<number>();
  let lastGrain = 0;
  const PIECE = 16384;
  for (let first = 0; first < entries; first += PIECE) {
    const count = Math.min(PIECE, entries - first);
    const directory = await tables.read(map.directory * SECTOR + first * 4, count * 4);
    if (directory === null)
      return stop(tables, check, `its grain directory lies beyond the end (${source.size} bytes)`);
    for (let index = 0; index < count; index += 1) {
      const tableSector = directory.readUInt32LE(index * 4);
      if (tableSector === 0 || seen.has(tableSector)) continue;
      seen.add(tableSector);
      const table = await tables.read(tableSector * SECTOR, map.tableEntries * 4);
      if (table === null)
        return stop(
          tables,
          check,
          `a grain table lies beyond the end, at ${tableSector * SECTOR} of ${source.size} bytes`,
        );
      lastGrain = Math.max(lastGrain, checkTable(table, (first + index) * perTable, map, source.size, shown));
    }
  }
  // Whoever writes compressed grains fills the last sector.
  if (map.compressed && source.size % SECTOR !== 0) throw truncated(shown, 'it ends inside of a sector');
  if (map.compressed && lastGrain > 0) await checkLastCompressedGrain(lastGrain * SECTOR, map, source, shown);
}

/** The sector of the last grain of a table; throws when a grain ends beyond the file. */
function checkTable(table: Buffer, firstSector: number, map: GrainMap, size: number, shown: string): number {
  let last = 0;
  for (let index = 0; index < map.tableEntries; index += 1) {
    const sector = table.readUInt32LE(index * 4);
    if (sector === 0 || (sector === 1 && map.zeroGrain)) continue;
    const guestSector = firstSector + index * map.grain;
    const wanted = map.compressed ? 1 : Math.min(map.grain, map.capacity - guestSector);
    if (wanted <= 0) break;
    if ((sector + wanted) * SECTOR > size) {
      // The last compressed grain of a file need not fill its sector.
      const isInside = map.compressed && sector * SECTOR + 12 < size;
      if (!isInside) {
        throw truncated(
          shown,
          `the data of byte ${guestSector * SECTOR} of the disk would end at ${(sector + wanted) * SECTOR}, and the file has ${size} bytes`,
        );
      }
    }
    if (sector > last) last = sector;
  }
  return last;
}

/** Compressed grains say themselves how long they are. A cut takes the last one first, so that one is looked at. */
async function checkLastCompressedGrain(
  offset: number,
  map: GrainMap,
  source: ByteSource,
  shown: string,
): Promise<void> {
  if (!map.markers) return;
  const marker = await source.read(offset, 12);
  const length = marker.length === 12 ? marker.readUInt32LE(8) : 0;
  if (length === 0) throw truncated(shown, `there is no compressed data where the last grain should be (at ${offset})`);
  if (length > map.grain * SECTOR * 2) throw corrupt(shown, `a compressed grain of ${length} bytes`);
  if (offset + 12 + length > source.size) {
    throw truncated(
      shown,
      `its last grain would end at ${offset + 12 + length}, and the file has ${source.size} bytes`,
    );
  }
}

function stop(tables: TableReader, check: SparseCheck, what: string): void {
  if (!tables.exhausted) throw truncated(check.shown, what);
  check.unfinished();
}

function bounded(bytes: Buffer, offset: number, shown: string): number {
  const value = safeNumber(bytes.readBigUInt64LE(offset));
  if (value === null || value > 2 ** 43) throw corrupt(shown, 'an impossible number in its header');
  return value;
}
