import type { Problem } from '../../../model/evidence.js';
import type { GuestFs } from '../../../model/guest-fs.js';
import { displayPath, joinPath } from '../../../model/path.js';
import { fieldValue, type Paragraph, parseDeb822 } from '../../../syntax/deb822.js';
import { readOptionalText } from '../../../syntax/guest-text.js';

/** dpkg's own folder of records: dpkg(1), FILES. */
export const DPKG_FOLDER = '/var/lib/dpkg';
const STATUS = `${DPKG_FOLDER}/status`;
/** One file for each package, without `Status`: how images without dpkg record what they hold. */
const STATUS_PARTS = `${DPKG_FOLDER}/status.d`;
/** Paragraphs that an interrupted dpkg has not merged yet; numbered, later ones count. */
const JOURNAL = `${DPKG_FOLDER}/updates`;

const MAX_STATUS_BYTES = 64 * 1024 * 1024;
const MAX_PART_BYTES = 1024 * 1024;
const MAX_PARTS = 20_000;
const MAX_RECORDS = 200_000;

/** One package of the status file whose files are on the disk. */
export interface StatusRecord {
  readonly paragraph: Paragraph;
  readonly name: string;
  readonly version: string;
  readonly architecture: string;
  readonly held: boolean;
  readonly path: string;
}

export function findStatus(fs: GuestFs): string[] {
  return [STATUS, STATUS_PARTS].filter((path) => fs.exists(path) && (path === STATUS || fs.list(path).length > 0));
}

/** Every package that is on the disk, later records of one name and architecture over earlier ones. */
export async function readStatus(fs: GuestFs, problems: Problem[]): Promise<StatusRecord[]> {
  const paragraphs = new Map<string, { paragraph: Paragraph; path: string; always: boolean }>();
  const add = (text: string, path: string, always: boolean): void => {
    for (const paragraph of parseDeb822(text)) {
      for (const { line, reason } of paragraph.defects) {
        problems.push({ code: 'dpkg-broken-record', path: `${displayPath(path)}:${line}`, reason });
      }
      const name = fieldValue(paragraph, 'Package');
      if (name === undefined) {
        if (paragraph.fields.size > 0) {
          problems.push(located('dpkg-broken-record', path, paragraph, 'A record without the name of its package.'));
        }
      } else if (paragraphs.size >= MAX_RECORDS) {
        problems.push(located('dpkg-too-many-records', path, paragraph, `More than ${MAX_RECORDS} records.`));
        return;
      } else {
        const key = `${name}:${fieldValue(paragraph, 'Architecture') ?? ''}`;
        paragraphs.set(key, { paragraph, path, always });
      }
    }
  };
  const status = await readOptionalText(fs, STATUS, MAX_STATUS_BYTES, problems);
  if (status !== undefined) add(status, STATUS, false);
  for (const path of partFiles(fs, JOURNAL, /^[0-9]{1,8}$/)) {
    const text = await readOptionalText(fs, path, MAX_PART_BYTES, problems);
    if (text !== undefined) add(text, path, false);
  }
  for (const path of partFiles(
    fs,
    STATUS_PARTS,
    /^(?!.*\.(?:md5sums|list|conffiles|preinst|postinst|prerm|postrm)$)/,
  )) {
    const text = await readOptionalText(fs, path, MAX_PART_BYTES, problems);
    if (text !== undefined) add(text, path, true);
  }
  const records: StatusRecord[] = [];
  for (const { paragraph, path, always } of paragraphs.values()) {
    const record = installedRecord(paragraph, path, always, problems);
    if (record !== null) records.push(record);
  }
  return records;
}

/** Null for packages that are not on the disk, and for records that do not say what is. */
function installedRecord(
  paragraph: Paragraph,
  path: string,
  always: boolean,
  problems: Problem[],
): StatusRecord | null {
  const name = fieldValue(paragraph, 'Package')!;
  const words = (fieldValue(paragraph, 'Status') ?? (always ? 'install ok installed' : '')).split(/\s+/);
  const [want, , state] = words;
  if (words.length !== 3) {
    problems.push(located('dpkg-broken-record', path, paragraph, `${name} has no usable Status.`));
    return null;
  }
  if (state === 'not-installed' || state === 'config-files') return null;
  if (state === 'half-installed') {
    problems.push(
      located('dpkg-half-installed', path, paragraph, `${name} was left half installed; its files count as unowned.`),
    );
    return null;
  }
  if (!isPlainName(name)) {
    problems.push(
      located('dpkg-broken-record', path, paragraph, `"${displayPath(name).slice(0, 80)}" is no package name.`),
    );
    return null;
  }
  const version = fieldValue(paragraph, 'Version') ?? '';
  if (!isPlainVersion(version)) {
    problems.push(located('dpkg-broken-record', path, paragraph, `${name} has no usable Version.`));
    return null;
  }
  const architecture = fieldValue(paragraph, 'Architecture') ?? '';
  if (!/^[a-z0-9][a-z0-9-]*$/.test(architecture)) {
    problems.push(located('dpkg-broken-record', path, paragraph, `${name} has no usable Architecture.`));
    return null;
  }
  if (state !== 'installed') {
    problems.push(located('dpkg-not-configured', path, paragraph, `${name} is on the disk in state "${state}".`));
  }
  return { paragraph, name, version, architecture, held: want === 'hold', path };
}

/** Names go into file names and commands later on: nothing but what Debian Policy 5.6.1 allows, and capitals. */
function isPlainName(name: string): boolean {
  return /^[A-Za-z0-9][A-Za-z0-9+._-]{0,254}$/.test(name);
}

function isPlainVersion(version: string): boolean {
  return /^[A-Za-z0-9][A-Za-z0-9.+~:_-]{0,254}$/.test(version);
}

function partFiles(fs: GuestFs, folder: string, names: RegExp): string[] {
  return fs
    .list(folder)
    .filter((name) => names.test(name))
    .slice(0, MAX_PARTS)
    .map((name) => joinPath(folder, name));
}

function located(code: string, path: string, paragraph: Paragraph, reason: string): Problem {
  return { code, path: `${displayPath(path)}:${paragraph.line}`, reason };
}
