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

const MAGIC = Buffer.from('SQLite format 3\0', 'latin1');
const ENCODINGS = ['utf8', 'utf8', 'utf16le', 'utf16be'] as const;

export function isSqlite(content: Buffer): boolean {
  return content.subarray(0, MAGIC.length).equals(MAGIC);
}

/**
 * @param log Content of the `-wal` file. A machine that was switched off leaves committed rows in it alone.
 * @throws SqliteError
 */
export function openPages(main: Buffer, log: Buffer | undefined): SqlitePages {
  if (main.length < 100 || !isSqlite(main)) throw new SqliteError('It does not begin like an SQLite database.');
  const pageSize = main.readUInt16BE(16) === 1 ? 65536 : main.readUInt16BE(16);
  if (!isPageSize(pageSize)) throw new SqliteError(`It claims pages of ${pageSize} bytes.`);
  const wal = log === undefined || log.length === 0 ? null : applyWal(log, pageSize);
  const pageCount = wal?.pageCount ?? Math.floor(main.length / pageSize);
  const page = (number: number): Buffer => {
    const logged = wal?.pages.get(number);
    if (logged !== undefined) return logged;
    const start = (number - 1) * pageSize;
    if (number < 1 || number > pageCount || start + pageSize > main.length) {
      throw new SqliteError(`Page ${number} lies beyond the end of the file.`);
    }
    return main.subarray(start, start + pageSize);
  };
  const first = wal?.pages.get(1) ?? main;
  const usableSize = pageSize - first[20]!;
  if (usableSize < 480) throw new SqliteError(`It reserves ${first[20]} bytes of every page.`);
  const textEncoding = ENCODINGS[first.readUInt32BE(56)];
  if (textEncoding === undefined) throw new SqliteError('It names no known text encoding.');
  return { pageSize, usableSize, pageCount, page, textEncoding, wal };
}

function isPageSize(size: number): boolean {
  return size >= 512 && size <= 65536 && (size & (size - 1)) === 0;
}
