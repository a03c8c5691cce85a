import { crc32 } from 'node:zlib';
import { damaged, exact, unsupported } from './faults.js';
import { formatGuid } from './uuid.js';
import { type BlockView, readBytes, readUpTo, sliceView } from './view.js';

export interface Partition {
  /** As the kernel counts: logical partitions from 5. */
  readonly number: number;
  readonly view: BlockView;
  readonly partUuid?: string;
  readonly partLabel?: string;
}

const SECTOR = 512;
const EXTENDED = new Set([0x05, 0x0f, 0x85]);
const PROTECTIVE = 0xee;
const MAX_LOGICAL = 128;
const MAX_GPT_ENTRIES = 1024;

/** The partitions of a disk; undefined when it has no partition table (the whole disk may be a file system). */
export function readPartitions(disk: BlockView): Partition[] | undefined {
  const sector = readUpTo(disk, 0, SECTOR);
  if (sector.length < SECTOR || sector.readUInt16LE(510) !== 0xaa55) return undefined;
  const table = [0, 1, 2, 3].map((index) => mbrEntry(sector, index));
  // A boot sector of FAT or of a boot loader has code where the table would be.
  if (table.some(({ status }) => status !== 0 && status !== 0x80)) return undefined;
  if (table.some(({ type }) => type === PROTECTIVE)) return readGpt(disk);
  const signature = sector.readUInt32LE(440).toString(16).padStart(8, '0');
  const partitions: Partition[] = [];
  let extended: number | undefined;
  for (const [index, { type, start, count }] of table.entries()) {
    if (type === 0 || count === 0) continue;
    if (EXTENDED.has(type)) extended ??= start;
    else partitions.push(mbrPartition(disk, signature, index + 1, start, count));
  }
  if (extended !== undefined) partitions.push(...readLogical(disk, signature, extended));
  return partitions.length === 0 ? undefined : partitions;
}

interface MbrEntry {
  readonly status: number;
  readonly type: number;
  readonly start: number;
  readonly count: number;
}

function mbrEntry(sector: Buffer, index: number): MbrEntry {
  const at = 446 + index * 16;
  return {
    status: sector[at]!,
    type: sector[at + 4]!,
    start: sector.readUInt32LE(at + 8),
    count: sector.readUInt32LE(at + 12),
  };
}

/** The chain of extended boot records: each holds one partition and the way to the next. */
function readLogical(disk: BlockView, signature: string, extended: number): Partition[] {
  const partitions: Partition[] = [];
  let at = extended;
  for (let steps = 0; steps < MAX_LOGICAL; steps += 1) {
    const sector = readUpTo(disk, at * SECTOR, SECTOR);
    if (sector.length < SECTOR || sector.readUInt16LE(510) !== 0xaa55) return partitions;
    const entries = [mbrEntry(sector, 0), mbrEntry(sector, 1)];
    const own = entries.find(({ type, count }) => count > 0 && type !== 0 && !EXTENDED.has(type));
    if (own !== undefined) {
      partitions.push(mbrPartition(disk, signature, 5 + partitions.length, at + own.start, own.count));
    }
    const next = entries.find(({ type, count }) => count > 0 && EXTENDED.has(type));
    if (next === undefined) return partitions;
    at = extended + next.start;
  }
  throw damaged(`more than ${MAX_LOGICAL} logical partitions`);
}

function mbrPartition(disk: BlockView, signature: string, number: number, start: number, count: number): Partition {
  if (start * SECTOR >= disk.size) throw damaged(`partition ${number} starts beyond the end of the disk`);
  const partUuid = `${signature}-${number.toString(16).padStart(2, '0')}`;
  return {
    number,
    view: sliceView(disk, start * SECTOR, count * SECTOR),
    ...(signature !== '00000000' && { partUuid }),
  };
}

/** UEFI specification, chapter 5. */
function readGpt(disk: BlockView): Partition[] {
  for (const sectorSize of [512, 4096]) {
    const header = readUpTo(disk, sectorSize, 512);
    if (header.length < 512 || header.toString('latin1', 0, 8) !== 'EFI PART') continue;
    const headerSize = header.readUInt32LE(12);
    if (headerSize < 92 || headerSize > 512) throw damaged('GPT header size');
    const unsigned = Buffer.from(header.subarray(0, headerSize));
    unsigned.writeUInt32LE(0, 16);
    if (crc32(unsigned) !== header.readUInt32LE(16)) throw damaged('GPT header checksum');
    const count = header.readUInt32LE(80);
    const entrySize = header.readUInt32LE(84);
    if (count > MAX_GPT_ENTRIES || entrySize < 128 || entrySize > 4096) throw damaged('GPT entry array');
    const at = exact(header.readBigUInt64LE(72), 'GPT entry array');
    const entries = readBytes(disk, at * sectorSize, count * entrySize);
    if (crc32(entries) !== header.readUInt32LE(88)) throw damaged('GPT entry checksum');
    const partitions: Partition[] = [];
    for (let index = 0; index < count; index += 1) {
      const entry = entries.subarray(index * entrySize, (index + 1) * entrySize);
      if (formatGuid(entry.subarray(0, 16)) === undefined) continue;
      partitions.push(gptPartition(disk, entry, index + 1, sectorSize));
    }
    return partitions;
  }
  throw unsupported('a protective MBR without a GPT');
}

function gptPartition(disk: BlockView, entry: Buffer, number: number, sectorSize: number): Partition {
  const first = exact(entry.readBigUInt64LE(32), 'GPT partition start');
  const last = exact(entry.readBigUInt64LE(40), 'GPT partition end');
  if (last < first || first * sectorSize >= disk.size) throw damaged(`GPT partition ${number} has no room on the disk`);
  const partUuid = formatGuid(entry.subarray(16, 32));
  const partLabel = entry.subarray(56, 128).toString('utf16le').replace(/\0.*$/s, '');
  return {
    number,
    view: sliceView(disk, first * sectorSize, (last - first + 1) * sectorSize),
    ...(partUuid && { partUuid }),
    ...(partLabel !== '' && { partLabel }),
  };
}
