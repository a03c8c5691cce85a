import type { RandomAccess } from '../../../../model/random-access.js';
import { openPages, type SqlitePages } from './pages.js';
import type { SqliteValue } from './record.js';
import { type TableColumns, tableColumns } from './schema.js';
import { tableRows } from './table.js';

/** An SQLite database, as far as its tables go: no index, view or query. */
export interface SqliteDatabase {
  readonly pages: SqlitePages;
  readonly tables: ReadonlyMap<string, SqliteTable>;
}

export interface SqliteTable {
  readonly name: string;
  /** Undefined for a table that is kept as an index (`WITHOUT ROWID`), which is not read. */
  readonly columns: TableColumns | undefined;
  readonly rootPage: number;
}

export type Report = (record: string, reason: string) => void;

const MAX_TABLES = 1000;

/** @param log Content of the `-wal` file beside it. @throws SqliteError */
export function openSqlite(main: RandomAccess, log: Buffer | undefined, report: Report): SqliteDatabase {
  const pages = openPages(main, log);
  if (pages.wal !== null && pages.wal.defect !== null) report('write-ahead log', pages.wal.defect);
  const tables = new Map<string, SqliteTable>();
  for (const { values } of tableRows(pages, 1, report)) {
    const [type, name, , rootPage, sql] = values;
    if (type !== 'table' || typeof name !== 'string' || typeof rootPage !== 'number') continue;
    if (tables.size >= MAX_TABLES) break;
    tables.set(name.toLowerCase(), {
      name,
      rootPage,
      columns: typeof sql === 'string' ? tableColumns(sql) : undefined,
    });
  }
  return { pages, tables };
}

/** The rows of a table as values by column, in lower case; nothing when the table does not exist. */
export function* selectAll(
  database: SqliteDatabase,
  tableName: string,
  report: Report,
): Generator<ReadonlyMap<string, SqliteValue>> {
  const table = database.tables.get(tableName.toLowerCase());
  if (table?.columns === undefined) return;
  const { names, rowidAlias } = table.columns;
  for (const { rowid, values } of tableRows(database.pages, table.rootPage, report)) {
    const row = new Map<string, SqliteValue>();
    for (const [index, name] of names.entries()) row.set(name, values[index] ?? null);
    row.set('rowid', rowid);
    if (rowidAlias !== undefined) row.set(rowidAlias, rowid);
    yield row;
  }
}
