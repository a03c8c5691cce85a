import type { Evidence, Problem } from '../../../../model/evidence.js';
import type { GuestFs } from '../../../../model/guest-fs.js';
import { displayPath } from '../../../../model/path.js';
import { inMemory } from '../../../../model/random-access.js';
import { readOptional } from '../../../../syntax/guest-text.js';
import { openSqlite, type Report, type SqliteDatabase, selectAll } from '../sqlite/database.js';
import { SqliteError } from '../sqlite/pages.js';
import type { SqliteValue } from '../sqlite/record.js';
import type { ReasonSource, RecordedReason } from './recorded.js';

export const DNF_HISTORY = '/var/lib/dnf/history.sqlite';

const MAX_HISTORY_BYTES = 256 * 1024 * 1024;
const MAX_ROWS = 1_000_000;

/** `libdnf::TransactionItemReason`: 0 says nothing, 3 marks what may go, 4 is weak, 5 came with a group. */
const REASONS: Readonly<Record<number, boolean>> = { 1: true, 2: false, 3: true, 4: true, 5: false };
/** `libdnf::TransactionItemAction`: those after which the package of the row is on the machine. */
const INSTALLING = new Set([1, 2, 4, 6, 9, 11]);
const REASON_CHANGE = 11;
/** `libdnf::TransactionItemState`. */
const FAILED = 2;

/** Reasons and repositories of dnf 3 and 4 (tables `trans_item`, `rpm`, `repo`): the last item of a package counts. */
export async function readDnfHistory(fs: GuestFs, problems: Problem[]): Promise<ReasonSource> {
  const report = oneReport(DNF_HISTORY, problems);
  const database = await openHistory(fs, DNF_HISTORY, problems, report);
  const found = database === undefined ? new Map<string, DatedReason>() : lastReasons(database, report);
  return (item) => found.get(`${item.name}.${item.architecture}`);
}

interface DatedReason extends RecordedReason {
  readonly id: number;
}

function lastReasons(database: SqliteDatabase, report: Report): Map<string, DatedReason> {
  const repositories = new Map<SqliteValue, string>();
  for (const row of limited(selectAll(database, 'repo', report))) {
    const name = row.get('repoid');
    if (typeof name === 'string') repositories.set(row.get('id') ?? null, name.slice(0, 256));
  }
  const names = new Map<SqliteValue, string>();
  for (const row of limited(selectAll(database, 'rpm', report))) {
    names.set(row.get('item_id') ?? null, `${row.get('name')}.${row.get('arch')}`);
  }
  const found = new Map<string, DatedReason>();
  for (const row of limited(selectAll(database, 'trans_item', report))) {
    const name = names.get(row.get('item_id') ?? null);
    const id = Number(row.get('rowid'));
    const action = Number(row.get('action'));
    if (name === undefined || !INSTALLING.has(action) || row.get('state') === FAILED) continue;
    const before = found.get(name);
    if (before !== undefined && before.id > id) continue;
    // A changed mark names no repository of its own.
    const repository = action === REASON_CHANGE ? before?.repository : repositories.get(row.get('repo_id') ?? null);
    const evidence: Evidence = { path: DNF_HISTORY, record: `trans_item ${id}` };
    found.set(name, {
      id,
      auto: REASONS[Number(row.get('reason'))] ?? null,
      ...(repository === undefined ? {} : { repository }),
      evidence,
    });
  }
  return found;
}

async function openHistory(
  fs: GuestFs,
  path: string,
  problems: Problem[],
  report: Report,
): Promise<SqliteDatabase | undefined> {
  const content = await readOptional(fs, path, MAX_HISTORY_BYTES, problems);
  if (content === undefined) return undefined;
  const log = await readOptional(fs, `${path}-wal`, MAX_HISTORY_BYTES, problems);
  try {
    return openSqlite(inMemory(content), log, report);
  } catch (error) {
    if (!(error instanceof SqliteError)) throw error;
    report('file', error.message);
    return undefined;
  }
}

function* limited<Row>(rows: Iterable<Row>): Generator<Row> {
  let count = 0;
  for (const row of rows) {
    count += 1;
    if (count > MAX_ROWS) return;
    yield row;
  }
}

/** A history that is broken is one problem, however many of its rows are: it is a help, not the truth. */
function oneReport(path: string, problems: Problem[]): Report {
  let reported = false;
  return (record, reason) => {
    if (!reported) problems.push({ code: 'rpm-broken-history', path: `${displayPath(path)}: ${record}`, reason });
    reported = true;
  };
}
