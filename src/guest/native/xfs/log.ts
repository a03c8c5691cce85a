import { damaged, tooLarge, unsupported } from '../../../disk/views/faults.js';
import { type BlockView, readBytes } from '../../../disk/views/view.js';
import { crc32c } from '../crc32c.js';
import { blockOffset, type XfsSuperBlock } from './super-block.js';

/** fs/xfs/libxfs/xfs_log_format.h of Linux; "XFS Algorithms & Data Structures", chapter Journaling Log. */
const SECTOR = 512;
const RECORD_MAGIC = Buffer.from('feedbabe', 'hex');
const NATIVE_FORMAT = 1;
/** Bytes of a record whose first words one header can keep. */
const CYCLE_BYTES = 32 * 1024;
const CYCLES_PER_HEADER = 64;
const SCAN = 2 ** 20;
const MAX_LIVE = 512 * 2 ** 20;
/** Log buffers that can be under way at once: so many records at the end may be torn. */
const MAX_TORN = 16;
export const OPERATION = { start: 0x1, commit: 0x2, wasContinued: 0x8, unmount: 0x20 } as const;

export interface LogRecord {
  /** Byte offset in the log, of the header. */
  readonly at: number;
  readonly lsn: bigint;
  readonly tail: bigint;
  readonly cycle: number;
  readonly length: number;
  readonly headers: number;
  readonly operations: number;
}

export interface LiveRecord {
  readonly lsn: bigint;
  readonly operations: number;
  readonly data: Buffer;
}

/** The records that the kernel would replay; empty when the file system was unmounted. */
export function liveRecords(superBlock: XfsSuperBlock, view: BlockView): LiveRecord[] {
  if (superBlock.logStart === 0) throw unsupported('XFS with an external log');
  const log = openLog(superBlock, view);
  const records = findRecords(log);
  if (records.length === 0) return [];
  const byLsn = new Map(records.map((record) => [record.lsn, record]));
  const isSound = soundness(log);
  let head = records
    .sort((a, b) => (a.lsn < b.lsn ? -1 : 1))
    .slice(-MAX_TORN - 1)
    .findLast(isSound);
  if (head === undefined) throw damaged('XFS log without a sound record');
  refuseUnreadable(log, head, records);
  for (let torn = 0; ; torn += 1) {
    const chain = chainTo(log, byLsn, head, isSound);
    const last: LogRecord | undefined = chain.at(-1);
    if (last === head) return isUnmount(log, head) ? [] : chain.map((record) => live(log, record));
    // A hole in the log: what was written behind it never counted.
    if (last === undefined || torn >= MAX_TORN) throw damaged('XFS log with a gap');
    head = last;
  }
}

interface Log {
  readonly size: number;
  read(at: number, length: number): Buffer;
  /** Of a stretch that does not reach beyond the end of the ring. */
  fill(target: Buffer, at: number): void;
}

/** The log as a ring. */
function openLog(superBlock: XfsSuperBlock, view: BlockView): Log {
  const start = blockOffset(superBlock, superBlock.logStart);
  const size = superBlock.logBlocks * superBlock.blockSize;
  if (size < SECTOR || start + size > view.size) throw damaged('XFS log size');
  return {
    size,
    fill: (target, at) => view.read(target, 0, target.length, start + at),
    read(position, length) {
      const at = position % size;
      if (length > size) throw damaged('XFS log record longer than the log');
      if (at + length <= size) return readBytes(view, start + at, length);
      return Buffer.concat([readBytes(view, start + at, size - at), readBytes(view, start, at + length - size)]);
    },
  };
}

function findRecords(log: Log): LogRecord[] {
  const records: LogRecord[] = [];
  // Logs have 64 MiB and more: one buffer for all of it, searched by what is compiled.
  const buffer = Buffer.allocUnsafeSlow(Math.min(SCAN, log.size));
  for (let chunk = 0; chunk < log.size; chunk += SCAN) {
    const bytes = buffer.subarray(0, Math.min(SCAN, log.size - chunk));
    log.fill(bytes, chunk);
    for (let at = bytes.indexOf(RECORD_MAGIC); at !== -1; at = bytes.indexOf(RECORD_MAGIC, at + 4)) {
      if (at % SECTOR !== 0 || at + SECTOR > bytes.length) continue;
      const record = parseHeader(bytes.subarray(at, at + SECTOR), chunk + at);
      if (record !== undefined) records.push(record);
    }
  }
  return records;
}

function parseHeader(header: Buffer, at: number): LogRecord | undefined {
  const lsn = header.readBigUInt64BE(16);
  const length = header.readUInt32BE(12);
  const isHere = Number(lsn & 0xffff_ffffn) * SECTOR === at;
  if (!isHere || length > 2 ** 20) return undefined;
  if (header.readUInt32BE(300) !== NATIVE_FORMAT)
    throw unsupported('XFS log written by a machine of another byte order');
  const size = header.readUInt32BE(320);
  const isVersion2 = (header.readUInt32BE(8) & 2) !== 0;
  return {
    at,
    lsn,
    tail: header.readBigUInt64BE(24),
    cycle: header.readUInt32BE(4),
    length,
    headers: isVersion2 && size > CYCLE_BYTES ? Math.min(64, Math.ceil(size / CYCLE_BYTES)) : 1,
    operations: header.readUInt32BE(40),
  };
}

/** Records from the head's tail on, each where the one before ends, as far as they are sound. */
function chainTo(
  log: Log,
  byLsn: ReadonlyMap<bigint, LogRecord>,
  head: LogRecord,
  isSound: (record: LogRecord) => boolean,
): LogRecord[] {
  const chain: LogRecord[] = [];
  const places = new Map(
    [...byLsn.values()].filter(({ lsn }) => lsn >= head.tail && lsn <= head.lsn).map((r) => [r.at, r]),
  );
  let record = byLsn.get(head.tail);
  for (let live = 0; record !== undefined && (record === head || isSound(record)); ) {
    chain.push(record);
    live += record.length;
    if (live > MAX_LIVE) throw tooLarge('XFS log to be replayed');
    if (record === head) return chain;
    const next = places.get((record.at + sectors(record) * SECTOR) % log.size);
    record = next !== undefined && next.lsn > record.lsn ? next : undefined;
  }
  return chain;
}

function sectors({ headers, length }: LogRecord): number {
  return headers + Math.ceil(length / SECTOR);
}

/** Tells of each record whether it is sound, and reads it once for that: logs with gaps ask again and again. */
function soundness(log: Log): (record: LogRecord) => boolean {
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
 * ring), and the checksum is right. Sectors of an older cycle are a write that a crash cut short.
 * @throws Declined when all was written and the checksum is wrong nevertheless: that is no crash.
 */
function isWhole(log: Log, record: LogRecord): boolean {
  const { at, headers, cycle } = record;
  const bytes = log.read(at, sectors(record) * SECTOR);
  for (let index = SECTOR; index < bytes.length; index += SECTOR) {
    const expected = cycle + (at + index >= log.size ? 1 : 0);
    const found = cycleOf(bytes, index);
    if (found > expected) throw damaged('XFS log: sector of a cycle to come');
    if (found < expected) return false;
  }
  const stored = bytes.readUInt32LE(32);
  // Kernels before 3.8 wrote no checksum.
  if (stored === 0) return true;
  bytes.writeUInt32LE(0, 32);
  // The header's structure is four bytes shorter on 32-bit machines.
  const isRight = [328, 324].some((length) => {
    let crc = crc32c(0xffffffff, bytes, 0, length);
    for (let index = 1; index < headers; index += 1) crc = crc32c(crc, bytes, index * SECTOR, index * SECTOR + 260);
    return (crc32c(crc, bytes, headers * SECTOR) ^ 0xffffffff) >>> 0 === stored;
  });
  if (!isRight) throw damaged('XFS log: checksum of a record');
  return true;
}

/** Records have it behind their magic number, other sectors in its place. */
function cycleOf(bytes: Buffer, at: number): number {
  const first = bytes.readUInt32BE(at);
  return first === RECORD_MAGIC.readUInt32BE(0) ? bytes.readUInt32BE(at + 4) : first;
}

/** Behind the newest record lies what is older, or a record that was cut short. Anything else was once a record. */
function refuseUnreadable(log: Log, head: LogRecord, records: readonly LogRecord[]): void {
  const end = head.at + sectors(head) * SECTOR;
  const isOlder = cycleOf(log.read(end, SECTOR), 0) < head.cycle + (end >= log.size ? 1 : 0);
  if (isOlder || records.some(({ at, lsn }) => at === end % log.size && lsn > head.lsn)) return;
  throw damaged('XFS log: something that is no record follows the last');
}

/** The record's data with the words that the cycle numbers displaced put back. */
function live(log: Log, record: LogRecord): LiveRecord {
  const { at, headers, length, lsn, operations } = record;
  const header = log.read(at, headers * SECTOR);
  const data = log.read(at + headers * SECTOR, Math.ceil(length / SECTOR) * SECTOR);
  for (let index = 0; index * SECTOR < data.length; index += 1) {
    const inFirst = index < CYCLES_PER_HEADER;
    const row = Math.floor(index / CYCLES_PER_HEADER);
    if (row >= headers) throw damaged('XFS log record without room for its cycles');
    const from = inFirst ? 44 + index * 4 : row * SECTOR + 4 + (index % CYCLES_PER_HEADER) * 4;
    header.copy(data, index * SECTOR, from, from + 4);
  }
  return { lsn, operations, data: data.subarray(0, length) };
}

function isUnmount(log: Log, record: LogRecord): boolean {
  if (record.operations !== 1) return false;
  return (live(log, record).data[9]! & OPERATION.unmount) !== 0;
}
