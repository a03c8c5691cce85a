import type { RandomAccess } from '../../../../model/random-access.js';
import { applyWal, type WalOutcome } from './wal.js';

/** The pages of an SQLite 3 database ("Database File Format" on sqlite.org), the write-ahead log applied. */
export interface SqlitePages {
  readonly pageSize: number;
  /** Bytes of a page that b-trees may use. */
  readonly usableSize: number;
  readonly pageCount: number;
  /** @throws SqliteError when there is no such page. */
  page(number: number): Buffer;
  readonly textEncoding: 'utf8' | 'utf16le' | 'utf16be';
  /** Frames of the log that were applied, and what was wrong with the rest. */
  readonly wal: WalOutcome | null;
}

/** Why a database, or a part of it, cannot be read. */
export class SqliteError extends Error {}

const HEADER_BYTES = 100;
const MAGIC = Buffer.from('SQLite format 3\0', 'latin1');
const ENCODINGS = ['utf8', 'utf8', 'utf16le', 'utf16be'] as const;

export function isSqlite(start: Buffer): boolean {
  return start.subarray(0, MAGIC.length).equals(MAGIC);
}

/**
 * @param log Content of the `-wal` file. A machine that was switched off leaves committed rows in it alone.
 * @throws SqliteError
 */
export function openPages(main: RandomAccess, log: Buffer | undefined): SqlitePages {
  const header = main.read(0, HEADER_BYTES);
  if (header.length < HEADER_BYTES || !isSqlite(header)) {
    throw new SqliteError('It does not begin like an SQLite database.');
  }
  const pageSize = header.readUInt16BE(16) === 1 ? 65536 : header.readUInt16BE(16);
  if (!isPageSize(pageSize)) throw new SqliteError(`It claims pages of ${pageSize} bytes.`);
  const wal = log === undefined || log.length === 0 ? null : applyWal(log, pageSize);
  const pageCount = wal?.pageCount ?? Math.floor(main.size / pageSize);
  const page = (number: number): Buffer => {
    const logged = wal?.pages.get(number);
    if (logged !== undefined) return logged;
    const start = (number - 1) * pageSize;
    if (number < 1 || number > pageCount || start + pageSize > main.size) {
      throw new SqliteError(`Page ${number} lies beyond the end of the file.`);
    }
    return main.read(start, pageSize);
  };
  const first = wal?.pages.get(1) ?? header;
  const usableSize = pageSize - first[20]!;
  if (usableSize < 480) throw new SqliteError(`It reserves ${first[20]} bytes of every page.`);
  const textEncoding = ENCODINGS[first.readUInt32BE(56)];
  if (textEncoding === undefined) throw new SqliteError('It names no known text encoding.');
  return { pageSize, usableSize, pageCount, page, textEncoding, wal };
}

function isPageSize(size: number): boolean {
  return size >= 512 && size <= 65536 && (size & (size - 1)) === 0;
}
