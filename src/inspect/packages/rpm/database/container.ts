import { isSqlite } from '../sqlite/pages.js';
import { isBerkeleyHash, readBerkeleyHash } from './berkeley-hash.js';
import { isNdb, readNdb } from './ndb.js';
import type { HeaderRecord, Report } from './record.js';
import { readSqlitePackages } from './sqlite-packages.js';

/** The three ways rpm keeps its headers. */
export type DatabaseForm = 'sqlite' | 'ndb' | 'bdb';

/** What the content is, whatever the file is called; undefined when it is none of the three. */
export function databaseForm(content: Buffer): DatabaseForm | undefined {
  if (isSqlite(content)) return 'sqlite';
  if (isNdb(content)) return 'ndb';
  return isBerkeleyHash(content) ? 'bdb' : undefined;
}

/**
 * The headers of a database, each once. What is broken is reported and passed over.
 * @param log The `-wal` file, for SQLite.
 * @throws DatabaseError
 */
export function headerRecords(
  form: DatabaseForm,
  content: Buffer,
  log: Buffer | undefined,
  report: Report,
): Generator<HeaderRecord> {
  switch (form) {
    case 'sqlite':
      return readSqlitePackages(content, log, report);
    case 'ndb':
      return readNdb(content, report);
    case 'bdb':
      return readBerkeleyHash(content, report);
  }
}
