import { damaged, tooLarge, unsupported } from '../../../disk/views/faults.js';
import { type BlockView, readBytes } from '../../../disk/views/view.js';
import { crc32c } from '../crc32c.js';
import { blockOffset, type XfsSuperBlock } from './super-block.js';

/** fs/xfs/libxfs/xfs_log_format.h of Linux; "XFS Algorithms & Data Structures", chapter Journaling Log. */
const SECTOR = 512;
const RECORD_MAGIC = 0xfeedbabe;
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
  let head = records.sort((a, b) => (a.lsn < b.lsn ? -1 : 1)).findLast((record) => isSound(log, record));
  if (head === undefined) throw damaged('XFS log without a sound record');
  for (let torn = 0; ; torn += 1) {
    const chain = chainTo(log, byLsn, head);
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
}

/** The log as a ring. */
function openLog(superBlock: XfsSuperBlock, view: BlockView): Log {
  const start = blockOffset(superBlock, superBlock.logStart);
  const size = superBlock.logBlocks * superBlock.blockSize;
  if (size < SECTOR || start + size > view.size) throw damaged('XFS log size');
  return {
    size,
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
  for (let chunk = 0; chunk < log.size; chunk += SCAN) {
    const bytes = log.read(chunk, Math.min(SCAN, log.size - chunk));
    for (let at = 0; at + SECTOR <= bytes.length; at += SECTOR) {
      if (bytes.readUInt32BE(at) !== RECORD_MAGIC) continue;
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
function chainTo(log: Log, byLsn: ReadonlyMap<bigint, LogRecord>, head: LogRecord): LogRecord[] {
  const chain: LogRecord[] = [];
  const places = new Map(
    [...byLsn.values()].filter(({ lsn }) => lsn >= head.tail && lsn <= head.lsn).map((r) => [r.at, r]),
  );
  let record = byLsn.get(head.tail);
  for (let live = 0; record !== undefined && (record === head || isSound(log, record)); ) {
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

/** Every sector carries the record's cycle (one more behind the end of the ring), and the checksum is right. */
function isSound(log: Log, record: LogRecord): boolean {
  const { at, headers, cycle, length } = record;
  const dataAt = at + headers * SECTOR;
  const data = log.read(dataAt, Math.ceil(length / SECTOR) * SECTOR);
  for (let index = 0; index < data.length; index += SECTOR) {
    if (data.readUInt32BE(index) !== cycle + (dataAt + index >= log.size ? 1 : 0)) return false;
  }
  const header = log.read(at, headers * SECTOR);
  const stored = header.readUInt32LE(32);
  // Kernels before 3.8 wrote no checksum.
  if (stored === 0) return true;
  header.writeUInt32LE(0, 32);
  // The header's structure is four bytes shorter on 32-bit machines.
  return [328, 324].some((bytes) => {
    let crc = crc32c(0xffffffff, header, 0, bytes);
    for (let index = 1; index < headers; index += 1) crc = crc32c(crc, header, index * SECTOR, index * SECTOR + 260);
    return (crc32c(crc, data) ^ 0xffffffff) >>> 0 === stored;
  });
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
