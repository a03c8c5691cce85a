import { type ByteSource, safeNumber } from '../byte-source.js';
import { corrupt, truncated, unsupported } from '../failures.js';
import { type Layer, type LayerContext, tableReader } from '../layer.js';

/** Microsoft, [MS-VHDX]: Virtual Hard Disk v2 File Format. All numbers are little-endian. */
export const VHDX_SIGNATURE = 'vhdxfile';

const KIB = 1024;
const MIB = 1024 * KIB;
const HEADER_OFFSETS = [64 * KIB, 128 * KIB];
const REGION_TABLE_OFFSETS = [192 * KIB, 256 * KIB];
const REGION = {
  bat: '2dc27766-f623-4200-9d64-115e9bfd4a08',
  metadata: '8b7ca206-4790-4b9a-b8fe-575f050f886e',
} as const;
const ITEM = {
  fileParameters: 'caa16737-fa36-4d43-b3b6-33f0aa44e76b',
  virtualSize: '2fa54224-cd1b-4876-b211-5dbed83bf4b8',
  logicalSectorSize: '8141bf1d-a96f-4709-ba47-f233a8faab5f',
} as const;
const BLOCK = { fullyPresent: 6, partiallyPresent: 7 } as const;
const MAX_ENTRIES = 2047;
const MAX_LOG_BYTES = 64 * MIB;
const MAX_VIRTUAL_SIZE = 64 * 1024 ** 4;

interface Region {
  readonly offset: number;
  readonly length: number;
}

/** Checks a VHDX: a clean log, no parent, every payload block inside the file. */
export async function openVhdx(context: LayerContext): Promise<Layer> {
  const { shown } = context;
  await checkHeaders(context);
  const regions = await readRegions(context);
  const disk = await readMetadata(regions.metadata, context);
  if (disk.hasParent) {
    throw unsupported(
      shown,
      'it is a differencing disk, whose parent QEMU does not follow',
      'Merge it where it came from (Hyper-V: Merge-VHD, or Convert-VHD to a new dynamic disk), then name the result.',
    );
  }
  if (disk.logicalSectorSize !== 512) {
    throw unsupported(
      shown,
      `it has sectors of ${disk.logicalSectorSize} bytes, and QEMU reads VHDX with 512 alone`,
      'Convert it to a raw disk with Hyper-V or another program, then name that.',
    );
  }
  await checkBlocks(regions.bat, disk, context);
  return {
    format: 'vhdx',
    virtualSize: disk.virtualSize,
    node: { driver: 'vhdx', 'read-only': true, file: context.protocolNode },
  };
}

/** The current header is the intact one with the higher sequence number; a log that it names must be replayed first. */
async function checkHeaders({ source, shown }: LayerContext): Promise<void> {
  let current: Buffer | null = null;
  for (const offset of HEADER_OFFSETS) {
    const header = await source.read(offset, 4096);
    if (header.length < 4096) throw truncated(shown, `its headers lie beyond the end (${source.size} bytes)`);
    if (header.toString('latin1', 0, 4) !== 'head' || !checksumHolds(header)) continue;
    if (current === null || header.readBigUInt64LE(8) > current.readBigUInt64LE(8)) current = header;
  }
  if (current === null) throw corrupt(shown, 'neither of its two headers is intact');
  if (await hasLogEntries(current, source)) {
    throw unsupported(
      shown,
      'its log holds writes that are not in the disk yet (the machine was not shut down cleanly)',
      'Work on a copy: open and close the copy once in Hyper-V, or run qemu-img check -r all COPY.vhdx; then name the copy.',
    );
  }
}

/** Entries of the log count when they carry the identifier that the header gives; zero stands for an empty log. */
async function hasLogEntries(header: Buffer, source: ByteSource): Promise<boolean> {
  const identifier = header.subarray(48, 64);
  if (identifier.equals(Buffer.alloc(16))) return false;
  const length = Math.min(header.readUInt32LE(68), MAX_LOG_BYTES);
  const start = safeNumber(header.readBigUInt64LE(72)) ?? source.size;
  for (let offset = start; offset < start + length; offset += MIB) {
    const piece = await source.read(offset, MIB);
    for (let at = 0; at + 64 <= piece.length; at += 4096) {
      if (piece.toString('latin1', at, at + 4) === 'loge' && piece.subarray(at + 32, at + 48).equals(identifier))
        return true;
    }
    if (piece.length < MIB) break;
  }
  return false;
}

async function readRegions({ source, shown }: LayerContext): Promise<{ bat: Region; metadata: Region }> {
  for (const offset of REGION_TABLE_OFFSETS) {
    const table = await source.read(offset, 64 * KIB);
    if (table.length < 64 * KIB) throw truncated(shown, `its region table lies beyond the end (${source.size} bytes)`);
    const count = table.readUInt32LE(8);
    if (table.toString('latin1', 0, 4) !== 'regi' || count > MAX_ENTRIES || !checksumHolds(table)) continue;
    const found = new Map<string, Region>();
    for (let index = 0; index < count; index += 1) {
      const position = 16 + index * 32;
      const start = safeNumber(table.readBigUInt64LE(position + 16));
      if (start === null) throw corrupt(shown, 'an impossible offset in its region table');
      found.set(guidAt(table, position), { offset: start, length: table.readUInt32LE(position + 24) });
    }
    const bat = found.get(REGION.bat);
    const metadata = found.get(REGION.metadata);
    if (bat === undefined || metadata === undefined)
      throw corrupt(shown, 'its region table names no block table or no metadata');
    return { bat, metadata };
  }
  throw corrupt(shown, 'neither of its two region tables is intact');
}

interface VirtualDisk {
  readonly virtualSize: number;
  readonly blockSize: number;
  readonly logicalSectorSize: number;
  readonly hasParent: boolean;
}

async function readMetadata(region: Region, { source, shown }: LayerContext): Promise<VirtualDisk> {
  const table = await source.read(region.offset, 64 * KIB);
  if (table.length < 64 * KIB) throw truncated(shown, `its metadata lies beyond the end (${source.size} bytes)`);
  const count = table.readUInt16LE(10);
  if (table.toString('latin1', 0, 8) !== 'metadata' || count > MAX_ENTRIES)
    throw corrupt(shown, 'its metadata table is not one');
  const items = new Map<string, Buffer>();
  for (let index = 0; index < count; index += 1) {
    const position = 32 + index * 32;
    const name = guidAt(table, position);
    if (!(Object.values(ITEM) as string[]).includes(name)) continue;
    const length = Math.min(table.readUInt32LE(position + 20), 64);
    items.set(name, await source.read(region.offset + table.readUInt32LE(position + 16), length));
  }
  const parameters = items.get(ITEM.fileParameters);
  const size = items.get(ITEM.virtualSize);
  const sector = items.get(ITEM.logicalSectorSize);
  if ((parameters?.length ?? 0) < 8 || (size?.length ?? 0) < 8 || (sector?.length ?? 0) < 4) {
    throw corrupt(shown, 'its metadata lacks the size of the disk, of its blocks or of its sectors');
  }
  const virtualSize = safeNumber(size!.readBigUInt64LE(0));
  const blockSize = parameters!.readUInt32LE(0);
  const logicalSectorSize = sector!.readUInt32LE(0);
  const isPower = blockSize >= MIB && blockSize <= 256 * MIB && (blockSize & (blockSize - 1)) === 0;
  if (!isPower || virtualSize === null || virtualSize > MAX_VIRTUAL_SIZE || ![512, 4096].includes(logicalSectorSize)) {
    throw corrupt(shown, 'impossible sizes in its metadata');
  }
  return { virtualSize, blockSize, logicalSectorSize, hasParent: (parameters!.readUInt32LE(4) & 2) !== 0 };
}

/** After each `chunkRatio` payload entries of the block table comes one of a sector bitmap. */
async function checkBlocks(region: Region, disk: VirtualDisk, { source, shown, signal }: LayerContext): Promise<void> {
  const chunkRatio = (2 ** 23 * disk.logicalSectorSize) / disk.blockSize;
  const blocks = Math.ceil(disk.virtualSize / disk.blockSize);
  const entries = blocks + Math.floor(Math.max(0, blocks - 1) / chunkRatio);
  if (entries * 8 > region.length) throw corrupt(shown, 'its block table is too small for its size');
  const tables = tableReader(source, signal);
  const PIECE = 8192;
  for (let first = 0; first < entries; first += PIECE) {
    const count = Math.min(PIECE, entries - first);
    const piece = await tables.read(region.offset + first * 8, count * 8);
    if (piece === null) throw truncated(shown, `its block table lies beyond the end (${source.size} bytes)`);
    for (let index = 0; index < count; index += 1) {
      const entry = first + index;
      if (entry % (chunkRatio + 1) === chunkRatio) continue;
      const state = piece[index * 8]! & 7;
      if (state !== BLOCK.fullyPresent && state !== BLOCK.partiallyPresent) continue;
      const block = entry - Math.floor(entry / (chunkRatio + 1));
      const start = piece.readUInt32LE(index * 8 + 4) * 2 ** 32 + ((piece.readUInt32LE(index * 8) & 0xfff00000) >>> 0);
      const wanted = Math.min(disk.blockSize, disk.virtualSize - block * disk.blockSize);
      if (start + wanted > source.size) {
        throw truncated(
          shown,
          `block ${block} of the disk would end at ${start + wanted}, and the file has ${source.size} bytes`,
        );
      }
    }
  }
}

function guidAt(bytes: Buffer, position: number): string {
  const hex = (start: number, end: number): string => bytes.toString('hex', position + start, position + end);
  const number = (start: number, size: 2 | 4): string =>
    bytes
      .readUIntLE(position + start, size)
      .toString(16)
      .padStart(size * 2, '0');
  return `${number(0, 4)}-${number(4, 2)}-${number(6, 2)}-${hex(8, 10)}-${hex(10, 16)}`;
}

/** CRC-32C over the structure, its own field (bytes 4 to 7) taken as zero. */
function checksumHolds(bytes: Buffer): boolean {
  let crc = 0xffffffff;
  for (let index = 0; index < bytes.length; index += 1) {
    crc = CRC32C[(crc ^ (index >= 4 && index < 8 ? 0 : bytes[index]!)) & 0xff]! ^ (crc >>> 8);
  }
  return (crc ^ 0xffffffff) >>> 0 === bytes.readUInt32LE(4);
}

const CRC32C = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit += 1) value = value & 1 ? (value >>> 1) ^ 0x82f63b78 : value >>> 1;
  return value >>> 0;
});
