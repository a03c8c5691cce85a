import { damaged } from '../../../disk/views/faults.js';
import { crc32c } from '../crc32c.js';
import { CYCLE_BYTES, cycleOf, HEADER, isLeftOver, type Log, type LogRecord, SECTOR, sectors } from './log-records.js';

const HEADER_SIZES = { smallest: 16 * 1024, largest: 256 * 1024 } as const;

/** Tells of each record whether it is sound, and reads it once for that: logs with gaps ask again and again. */
export function soundness(log: Log): (record: LogRecord) => boolean {
  const known = new Map<LogRecord, boolean>();
  return (record) => {
    let answer = known.get(record);
    if (answer === undefined) {
      answer = isWhole(log, record);
      known.set(record, answer);
    }
    return answer;
  };
}

/**
 * Whether all of a record was written: every sector then carries the record's cycle (one more behind the end of the
 * ring), and the checksum is right. Sectors of the cycle before are a write that a crash cut short.
 * @throws Declined when that is no crash: all was written and the checksum is wrong, or it tells that all was written.
 */
function isWhole(log: Log, record: LogRecord): boolean {
  const bytes = log.read(record.at, sectors(record) * SECTOR);
  const missing: number[] = [];
  for (let index = SECTOR; index < bytes.length; index += SECTOR) {
    const expected = cycleAt(log, record, index);
    const found = cycleOf(bytes, index);
    if (found === expected) continue;
    if (found > expected) throw damaged('XFS log: sector of a cycle to come');
    if (!isLeftOver(bytes, index, expected)) throw damaged('XFS log: sector of no cycle');
    missing.push(index);
  }
  if (missing.length > 0) {
    refuseDamagedMarks(log, record, bytes, missing);
    return false;
  }
  // Kernels before 3.8 wrote no checksum, and knew no version 5. mkfs.xfs and xfs_repair give none to their one record.
  if (bytes.readUInt32LE(HEADER.checksum) === 0 && (!log.isV5 || record.operations === 1)) return true;
  if (!isSumRight(bytes, record)) throw damaged('XFS log: checksum of a record');
  return true;
}

/** Refuses a record that looks cut short for nothing but a changed mark of a sector, length or size. */
function refuseDamagedMarks(log: Log, record: LogRecord, bytes: Buffer, missing: readonly number[]): void {
  const { headers, length } = record;
  const size = bytes.readUInt32BE(HEADER.size);
  const isVersion2 = (bytes.readUInt32BE(HEADER.version) & 2) !== 0;
  const isPower = size >= HEADER_SIZES.smallest && size <= HEADER_SIZES.largest && (size & (size - 1)) === 0;
  if (isVersion2 && (!isPower || length > size)) throw damaged('XFS log: size of a record');
  const restored = Buffer.from(bytes);
  for (const index of missing) restored.writeUInt32BE(cycleAt(log, record, index), index);
  if (isSumRight(restored, record)) throw damaged('XFS log: cycle of a sector');
  const written = missing[0]! - headers * SECTOR;
  if (written < 0) return;
  const shorter = Buffer.from(bytes.subarray(0, missing[0]));
  shorter.writeUInt32BE(written, HEADER.length);
  if (isSumRight(shorter, { headers, length: written })) throw damaged('XFS log: length of a record');
}

function cycleAt(log: Log, { at, cycle }: LogRecord, index: number): number {
  return cycle + (at + index >= log.size ? 1 : 0);
}

/** Over the header, as many further headers as the length (not the size of the buffer) asks for, and the data. */
function isSumRight(record: Buffer, { headers, length }: Pick<LogRecord, 'headers' | 'length'>): boolean {
  const bytes = Buffer.from(record);
  const stored = bytes.readUInt32LE(HEADER.checksum);
  bytes.writeUInt32LE(0, HEADER.checksum);
  const used = Math.min(headers, Math.ceil(length / CYCLE_BYTES));
  // The header's structure is four bytes shorter on 32-bit machines.
  return [328, 324].some((size) => {
    let crc = crc32c(0xffffffff, bytes, 0, size);
    for (let index = 1; index < used; index += 1) crc = crc32c(crc, bytes, index * SECTOR, index * SECTOR + 260);
    return (crc32c(crc, bytes, headers * SECTOR) ^ 0xffffffff) >>> 0 === stored;
  });
}
