import type { Problem } from '../../../model/evidence.js';
import type { GuestFs } from '../../../model/guest-fs.js';
import type { PackageFile } from '../../../model/packages.js';
import { displayPath, joinPath, normalizePath } from '../../../model/path.js';
import { readOptional, readOptionalText } from '../../../syntax/guest-text.js';
import { type Blocks, firstValue, parseBlocks, valuesOf } from './blocks.js';
import { type MtreeFacts, parseMtree } from './mtree.js';

/** One folder `NAME-VERSION-RELEASE` of the local database. */
export interface LocalRecord {
  readonly path: string;
  readonly name: string;
  readonly version: string;
  readonly architecture: string;
  readonly desc: Blocks;
  readonly files: readonly PackageFile[];
  readonly hasDigests: boolean;
}

const MAX_RECORDS = 50_000;
const MAX_FILE_BYTES = 32 * 1024 * 1024;
const MAX_PATH = 4096;
/** Of all packages: the largest systems own half a million files. */
const MAX_FILES = 2_000_000;
const MAX_TOTAL_BYTES = 512 * 1024 * 1024;

/** @param folder The `local` folder of the database. */
export async function readLocalDatabase(fs: GuestFs, folder: string, problems: Problem[]): Promise<LocalRecord[]> {
  const records: LocalRecord[] = [];
  let files = 0;
  let bytes = 0;
  for (const name of fs.list(folder).slice(0, MAX_RECORDS)) {
    const path = joinPath(folder, name);
    // ALPM_DB_VERSION stands among the folders.
    if (fs.stat(path)?.type !== 'directory') continue;
    for (const part of ['desc', 'files', 'mtree']) bytes += fs.stat(joinPath(path, part))?.size ?? 0;
    if (files > MAX_FILES || bytes > MAX_TOTAL_BYTES) {
      problems.push({
        code: 'file-too-large',
        path: displayPath(folder),
        reason: 'The records of pacman are too large.',
      });
      break;
    }
    const record = await readRecord(fs, path, problems);
    if (record === undefined) continue;
    records.push(record);
    files += record.files.length;
  }
  return records;
}

async function readRecord(fs: GuestFs, path: string, problems: Problem[]): Promise<LocalRecord | undefined> {
  const descPath = joinPath(path, 'desc');
  const text = await readOptionalText(fs, descPath, MAX_FILE_BYTES, problems);
  const report = (where: string, reason: string): void => {
    problems.push({ code: 'pacman-broken-record', path: displayPath(where), reason });
  };
  if (text === undefined) {
    if (!fs.exists(descPath)) report(path, 'The package has no description.');
    return undefined;
  }
  const desc = parseBlocks(text);
  const name = firstValue(desc, 'NAME') ?? '';
  const version = firstValue(desc, 'VERSION') ?? '';
  for (const line of desc.stray) report(`${descPath}:${line}`, 'Not part of any field.');
  if (!/^[A-Za-z0-9@_+][A-Za-z0-9@._+-]{0,254}$/.test(name) || !/^[A-Za-z0-9._+~:-]{1,254}$/.test(version)) {
    report(descPath, 'A package without a usable name or version.');
    return undefined;
  }
  const architecture = firstValue(desc, 'ARCH') ?? 'any';
  const lists = parseBlocks((await readOptionalText(fs, joinPath(path, 'files'), MAX_FILE_BYTES, problems)) ?? '');
  const files = withFacts(lists, await readFacts(fs, joinPath(path, 'mtree'), problems));
  return {
    path,
    name,
    version,
    architecture: /^[A-Za-z0-9_]{1,64}$/.test(architecture) ? architecture : 'any',
    desc,
    files,
    hasDigests: files.some(({ digest }) => digest !== undefined),
  };
}

async function readFacts(fs: GuestFs, path: string, problems: Problem[]): Promise<Map<string, MtreeFacts>> {
  const content = await readOptional(fs, path, MAX_FILE_BYTES, problems);
  if (content === undefined) return new Map();
  try {
    return parseMtree(content);
  } catch (error) {
    const reason = error instanceof Error ? error.message : 'It cannot be unpacked.';
    problems.push({ code: 'pacman-broken-record', path: displayPath(path), reason });
    return new Map();
  }
}

/** Folders end in a slash; `BACKUP` names configuration and the MD5 it came with, for packages without an mtree. */
function withFacts(lists: Blocks, facts: ReadonlyMap<string, MtreeFacts>): PackageFile[] {
  const backups = new Map<string, string>();
  for (const line of valuesOf(lists, 'BACKUP')) {
    const tab = line.indexOf('\t');
    if (tab > 0) backups.set(normalizePath(line.slice(0, tab)), line.slice(tab + 1));
  }
  const files: PackageFile[] = [];
  for (const line of valuesOf(lists, 'FILES')) {
    if (line.length > MAX_PATH) continue;
    const path = normalizePath(line);
    const md5 = backups.get(path);
    files.push({
      path,
      configuration: md5 !== undefined,
      ...(line.endsWith('/') ? { type: 'directory' as const } : {}),
      ...facts.get(path),
      ...(md5 !== undefined && /^[0-9a-f]{32}$/.test(md5) && facts.get(path)?.digest === undefined
        ? { digest: { algorithm: 'md5' as const, hex: md5 } }
        : {}),
    });
  }
  return files;
}
