import { AppError } from '../../errors.js';
import type { ByteReader } from './byte-reader.js';
import { number } from './header.js';

/** A stretch of data in a file with holes. */
export interface SparseSegment {
  readonly offset: number;
  readonly length: number;
}

export interface SparseMap {
  /** Bytes of the file, holes included. */
  readonly size: number;
  readonly segments: readonly SparseSegment[];
  /** Bytes of the map that lay in front of the data. */
  readonly bytesRead: number;
  /** See `TarMember.isUnreadable`. */
  readonly isUnreadable?: true;
}

/** A file of a million extents is past all that a machine makes. */
const MAX_SEGMENTS = 4_000_000;

/**
 * The map of a sparse file in PAX form, GNU tar's manual, "Storing Sparse Files": 0.0 and 0.1 keep it in the records
 * (`GNU.sparse.map`), 1.0 in front of the data as decimal numbers, a line each, padded to a block.
 */
export async function readSparseMap(
  reader: ByteReader,
  records: ReadonlyMap<string, Buffer>,
  stored: number,
): Promise<SparseMap> {
  const text = (key: string): string | undefined => records.get(key)?.toString('latin1');
  const size = toNumber(text('GNU.sparse.realsize') ?? text('GNU.sparse.size') ?? '');
  const inRecords = text('GNU.sparse.map');
  if (inRecords !== undefined) {
    const numbers = inRecords === '' ? [] : inRecords.split(',').map(toNumber);
    return { size, segments: toSegments(numbers, size, stored), bytesRead: 0 };
  }
  if (text('GNU.sparse.major') !== '1') throw corrupt('a sparse file of an unknown form');
  const { numbers, bytesRead } = await readLines(reader, stored);
  if (bytesRead > stored && numbers.every((each) => each === 0))
    return { size, segments: [], bytesRead, isUnreadable: true };
  return { size, segments: toSegments(numbers, size, stored - bytesRead), bytesRead };
}

/** The map of GNU's own type `S`: four segments in the header, then 21 in each block that follows. */
export async function readOldSparseMap(reader: ByteReader, header: Buffer): Promise<SparseMap> {
  const size = number(header, 483, 12);
  const numbers: number[] = [];
  let block = header;
  let [start, count, flag] = [386, 4, 482];
  let bytesRead = 0;
  for (;;) {
    for (let index = 0; index < count; index += 1) {
      const at = start + index * 24;
      if (block[at] === 0 && block[at + 12] === 0) break;
      numbers.push(number(block, at, 12), number(block, at + 12, 12));
    }
    if (block[flag] === 0) break;
    const next = await reader.take(512);
    if (next === null || numbers.length > 2 * MAX_SEGMENTS) throw corrupt('a sparse map without an end');
    block = next;
    [start, count, flag] = [0, 21, 504];
    bytesRead += 512;
  }
  return { size, segments: toSegments(numbers, size, Number.MAX_SAFE_INTEGER), bytesRead };
}

async function readLines(reader: ByteReader, stored: number): Promise<{ numbers: number[]; bytesRead: number }> {
  const numbers: number[] = [];
  let wanted = 1;
  let pending = '';
  let bytesRead = 0;
  while (numbers.length < wanted) {
    if (bytesRead + 512 > Math.ceil(stored / 512) * 512) throw corrupt('a sparse map longer than its file');
    const block = await reader.take(512);
    if (block === null) throw corrupt('a sparse map without an end');
    bytesRead += 512;
    const lines = (pending + block.toString('latin1')).split('\n');
    pending = lines.pop()!;
    for (const line of lines) {
      if (numbers.length === wanted) break;
      numbers.push(toNumber(line));
      if (numbers.length === 1) wanted = 1 + 2 * numbers[0]!;
    }
    if (pending.length > 20 && numbers.length < wanted) throw corrupt('a sparse map that is none');
    if (wanted > 2 * MAX_SEGMENTS) throw corrupt('a sparse map without an end');
  }
  return { numbers: numbers.slice(1), bytesRead };
}

/** Segments in rising order that lie in the file and hold no more than what is stored; empty ones left out. */
function toSegments(numbers: readonly number[], size: number, stored: number): SparseSegment[] {
  if (numbers.length % 2 !== 0 || !(size >= 0)) throw corrupt('a sparse map that is none');
  const segments: SparseSegment[] = [];
  let end = 0;
  let total = 0;
  for (let index = 0; index < numbers.length; index += 2) {
    const offset = numbers[index]!;
    const length = numbers[index + 1]!;
    if (!(offset >= end) || !(length >= 0) || offset + length > size) throw corrupt('a sparse map out of order');
    end = offset + length;
    total += length;
    if (length > 0) segments.push({ offset, length });
  }
  if (total > stored) throw corrupt('a sparse map longer than its file');
  return segments;
}

function toNumber(digits: string): number {
  if (!/^\d{1,19}$/.test(digits) || !Number.isSafeInteger(Number(digits))) throw corrupt('a sparse map that is none');
  return Number(digits);
}

function corrupt(what: string): AppError {
  return new AppError('input-corrupt', `The tar archive is damaged: ${what}`, { todo: 'Make the archive again.' });
}
