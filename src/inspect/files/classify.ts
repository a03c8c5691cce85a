import type { Entry } from '../../model/entry.js';
import type { Problem } from '../../model/evidence.js';
import type { FileInventory, FileRecord } from '../../model/files.js';
import type { GuestFs } from '../../model/guest-fs.js';
import type { PackageDatabase } from '../../model/packages.js';
import { readOptionalText } from '../../syntax/guest-text.js';
import { readAccountNumbers } from './account-numbers.js';
import { dataDirectories } from './data-directories.js';
import { type Exclusion, type ExclusionOptions, exclusionFinder } from './exclusions.js';
import { missingFiles } from './missing.js';
import { type Claim, claimsOf } from './ownership.js';
import { type RecordComparer, recordComparer } from './package-record.js';
import { ruleFor } from './secrets/by-path.js';
import type { PathRule } from './secrets/rules.js';

/** An inventory from metadata, and what the content is held against when it is read. */
export interface ClassifiedFiles extends FileInventory {
  readonly claims: ReadonlyMap<string, Claim>;
  readonly compare: RecordComparer;
  readonly problems: readonly Problem[];
}

const MEBIBYTE = 1024 * 1024;
const LARGE = 100 * MEBIBYTE;
const MIN_HOLE = 128 * 1024;
const MAX_CONFIRMED_BYTES = 256 * 1024;
const MAX_CONFIRMED_FILES = 200;
const NO_OWNERS: readonly string[] = [];

/**
 * Everything that metadata tells about every path: owner, class of exclusion, secrets and identity by their places,
 * data, holes. Of content only small files of /etc are read, where a place alone does not say whether a secret is there.
 */
export async function classifyFiles(
  fs: GuestFs,
  packages: PackageDatabase | null,
  options: ExclusionOptions,
): Promise<ClassifiedFiles> {
  const problems: Problem[] = [];
  const claims = claimsOf(fs, packages);
  const compare = recordComparer(fs, await readAccountNumbers(fs, problems), packages?.manager ?? 'dpkg');
  const { find, rescued, covers, folders } = await exclusionFinder(fs, options, problems);
  const records = new Map<string, FileRecord>();
  const sparse: Entry[] = [];
  const large: Entry[] = [];
  const doubtful: { path: string; rule: PathRule }[] = [];
  for (const entry of fs.entries()) {
    const claim = claims.get(entry.path);
    const rule = entry.type === 'file' && entry.size > 0 ? ruleFor(entry.path) : undefined;
    const excluded = find(entry, claim);
    records.set(entry.path, recordOf(entry, claim, compare, rule, excluded));
    if (rule?.confirm !== undefined && excluded === undefined) doubtful.push({ path: entry.path, rule });
    if (entry.type !== 'file') continue;
    if (entry.size > LARGE) large.push(entry);
    if (entry.size - entry.allocated >= MIN_HOLE && entry.allocated * 2 < entry.size) sparse.push(entry);
  }
  for (const path of rescued) {
    const { excluded: _, ...record } = records.get(path)!;
    records.set(path, record);
  }
  await confirmSecrets(fs, records, doubtful, problems);
  return {
    records,
    digests: new Map(),
    missing: await missingFiles(fs, claims, covers, problems),
    dataDirectories: dataDirectories(fs, records),
    sparse,
    large,
    excludedFolders: folders,
    claims,
    compare,
    problems,
  };
}

function recordOf(
  entry: Entry,
  claim: Claim | undefined,
  compare: RecordComparer,
  rule: PathRule | undefined,
  excluded: Exclusion | undefined,
): FileRecord {
  const record: { -readonly [Key in keyof FileRecord]: FileRecord[Key] } = {
    entry,
    owners: claim?.owners ?? NO_OWNERS,
    configuration: claim?.configuration ?? false,
    ...compare(entry, claim),
  };
  if (claim?.ghost === true) record.ghost = true;
  if (excluded !== undefined) record.excluded = excluded;
  if (rule !== undefined) {
    if (rule.secret) record.secret = rule.kind;
    else record.identity = rule.kind;
  }
  return record;
}

/** /etc is configuration, which every run reads; a file elsewhere stays a suspect until its content passes by. */
async function confirmSecrets(
  fs: GuestFs,
  records: Map<string, FileRecord>,
  doubtful: readonly { path: string; rule: PathRule }[],
  problems: Problem[],
): Promise<void> {
  const readable = doubtful.filter(({ path }) => path.startsWith('/etc/')).slice(0, MAX_CONFIRMED_FILES);
  for (const { path, rule } of readable) {
    if (records.get(path)!.entry.size > MAX_CONFIRMED_BYTES) continue;
    const text = await readOptionalText(fs, path, MAX_CONFIRMED_BYTES, problems);
    if (text === undefined || rule.confirm!(text)) continue;
    const { secret: _, identity: __, ...record } = records.get(path)!;
    records.set(path, record);
  }
}
