import { SqliteError, type SqlitePages } from './pages.js';
import { decodeRecord, readVarint, type SqliteValue } from './record.js';

/** One row of a table: its rowid and the values of its columns as stored. */
export interface SqliteRow {
  readonly rowid: number;
  readonly values: readonly SqliteValue[];
}

const MAX_DEPTH = 20;
const INTERIOR_TABLE = 5;
const LEAF_TABLE = 13;

/**
 * The rows of a table b-tree in the order of their rowids. A damaged page or row is reported and passed over. Every page
 * is used once, so the work is bounded by the file, however its pages point at each other.
 */
export function* tableRows(
  pages: SqlitePages,
  rootPage: number,
  report: (record: string, reason: string) => void,
): Generator<SqliteRow> {
  const used = new Set<number>();

  function claim(number: number): Buffer {
    if (used.has(number)) throw new SqliteError(`Page ${number} is used twice.`);
    const content = pages.page(number);
    used.add(number);
    return content;
  }

  function* walk(number: number, depth: number): Generator<SqliteRow> {
    let page: Buffer;
    let cells: number[];
    const start = number === 1 ? 100 : 0;
    try {
      if (depth > MAX_DEPTH) throw new SqliteError('The tree is too deep.');
      page = claim(number);
      cells = cellOffsets(page, start);
    } catch (error) {
      report(`page ${number}`, reasonOf(error));
      return;
    }
    if (page[start] === INTERIOR_TABLE) {
      for (const cell of cells) yield* walk(page.readUInt32BE(cell), depth + 1);
      yield* walk(page.readUInt32BE(start + 8), depth + 1);
      return;
    }
    // Cells that overlap would make a page hold more rows than it has room for.
    let room = page.length;
    for (const [index, cell] of cells.entries()) {
      try {
        const { row, size } = leafRow(pages, page, cell, claim);
        room -= size;
        if (room < 0) throw new SqliteError('The cells of the page overlap.');
        yield row;
      } catch (error) {
        report(`page ${number}, cell ${index}`, reasonOf(error));
      }
    }
  }

  yield* walk(rootPage, 0);
}

function cellOffsets(page: Buffer, start: number): number[] {
  const type = page[start];
  if (type !== INTERIOR_TABLE && type !== LEAF_TABLE) throw new SqliteError(`The page is of type ${type}, no table.`);
  const pointers = start + (type === INTERIOR_TABLE ? 12 : 8);
  const count = page.readUInt16BE(start + 3);
  if (pointers + 2 * count > page.length) throw new SqliteError(`The page claims ${count} cells.`);
  const offsets: number[] = [];
  for (let index = 0; index < count; index += 1) {
    const offset = page.readUInt16BE(pointers + 2 * index);
    if (offset + 4 > page.length) throw new SqliteError('A cell lies beyond the end of its page.');
    offsets.push(offset);
  }
  return offsets;
}

/** A row, and the bytes it takes in its page. */
function leafRow(
  pages: SqlitePages,
  page: Buffer,
  cell: number,
  claim: (number: number) => Buffer,
): { row: SqliteRow; size: number } {
  const length = readVarint(page, cell);
  const rowid = readVarint(page, length.next);
  const { payload, local } = readPayload(pages, page, rowid.next, length.value, claim);
  const row = { rowid: rowid.value, values: decodeRecord(payload, pages.textEncoding) };
  return { row, size: rowid.next - cell + local };
}

/** "Cell Payload Overflow Pages": how much of a payload stays in the page is a formula of the usable size. */
function readPayload(
  pages: SqlitePages,
  page: Buffer,
  start: number,
  length: number,
  claim: (number: number) => Buffer,
): { payload: Buffer; local: number } {
  const usable = pages.usableSize;
  if (length < 0 || length > pages.pageCount * pages.pageSize) throw new SqliteError(`A row claims ${length} bytes.`);
  const most = usable - 35;
  const least = Math.floor(((usable - 12) * 32) / 255) - 23;
  const fitting = least + ((length - least) % (usable - 4));
  const local = length <= most ? length : fitting <= most ? fitting : least;
  if (start + local > page.length) throw new SqliteError('A row runs over the end of its page.');
  if (local === length) return { payload: page.subarray(start, start + length), local };
  if (start + local + 4 > page.length) throw new SqliteError('A row runs over the end of its page.');
  const payload = Buffer.allocUnsafe(length);
  page.copy(payload, 0, start, start + local);
  let next = page.readUInt32BE(start + local);
  for (let filled = local; filled < length; ) {
    const overflow = claim(next);
    next = overflow.readUInt32BE(0);
    filled += overflow.copy(payload, filled, 4, Math.min(usable, 4 + length - filled));
  }
  return { payload, local };
}

function reasonOf(error: unknown): string {
  if (error instanceof SqliteError) return error.message;
  if (error instanceof RangeError) return 'A value runs over the end of its page.';
  throw error;
}
