import { damaged } from '../../../disk/views/faults.js';
import { type BlockView, readBytes } from '../../../disk/views/view.js';

/** Where things are on a FAT file system; offsets and lengths in bytes. */
export interface FatLayout {
  /** Bits of an entry of the table. */
  readonly bits: 12 | 16 | 32;
  readonly clusterSize: number;
  /** Clusters that hold data; they are numbered from 2. */
  readonly clusters: number;
  readonly tableAt: number;
  readonly dataAt: number;
  /** The root of FAT12 and FAT16 lies before the data; that of FAT32 begins in a cluster. */
  readonly root: { readonly at: number; readonly length: number } | { readonly cluster: number };
}

/** A disk with more clusters than this is FAT16 (as Linux counts, which is not quite as Microsoft does). */
const MAX_CLUSTERS_12 = 0xff4;
const MAX_CLUSTERS = { 12: MAX_CLUSTERS_12, 16: 0xfff4, 32: 0x0ffffff6 } as const;

/** Reads and checks the BIOS parameter block (Microsoft's FAT specification, chapter 3). */
export function readBootSector(view: BlockView): FatLayout {
  const raw = readBytes(view, 0, 512);
  const sector = raw.readUInt16LE(11);
  if (!isPower(sector) || sector < 512 || sector > 4096) throw damaged('FAT sector size');
  const sectorsPerCluster = raw[13]!;
  if (!isPower(sectorsPerCluster)) throw damaged('FAT cluster size');
  const reserved = raw.readUInt16LE(14);
  const tables = raw[16]!;
  if (reserved === 0 || tables === 0) throw damaged('FAT without a table');
  const rootEntries = raw.readUInt16LE(17);
  const isFat32 = raw.readUInt16LE(22) === 0;
  const tableSectors = isFat32 ? raw.readUInt32LE(36) : raw.readUInt16LE(22);
  const sectors = raw.readUInt16LE(19) || raw.readUInt32LE(32);
  const rootSectors = Math.ceil((rootEntries * 32) / sector);
  const dataSector = reserved + tables * tableSectors + rootSectors;
  if (tableSectors === 0 || dataSector >= sectors) throw damaged('FAT without data');
  if (sectors * sector > view.size) throw damaged(`FAT file system of ${sectors * sector} bytes on ${view.size}`);
  const described = Math.floor((sectors - dataSector) / sectorsPerCluster);
  const bits = isFat32 ? 32 : described > MAX_CLUSTERS_12 ? 16 : 12;
  const clusters = Math.min(described, Math.floor((tableSectors * sector * 8) / bits) - 2);
  if (clusters < 1 || clusters > MAX_CLUSTERS[bits]) throw damaged(`FAT${bits} with ${clusters} clusters`);
  return {
    bits,
    clusterSize: sector * sectorsPerCluster,
    clusters,
    tableAt: reserved * sector,
    dataAt: dataSector * sector,
    root: isFat32
      ? { cluster: raw.readUInt32LE(44) }
      : { at: (reserved + tables * tableSectors) * sector, length: rootEntries * 32 },
  };
}

function isPower(value: number): boolean {
  return value > 0 && (value & (value - 1)) === 0;
}
