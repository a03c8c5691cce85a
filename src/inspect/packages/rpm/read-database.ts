import type { Evidence, Problem } from '../../../model/evidence.js';
import type { GuestFs } from '../../../model/guest-fs.js';
import type { SigningKey } from '../../../model/packages.js';
import { baseName, displayPath } from '../../../model/path.js';
import type { RandomAccess } from '../../../model/random-access.js';
import { openOptional, readOptional } from '../../../syntax/guest-text.js';
import { type DatabaseForm, databaseForm, headerRecords } from './database/container.js';
import { DatabaseError, type Report } from './database/record.js';
import { evr, isKeyEntry, type PackageFacts, packageFacts } from './header/facts.js';
import { HeaderError, headerText, parseHeader, type RpmHeader } from './header/header.js';
import { TAG } from './header/tags.js';
import { configuredFolders, databaseFiles } from './locate.js';

export interface RpmDatabase {
  readonly packages: readonly PackageFacts[];
  readonly keys: readonly SigningKey[];
  /** The database file, and everything else that was read to find it. */
  readonly evidence: readonly Evidence[];
}

const MAX_DATABASE_BYTES = 512 * 1024 * 1024;
const MAX_LOG_BYTES = 256 * 1024 * 1024;
const MAX_PACKAGES = 100_000;
/** The largest systems own half a million. */
const MAX_FILES = 2_000_000;
const MAX_RELATIONS = 3_000_000;
/** A database of rubbish has a problem in every record: a few of them say it all. */
const MAX_PROBLEMS = 50;

/** Reads the first database that names a package; others beside it are left over from a conversion, and a problem. */
export async function readRpmDatabase(fs: GuestFs, problems: Problem[]): Promise<RpmDatabase> {
  let best: RpmDatabase | undefined;
  const files = databaseFiles(fs, await configuredFolders(fs, problems));
  for (const [index, path] of files.entries()) {
    const database = await readFile(fs, path, problems);
    if (database === undefined) continue;
    if (database.packages.length > 0) {
      for (const other of files.slice(index + 1)) problems.push(leftOver(other, path));
      return database;
    }
    best ??= database;
  }
  return best ?? { packages: [], keys: [], evidence: [] };
}

async function readFile(fs: GuestFs, path: string, problems: Problem[]): Promise<RpmDatabase | undefined> {
  const content = await openOptional(fs, path, MAX_DATABASE_BYTES, problems);
  if (content === undefined) return undefined;
  try {
    return await readContent(fs, path, content, problems);
  } finally {
    await content.close();
  }
}

async function readContent(
  fs: GuestFs,
  path: string,
  content: RandomAccess,
  problems: Problem[],
): Promise<RpmDatabase | undefined> {
  const shown = displayPath(path);
  const form = databaseForm(content);
  if (form === undefined) {
    const reason = content.size === 0 ? 'The database is empty.' : 'It is no database of rpm, whatever its name.';
    problems.push({ code: 'rpm-unreadable-database', path: shown, reason });
    return undefined;
  }
  if (form !== FORM_OF_NAME.get(baseName(path))) {
    problems.push({
      code: 'rpm-misnamed-database',
      path: shown,
      reason: `The content is ${LABELS[form]}; read as such.`,
    });
  }
  if (form === 'sqlite' && (fs.stat(`${path}-journal`)?.size ?? 0) > 0) {
    const reason = 'A transaction was under way; what it wrote so far is read, it is not rolled back.';
    problems.push({ code: 'rpm-unfinished-transaction', path: displayPath(`${path}-journal`), reason });
  }
  const log = form === 'sqlite' ? await readOptional(fs, `${path}-wal`, MAX_LOG_BYTES, problems) : undefined;
  const report = limitedReport(shown, problems);
  try {
    return collect(path, form, content, log, report);
  } catch (error) {
    if (!(error instanceof DatabaseError)) throw error;
    problems.push({ code: 'rpm-unreadable-database', path: shown, reason: error.message });
    return undefined;
  }
}

function collect(
  path: string,
  form: DatabaseForm,
  content: RandomAccess,
  log: Buffer | undefined,
  report: Report,
): RpmDatabase {
  const packages: PackageFacts[] = [];
  const keys: SigningKey[] = [];
  let files = 0;
  let relations = 0;
  for (const { number, blob } of headerRecords(form, content, log, report)) {
    if (packages.length >= MAX_PACKAGES || files > MAX_FILES || relations > MAX_RELATIONS) {
      report(
        `header ${number}`,
        `More packages (${packages.length}) or files (${files}) than any system has; the rest is not read.`,
      );
      break;
    }
    try {
      const header = parseHeader(blob);
      if (isKeyEntry(header)) {
        keys.push(keyOf(header, { path, record: `header ${number}` }));
        continue;
      }
      const facts = packageFacts(number, header);
      for (const defect of facts.defects) report(`header ${number}`, defect);
      packages.push(facts);
      files += facts.files.length;
      relations += relationCount(facts);
    } catch (error) {
      if (!(error instanceof HeaderError)) throw error;
      report(`header ${number}`, error.message);
    }
  }
  const evidence = [{ path }, ...(log === undefined || log.length === 0 ? [] : [{ path: `${path}-wal` }])];
  return { packages, keys, evidence };
}

function relationCount(facts: PackageFacts): number {
  const { requires, recommends, suggests, supplements, enhances, conflicts, obsoletes, provides } = facts;
  const lists = [requires, recommends, suggests, supplements, enhances, conflicts];
  return lists.reduce((sum, { plain, rich }) => sum + plain.length + rich.length, obsoletes.length + provides.length);
}

const LABELS: Readonly<Record<DatabaseForm, string>> = { sqlite: 'SQLite', ndb: 'NDB', bdb: 'Berkeley DB' };

const FORM_OF_NAME: ReadonlyMap<string, DatabaseForm> = new Map([
  ['rpmdb.sqlite', 'sqlite'],
  ['Packages.db', 'ndb'],
  ['Packages', 'bdb'],
]);

/** The version is the key id (or the whole fingerprint), the summary is `gpg(USER ID)` or `USER ID public key`. */
function keyOf(header: RpmHeader, evidence: Evidence): SigningKey {
  const summary = headerText(header, TAG.summary) ?? '';
  const owner = /^gpg\((.*)\)$/s.exec(summary)?.[1] ?? summary.replace(/ public key$/, '');
  return {
    id: (headerText(header, TAG.version) ?? evr(header)).toLowerCase().slice(0, 64),
    owner: owner.slice(0, 512),
    evidence,
  };
}

function leftOver(path: string, used: string): Problem {
  return {
    code: 'rpm-leftover-database',
    path: displayPath(path),
    reason: `A second database lies beside ${displayPath(used)}, which names packages and was read.`,
  };
}

function limitedReport(path: string, problems: Problem[]): Report {
  let count = 0;
  return (record, reason) => {
    count += 1;
    if (count <= MAX_PROBLEMS) problems.push({ code: 'rpm-broken-record', path: `${path}: ${record}`, reason });
    if (count === MAX_PROBLEMS + 1) {
      problems.push({ code: 'rpm-broken-record', path, reason: 'More records are broken; they are not listed.' });
    }
  };
}
