import type { RandomAccess } from '../../../../model/random-access.js';
import { openSqlite, selectAll } from '../sqlite/database.js';
import { SqliteError } from '../sqlite/pages.js';
import { DatabaseError, type HeaderRecord, type Report } from './record.js';

/** `CREATE TABLE Packages (hnum INTEGER PRIMARY KEY AUTOINCREMENT, blob BLOB NOT NULL)`: lib/backend/sqlite.c of rpm. */
export function* readSqlitePackages(
  main: RandomAccess,
  log: Buffer | undefined,
  report: Report,
): Generator<HeaderRecord> {
  const database = open(main, log, report);
  if (!database.tables.has('packages')) throw new DatabaseError('The database has no table of packages.');
  for (const row of selectAll(database, 'packages', report)) {
    const number = row.get('hnum');
    const blob = row.get('blob');
    if (typeof number === 'number' && Buffer.isBuffer(blob)) yield { number, blob };
    else report(`row ${row.get('rowid')}`, 'The row holds no header.');
  }
}

function open(main: RandomAccess, log: Buffer | undefined, report: Report) {
  try {
    return openSqlite(main, log, report);
  } catch (error) {
    if (error instanceof SqliteError) throw new DatabaseError(error.message);
    throw error;
  }
}
