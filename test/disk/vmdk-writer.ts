import { writeFile } from 'node:fs/promises';

/**
 * Writes the kinds of VMDK that qemu-img cannot: ESX sparse extents (COWD) and seSparse extents, whole or as snapshots,
 * from the layouts that QEMU reads (block/vmdk.c). `grains` maps a grain's number to its bytes.
 */
export type Grains = ReadonlyMap<number, Buffer>;

const SECTOR = 512;

export function cowdExtent(capacitySectors: number, grainSectors: number, grains: Grains): Buffer {
  const tableEntries = 4096;
  const directoryEntries = Math.ceil(capacitySectors / (grainSectors * tableEntries));
  const directorySector = 4;
  const tablesSector = directorySector + Math.ceil((directoryEntries * 4) / SECTOR);
  const tableSectors = (tableEntries * 4) / SECTOR;
  const used = [...new Set([...grains.keys()].map((grain) => Math.floor(grain / tableEntries)))].sort((a, b) => a - b);
  const grainsSector = tablesSector + used.length * tableSectors;
  const file = Buffer.alloc((grainsSector + grains.size * grainSectors) * SECTOR);
  file.write('COWD', 0, 'latin1');
  [1, 3, capacitySectors, grainSectors, directorySector, directoryEntries, file.length / SECTOR].forEach(
    (value, index) => {
      file.writeUInt32LE(value, 4 + index * 4);
    },
  );
  used.forEach((table, index) => {
    file.writeUInt32LE(tablesSector + index * tableSectors, directorySector * SECTOR + table * 4);
  });
  [...grains.keys()]
    .sort((a, b) => a - b)
    .forEach((grain, index) => {
      const table = tablesSector + used.indexOf(Math.floor(grain / tableEntries)) * tableSectors;
      const sector = grainsSector + index * grainSectors;
      file.writeUInt32LE(sector, table * SECTOR + (grain % tableEntries) * 4);
      grains.get(grain)!.copy(file, sector * SECTOR);
    });
  return file;
}

export function seSparseExtent(capacitySectors: number, grains: Grains): Buffer {
  const tableEntries = 4096;
  const directoryEntries = Math.ceil(capacitySectors / (8 * tableEntries));
  const directorySectors = Math.ceil((directoryEntries * 8) / SECTOR);
  const directorySector = 8;
  const tablesSector = directorySector + directorySectors;
  const used = [...new Set([...grains.keys()].map((grain) => Math.floor(grain / tableEntries)))].sort((a, b) => a - b);
  const grainsSector = tablesSector + used.length * 64;
  const file = Buffer.alloc((grainsSector + grains.size * 8) * SECTOR);
  const header: Record<number, bigint> = {
    0: 0xcafebaben,
    1: 0x200000001n,
    2: BigInt(capacitySectors),
    3: 8n,
    4: 64n,
    10: 1n,
    11: 1n,
    16: BigInt(directorySector),
    17: BigInt(directorySectors),
    18: BigInt(tablesSector),
    19: BigInt(used.length * 64),
    24: BigInt(grainsSector),
    25: BigInt(grains.size * 8),
  };
  for (const [index, value] of Object.entries(header)) file.writeBigUInt64LE(value, Number(index) * 8);
  file.writeBigUInt64LE(0xcafecafen, SECTOR);
  used.forEach((table, index) => {
    file.writeBigUInt64LE(0x1000000000000000n | BigInt(index), directorySector * SECTOR + table * 8);
  });
  [...grains.keys()]
    .sort((a, b) => a - b)
    .forEach((grain, index) => {
      const table = tablesSector + used.indexOf(Math.floor(grain / tableEntries)) * 64;
      const entry = 0x3000000000000000n | ((BigInt(index) & 0xfffn) << 48n) | (BigInt(index) >> 12n);
      file.writeBigUInt64LE(entry, table * SECTOR + (grain % tableEntries) * 8);
      grains.get(grain)!.copy(file, (grainsSector + index * 8) * SECTOR);
    });
  return file;
}

export interface DescriptorText {
  readonly cid?: string;
  readonly parentCid?: string;
  readonly parentHint?: string;
  readonly createType: string;
  readonly extents: readonly string[];
  readonly more?: readonly string[];
}

export function descriptorText(given: DescriptorText): string {
  return [
    '# Disk DescriptorFile',
    'version=1',
    'encoding="UTF-8"',
    `CID=${given.cid ?? '12345678'}`,
    `parentCID=${given.parentCid ?? 'ffffffff'}`,
    `createType="${given.createType}"`,
    ...(given.parentHint === undefined ? [] : [`parentFileNameHint="${given.parentHint}"`]),
    '',
    '# Extent description',
    ...given.extents,
    '',
    '# The Disk Data Base ',
    '#DDB',
    '',
    'ddb.adapterType = "lsilogic"',
    ...(given.more ?? []),
    '',
  ].join('\n');
}

export async function writeDescriptor(path: string, given: DescriptorText): Promise<void> {
  await writeFile(path, descriptorText(given));
}

/** The grains of a disk that hold anything, from its whole content. */
export function grainsOf(content: Buffer, grainBytes: number): Map<number, Buffer> {
  const grains = new Map<number, Buffer>();
  const zeros = Buffer.alloc(grainBytes);
  for (let grain = 0; grain * grainBytes < content.length; grain += 1) {
    const bytes = content.subarray(grain * grainBytes, (grain + 1) * grainBytes);
    if (!bytes.equals(zeros.subarray(0, bytes.length))) grains.set(grain, bytes);
  }
  return grains;
}

/**
 * A streamOptimized disk of qemu-img as VMware's exporter writes it: the directory is found by a footer, which stands
 * before the end-of-stream marker; the header in front says "at the end" instead.
 */
export function withFooter(image: Buffer): Buffer {
  const front = Buffer.from(image);
  const marker = Buffer.alloc(SECTOR);
  marker.writeUInt32LE(1, 0);
  marker.writeUInt32LE(3, 12);
  front.writeBigUInt64LE(0xffffffffffffffffn, 56);
  return Buffer.concat([front, marker, image.subarray(0, SECTOR), Buffer.alloc(SECTOR)]);
}
