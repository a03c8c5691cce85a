import { damaged, unsupported } from '../../../disk/views/faults.js';
import { type BlockView, readBytes } from '../../../disk/views/view.js';
import { blockOffset, type XfsSuperBlock } from './super-block.js';

/** fs/xfs/libxfs/xfs_log_format.h of Linux; "XFS Algorithms & Data Structures", chapter Journaling Log. */
export const SECTOR = 512;
export const RECORD_MAGIC = Buffer.from('feedbabe', 'hex');
const NATIVE_FORMAT = 1;
/** Bytes of a record whose first words one header can keep. */
export const CYCLE_BYTES = 32 * 1024;
const SCAN = 2 ** 20;
const BLANK = Buffer.alloc(SECTOR);

/** Where things lie in the header of a record. */
export const HEADER = { cycle: 4, version: 8, length: 12, lsn: 16, tail: 24, checksum: 32, size: 320 } as const;

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

/** The log as a ring. */
export interface Log {
  readonly size: number;
  /** Version 5: every record has a checksum. */
  readonly isV5: boolean;
  read(at: number, length: number): Buffer;
  /** Of a stretch that does not reach beyond the end of the ring. */
  fill(target: Buffer, at: number): void;
}

export function openLog(superBlock: XfsSuperBlock, view: BlockView): Log {
  const start = blockOffset(superBlock, superBlock.logStart);
  const size = superBlock.logBlocks * superBlock.blockSize;
  if (size < SECTOR || start + size > view.size) throw damaged('XFS log size');
  return {
    size,
    isV5: superBlock.isV5,
    fill: (target, at) => view.read(target, 0, target.length, start + at),
    read(position, length) {
      const at = position % size;
      if (length > size) throw damaged('XFS log record longer than the log');
      if (at + length <= size) return readBytes(view, start + at, length);
      return Buffer.concat([readBytes(view, start + at, size - at), readBytes(view, start, at + length - size)]);
    },
  };
}

/** What looks like a record and says that it is where it is, in the order of log numbers: older cycles as well. */
export function findRecords(log: Log): LogRecord[] {
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
  return records.sort((a, b) => (a.lsn < b.lsn ? -1 : 1));
}

function parseHeader(header: Buffer, at: number): LogRecord | undefined {
  const lsn = header.readBigUInt64BE(HEADER.lsn);
  const length = header.readUInt32BE(HEADER.length);
  const isHere = Number(lsn & 0xffff_ffffn) * SECTOR === at;
  if (!isHere || length > 2 ** 20) return undefined;
  if (header.readUInt32BE(300) !== NATIVE_FORMAT)
    throw unsupported('XFS log written by a machine of another byte order');
  const cycle = header.readUInt32BE(HEADER.cycle);
  if (Number(lsn >> 32n) !== cycle) throw damaged('XFS log: cycle of a record');
  const size = header.readUInt32BE(HEADER.size);
  const isVersion2 = (header.readUInt32BE(HEADER.version) & 2) !== 0;
  return {
    at,
    lsn,
    tail: header.readBigUInt64BE(HEADER.tail),
    cycle,
    length,
    headers: isVersion2 && size > CYCLE_BYTES ? Math.min(64, Math.ceil(size / CYCLE_BYTES)) : 1,
    operations: header.readUInt32BE(40),
  };
}

/** Sectors of a record with its headers. */
export function sectors({ headers, length }: LogRecord): number {
  return headers + Math.ceil(length / SECTOR);
}

/** The cycle that a sector shows: records have it behind their magic number, other sectors in its place. */
export function cycleOf(bytes: Buffer, at: number): number {
  const first = bytes.readUInt32BE(at);
  return first === RECORD_MAGIC.readUInt32BE(0) ? bytes.readUInt32BE(at + HEADER.cycle) : first;
}

/**
 * Whether a sector is as the last time round the ring left it, where the present cycle would be `expected`: the log is
 * written in order, so it is of the cycle before. In the first cycle nothing was there, or what a recovery stamped.
 */
export function isLeftOver(bytes: Buffer, at: number, expected: number): boolean {
  if (cycleOf(bytes, at) !== expected - 1) return false;
  if (expected !== 1) return true;
  const isStamp = bytes.readUInt32BE(at) !== 0;
  if (isStamp) return bytes.readUInt32BE(at + HEADER.length) === 0 && bytes.readUInt32BE(at + HEADER.lsn) === 0;
  return bytes.subarray(at, at + SECTOR).equals(BLANK);
}
