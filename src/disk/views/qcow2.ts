import { constants, inflateRawSync } from 'node:zlib';
import { damaged, exact, unsupported } from './faults.js';
import { type BlockView, checkRange, readBytes, readUpTo } from './view.js';

/** docs/interop/qcow2.txt of QEMU. */
const MAGIC = 0x514649fb;
const FEATURE_DIRTY_OR_CORRUPT = 3n;
const MAX_L1_BYTES = 32 * 2 ** 20;
const MAX_L2_TABLES = 256;
const MAX_UNPACKED = 32;

type Cluster =
  | { readonly kind: 'absent' | 'zero' }
  | { readonly kind: 'stored'; readonly offset: number }
  | { readonly kind: 'packed'; readonly offset: number; readonly length: number };

const ABSENT: Cluster = { kind: 'absent' };
const ZERO: Cluster = { kind: 'zero' };

/**
 * The active state of a qcow2 image (versions 2 and 3, zlib).
 * @param backing What lies below clusters that the image does not hold; null when it has no backing file.
 */
export function qcow2View(file: BlockView, backing: BlockView | null): BlockView {
  const header = readUpTo(file, 0, 112);
  if (header.length < 72 || header.readUInt32BE(0) !== MAGIC) throw damaged('no qcow2 header');
  const version = header.readUInt32BE(4);
  if (version !== 2 && version !== 3) throw unsupported(`qcow2 version ${version}`);
  const hasBacking = header.readBigUInt64BE(8) !== 0n;
  if (hasBacking !== (backing !== null)) throw unsupported('qcow2 backing file was not checked');
  const clusterBits = header.readUInt32BE(20);
  if (clusterBits < 9 || clusterBits > 21) throw damaged(`qcow2 cluster bits ${clusterBits}`);
  if (header.readUInt32BE(32) !== 0) throw unsupported('encrypted qcow2');
  const features = version === 3 && header.length >= 104 ? header.readBigUInt64BE(72) : 0n;
  const unknown = features & ~FEATURE_DIRTY_OR_CORRUPT;
  if (unknown !== 0n) throw unsupported(`qcow2 features 0x${unknown.toString(16)} (data file, zstd, extended L2)`);

  const size = exact(header.readBigUInt64BE(24), 'qcow2 size');
  const clusterSize = 2 ** clusterBits;
  const perTable = clusterSize / 8;
  const level1Bytes = header.readUInt32BE(36) * 8;
  if (level1Bytes > MAX_L1_BYTES) throw damaged('qcow2 L1 table is too large');
  if (level1Bytes / 8 < Math.ceil(size / clusterSize / perTable)) throw damaged('qcow2 L1 table is too short');
  const level1 = readBytes(file, exact(header.readBigUInt64BE(40), 'qcow2 L1 offset'), level1Bytes);
  const tables = new Map<number, Buffer | null>();
  const unpacked = new Map<number, Buffer>();

  const tableAt = (index: number): Buffer | null => {
    const known = tables.get(index);
    if (known !== undefined) return known;
    const offset = offsetOf(level1.readUInt32BE(index * 8), level1.readUInt32BE(index * 8 + 4));
    const table = offset === 0 ? null : readBytes(file, offset, clusterSize);
    if (tables.size >= MAX_L2_TABLES) tables.delete(tables.keys().next().value!);
    tables.set(index, table);
    return table;
  };

  const clusterAt = (number: number): Cluster => {
    const table = tableAt(Math.floor(number / perTable));
    if (table === null) return ABSENT;
    const high = table.readUInt32BE((number % perTable) * 8);
    const low = table.readUInt32BE((number % perTable) * 8 + 4);
    if ((high & 0x40000000) !== 0) return packedCluster(high, low, clusterBits);
    if (version === 3 && (low & 1) !== 0) return ZERO;
    const offset = offsetOf(high, low);
    if (offset === 0) return ABSENT;
    if (offset % clusterSize !== 0) throw damaged(`qcow2 cluster ${number} is not aligned`);
    return { kind: 'stored', offset };
  };

  const unpack = (number: number, { offset, length }: { offset: number; length: number }): Buffer => {
    const known = unpacked.get(number);
    if (known !== undefined) return known;
    const cluster = inflateCluster(readUpTo(file, offset, length), clusterSize);
    if (unpacked.size >= MAX_UNPACKED) unpacked.delete(unpacked.keys().next().value!);
    unpacked.set(number, cluster);
    return cluster;
  };

  return {
    size,
    read(target, at, length, offset) {
      checkRange(offset, length, size);
      for (let done = 0; done < length; ) {
        const number = Math.floor((offset + done) / clusterSize);
        const inside = offset + done - number * clusterSize;
        const cluster = clusterAt(number);
        let count = Math.min(length - done, clusterSize - inside);
        // One read for neighbours that are stored as neighbours, or absent together.
        for (let next = number + 1; count < length - done && cluster.kind !== 'packed'; next += 1) {
          const other = clusterAt(next);
          if (other.kind !== cluster.kind) break;
          if (other.kind === 'stored' && cluster.kind === 'stored') {
            if (other.offset !== cluster.offset + (next - number) * clusterSize) break;
          }
          count = Math.min(length - done, count + clusterSize);
        }
        if (cluster.kind === 'stored') file.read(target, at + done, count, cluster.offset + inside);
        else if (cluster.kind === 'packed') {
          target.set(unpack(number, cluster).subarray(inside, inside + count), at + done);
        } else if (cluster.kind === 'absent' && backing !== null) {
          readPadded(backing, target, at + done, count, offset + done);
        } else target.fill(0, at + done, at + done + count);
        done += count;
      }
    },
  };
}

/** Reads from what lies below, which may end earlier: zeros follow. */
export function readPadded(view: BlockView, target: Uint8Array, at: number, length: number, offset: number): void {
  const there = Math.max(0, Math.min(length, view.size - offset));
  if (there > 0) view.read(target, at, there, offset);
  target.fill(0, at + there, at + length);
}

/** Bits 9-55 of a table entry. */
function offsetOf(high: number, low: number): number {
  return (high & 0x00ffffff) * 2 ** 32 + ((low & 0xfffffe00) >>> 0);
}

function packedCluster(high: number, low: number, clusterBits: number): Cluster {
  const entry = (BigInt(high) << 32n) | BigInt(low);
  const offsetBits = BigInt(62 - (clusterBits - 8));
  const offset = Number(entry & ((1n << offsetBits) - 1n));
  const sectors = Number((entry >> offsetBits) & ((1n << BigInt(clusterBits - 8)) - 1n));
  return { kind: 'packed', offset, length: (sectors + 1) * 512 - (offset % 512) };
}

function inflateCluster(packed: Buffer, clusterSize: number): Buffer {
  try {
    // The stored length is rounded up to sectors, so the stream ends before its input does.
    const cluster = inflateRawSync(packed, { maxOutputLength: clusterSize, finishFlush: constants.Z_SYNC_FLUSH });
    if (cluster.length === clusterSize) return cluster;
  } catch {
    // falls through: reported below, with what matters
  }
  throw damaged('a compressed qcow2 cluster cannot be unpacked');
}
