import { inflateRawSync } from 'node:zlib';
import { zstdFrameSize } from '../../syntax/zstd-frame.js';
import { corrupt, truncated } from '../failures.js';
import { type LayerContext, tableReader } from '../layer.js';

/** What leads from a byte of the guest to its cluster in a qcow2 file. */
export interface ClusterMap {
  readonly clusterBits: number;
  readonly virtualSize: number;
  readonly l1Size: number;
  readonly l1Offset: number;
  readonly extendedL2: boolean;
  /** Compressed clusters are raw deflate; otherwise Zstandard. */
  readonly isZlib: boolean;
}

interface CompressedRange {
  readonly offset: number;
  /** Of the last sector that holds a part of it. */
  readonly end: number;
}

const SECTOR = 512;

/**
 * Every allocated cluster must end inside the file: QEMU itself reads what is missing as zeros. Tables are visited once
 * each, so a table that is referred to a million times costs no more than one.
 */
export async function checkClusters(header: ClusterMap, dataSize: number, context: LayerContext): Promise<void> {
  const { shown, source } = context;
  const clusterSize = 2 ** header.clusterBits;
  const entrySize = header.extendedL2 ? 16 : 8;
  const tables = tableReader(source, context.signal);
  const seen = new Set<number>();
  let tail: CompressedRange | null = null;
  const l1 = await tables.read(header.l1Offset, header.l1Size * 8);
  if (l1 === null)
    throw truncated(shown, `its cluster table (L1) lies beyond the end, at ${header.l1Offset} of ${source.size} bytes`);
  if (header.l1Offset % clusterSize !== 0) throw corrupt(shown, 'its L1 table is not aligned');
  const clustersOfL2 = clusterSize / entrySize;
  for (let index = 0; index < header.l1Size; index += 1) {
    const l2Offset = pointer(l1, index * 8);
    if (l2Offset === 0 || seen.has(l2Offset)) continue;
    seen.add(l2Offset);
    if (l2Offset % clusterSize !== 0) throw corrupt(shown, `a cluster table at the odd offset ${l2Offset}`);
    const l2 = await tables.read(l2Offset, clusterSize);
    if (l2 === null) {
      if (tables.exhausted) return reportUnfinished(context);
      throw truncated(shown, `a cluster table lies beyond the end, at ${l2Offset} of ${source.size} bytes`);
    }
    const guestStart = index * clustersOfL2 * clusterSize;
    for (let entry = 0; entry < clustersOfL2; entry += 1) {
      const wanted = Math.min(clusterSize, header.virtualSize - (guestStart + entry * clusterSize));
      if (wanted <= 0) break;
      const end = endOfCluster(l2, entry * entrySize, header, wanted);
      const compressed = isCompressed(l2, entry * entrySize);
      if (compressed && end > source.size) {
        // Several may end in the last sector: a cut takes from the one that begins last.
        const range = compressedRange(l2, entry * entrySize, header.clusterBits);
        if (tail === null || range.offset > tail.offset) tail = range;
      }
      const limit = compressed ? Math.ceil(source.size / SECTOR) * SECTOR : dataSize;
      if (end > limit) {
        throw truncated(
          shown,
          `the data of byte ${guestStart + entry * clusterSize} of the disk would end at ${end}, and the file has ${limit} bytes`,
        );
      }
    }
  }
  if (tail !== null) await checkTail(tail, header, context);
}

function isCompressed(table: Buffer, position: number): boolean {
  return (table[position]! & 0x40) !== 0;
}

/** Bits 9 to 55 of a table entry: the offset it points to. */
function pointer(table: Buffer, position: number): number {
  return (
    (table.readUInt32BE(position) & 0x00ffffff) * 2 ** 32 + ((table.readUInt32BE(position + 4) & 0xfffffe00) >>> 0)
  );
}

/** Where compressed data begins, and how many bytes of whole sectors it has; a cluster may begin inside of a sector. */
function compressedRange(table: Buffer, position: number, clusterBits: number): CompressedRange {
  const entry = table.readBigUInt64BE(position) & ((1n << 62n) - 1n);
  const offsetBits = BigInt(62 - (clusterBits - 8));
  const offset = Number(entry & ((1n << offsetBits) - 1n));
  return { offset, end: offset - (offset % SECTOR) + (Number(entry >> offsetBits) + 1) * SECTOR };
}

/** The last compressed cluster need not fill its last sector. Whether it is whole shows when it is unpacked. */
async function checkTail({ offset, end }: CompressedRange, header: ClusterMap, context: LayerContext): Promise<void> {
  const { source, shown } = context;
  const clusterSize = 2 ** header.clusterBits;
  const packed = await source.read(offset, Math.min(end - offset, 2 * clusterSize));
  const isWhole = header.isZlib ? inflatesTo(packed, clusterSize) : zstdFrameSize(packed) !== null;
  if (isWhole) return;
  throw truncated(shown, `the compressed data at ${offset} ends too early, with the file (${source.size} bytes)`);
}

function inflatesTo(packed: Buffer, size: number): boolean {
  try {
    return inflateRawSync(packed, { maxOutputLength: size }).length === size;
  } catch {
    return false;
  }
}

/** Where the data of an L2 entry ends in the file; 0 when it has none. */
function endOfCluster(table: Buffer, position: number, header: ClusterMap, wanted: number): number {
  if (isCompressed(table, position)) return compressedRange(table, position, header.clusterBits).end;
  const offset = pointer(table, position);
  if (offset === 0) return 0;
  if (header.extendedL2) {
    const allocated = table.readUInt32BE(position + 12);
    if (allocated === 0) return 0;
    const last = 31 - Math.clz32(allocated);
    return offset + Math.min(wanted, ((last + 1) * 2 ** header.clusterBits) / 32);
  }
  const isZero = (table[position + 7]! & 1) !== 0;
  return isZero ? 0 : offset + wanted;
}

function reportUnfinished(context: LayerContext): void {
  context.report({
    code: 'disk-not-fully-checked',
    path: context.shown,
    reason: 'the tables of the image are too large to check all of them; it may be cut',
  });
}
