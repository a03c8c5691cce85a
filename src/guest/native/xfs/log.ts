import { damaged, tooLarge, unsupported } from '../../../disk/views/faults.js';
import type { BlockView } from '../../../disk/views/view.js';
import { findRecords, isLeftOver, type Log, type LogRecord, openLog, SECTOR, sectors } from './log-records.js';
import { soundness } from './log-soundness.js';
import type { XfsSuperBlock } from './super-block.js';

const CYCLES_PER_HEADER = 64;
const MAX_LIVE = 512 * 2 ** 20;
/** Log buffers that can be under way at once (XLOG_MAX_ICLOGS): so many records at the end may be torn or missing. */
const MAX_TORN = 8;
export const OPERATION = { start: 0x1, commit: 0x2, wasContinued: 0x8, unmount: 0x20 } as const;

export interface LiveRecord {
  readonly lsn: bigint;
  readonly operations: number;
  readonly data: Buffer;
}

/**
 * The records that the kernel would replay; empty when the file system was unmounted.
 * @throws Declined when the log has ended before, or has a gap, that no crash leaves.
 */
export function liveRecords(superBlock: XfsSuperBlock, view: BlockView): LiveRecord[] {
  if (superBlock.logStart === 0) throw unsupported('XFS with an external log');
  const log = openLog(superBlock, view);
  const records = findRecords(log);
  if (records.length === 0) return [];
  const byLsn = new Map(records.map((record) => [record.lsn, record]));
  const isSound = soundness(log);
  let head = records.slice(-MAX_TORN - 1).findLast(isSound);
  if (head === undefined) throw damaged('XFS log without a sound record');
  refuseUnreadable(log, head, records);
  for (let gaps = 0; ; gaps += 1) {
    const chain = chainTo(log, byLsn, head, isSound);
    const last: LogRecord | undefined = chain.at(-1);
    if (last === head) return isUnmount(log, head) ? [] : chain.map((record) => live(log, record));
    // A hole in the log: what was written behind it never counted.
    if (last === undefined || gaps >= MAX_TORN) throw damaged('XFS log with a gap');
    refuseGap(log, last, records, isSound);
    head = last;
  }
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

/** Behind the newest record lies what is older, or a record that was cut short. Anything else was once a record. */
function refuseUnreadable(log: Log, head: LogRecord, records: readonly LogRecord[]): void {
  const end = head.at + sectors(head) * SECTOR;
  if (isLeftOver(log.read(end, SECTOR), 0, cycleFrom(log, head, end))) return;
  if (records.some(({ at, lsn }) => at === end % log.size && lsn > head.lsn)) return;
  throw damaged('XFS log: something that is no record follows the last');
}

/**
 * Log buffers are written side by side, so a crash may lose one and keep those behind it. But no more than can be under
 * way at once, and nothing of one that is lost wholly; a record of which something is there was damaged later.
 */
function refuseGap(
  log: Log,
  last: LogRecord,
  records: readonly LogRecord[],
  isSound: (record: LogRecord) => boolean,
): void {
  const behind = records.filter(({ lsn }) => lsn > last.lsn);
  const next = behind.length < MAX_TORN ? behind.find(isSound) : undefined;
  if (next === undefined) throw damaged('XFS log with a gap');
  const start = last.at + sectors(last) * SECTOR;
  const length = (next.at + log.size - (start % log.size)) % log.size;
  // So much a buffer can have, with its headers.
  if (length > MAX_TORN * (2 ** 18 + 2 ** 12)) throw damaged('XFS log with a gap');
  const bytes = log.read(start, length);
  for (let index = 0; index < length; index += SECTOR) {
    if (!isLeftOver(bytes, index, cycleFrom(log, last, start + index))) throw damaged('XFS log with a damaged record');
  }
}

/** The cycle of what would follow a record at a place that is counted on beyond the end of the ring. */
function cycleFrom(log: Log, record: LogRecord, at: number): number {
  return record.cycle + (at >= log.size ? 1 : 0);
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
