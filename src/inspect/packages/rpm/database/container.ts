import type { RandomAccess } from '../../../../model/random-access.js';
import { isSqlite } from '../sqlite/pages.js';
import { isBerkeleyHash, readBerkeleyHash } from './berkeley-hash.js';
import { isNdb, readNdb } from './ndb.js';
import type { HeaderRecord, Report } from './record.js';
import { readSqlitePackages } from './sqlite-packages.js';

/** The three ways rpm keeps its headers. */
export type DatabaseForm = 'sqlite' | 'ndb' | 'bdb';

const MAGIC_BYTES = 100;

/** What the content is, whatever the file is called; undefined when it is none of the three. */
export function databaseForm(content: RandomAccess): DatabaseForm | undefined {
  const start = content.read(0, MAGIC_BYTES);
  if (isSqlite(start)) return 'sqlite';
  if (isNdb(start)) return 'ndb';
  return isBerkeleyHash(start) ? 'bdb' : undefined;
}

/**
 * The headers of a database, each once. What is broken is reported and passed over.
 * @param log The `-wal` file, for SQLite.
 * @throws DatabaseError
 */
export function headerRecords(
  form: DatabaseForm,
  content: RandomAccess,
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
