import type { Problem } from '../../../model/evidence.js';
import type { GuestFs } from '../../../model/guest-fs.js';
import type { PackageFile } from '../../../model/packages.js';
import { displayPath, joinPath, normalizePath } from '../../../model/path.js';
import { fieldValue } from '../../../syntax/deb822.js';
import { readOptionalText } from '../../../syntax/guest-text.js';
import { DPKG_FOLDER, type StatusRecord } from './status.js';

const INFO = `${DPKG_FOLDER}/info`;
const MAX_FILE_BYTES = 32 * 1024 * 1024;
const MAX_TOTAL_BYTES = 512 * 1024 * 1024;
const MAX_LINE = 8192;

export interface PackageContents {
  readonly files: readonly PackageFile[];
  readonly hasDigests: boolean;
}

/** Reads what each package brought to the disk: `info/NAME[:ARCHITECTURE].{list,md5sums,conffiles}` and Conffiles. */
export function contentsReader(fs: GuestFs, problems: Problem[]): (record: StatusRecord) => Promise<PackageContents> {
  const names = new Set(fs.list(INFO));
  let budget = MAX_TOTAL_BYTES;
  if (names.size === 0 && fs.exists(`${DPKG_FOLDER}/status`)) {
    problems.push({ code: 'dpkg-missing-list', path: INFO, reason: 'No package says which files it brought.' });
  }

  const read = async (path: string): Promise<string | undefined> => {
    const size = fs.stat(path)?.size ?? 0;
    if (size > budget) {
      problems.push({ code: 'file-too-large', path: displayPath(path), reason: 'The records of dpkg are too large.' });
      return undefined;
    }
    budget -= size;
    return readOptionalText(fs, path, MAX_FILE_BYTES, problems);
  };

  return async (record) => {
    const base = infoBase(record, names);
    const list = await read(`${base}.list`);
    const sums = await read(`${base}.md5sums`);
    const conffiles = await read(`${base}.conffiles`);
    if (list === undefined && names.size > 0 && isInInfo(base)) {
      problems.push({
        code: 'dpkg-missing-list',
        path: displayPath(`${base}.list`),
        reason: `${record.name} is installed, and nothing says which files it brought.`,
      });
    }
    const files = new Map<string, PackageFile>();
    for (const path of listedPaths(list ?? '')) files.set(path, { path, configuration: false });
    const defects = addDigests(files, sums ?? '');
    if (defects > 0) {
      problems.push({
        code: 'dpkg-broken-record',
        path: displayPath(`${base}.md5sums`),
        reason: `${defects} lines are no digest and path.`,
      });
    }
    addConfiguration(files, conffiles ?? '', fieldValue(record.paragraph, 'Conffiles') ?? '');
    return { files: [...files.values()], hasDigests: sums !== undefined };
  };
}

/** The name carries the architecture exactly for `Multi-Arch: same`; older dpkg wrote the plain name always. */
function infoBase(record: StatusRecord, names: ReadonlySet<string>): string {
  if (!record.path.startsWith(`${DPKG_FOLDER}/status.d/`)) {
    const qualified = `${record.name}:${record.architecture}`;
    return joinPath(INFO, names.has(`${qualified}.list`) ? qualified : record.name);
  }
  return record.path;
}

function isInInfo(base: string): boolean {
  return base.startsWith(`${INFO}/`);
}

function* listedPaths(text: string): Generator<string> {
  for (const line of linesOf(text)) {
    // The first line is the root, written as "/.".
    if (line.startsWith('/') && line !== '/.' && line.length <= MAX_LINE) yield cleanPath(line);
  }
}

function addDigests(files: Map<string, PackageFile>, text: string): number {
  let defects = 0;
  for (const line of linesOf(text)) {
    if (line === '') continue;
    const hex = line.slice(0, 32);
    if (
      line.length > MAX_LINE ||
      line.length < 35 ||
      !/^[0-9a-f]{32}$/.test(hex) ||
      !/^ [ *]/.test(line.slice(32, 34))
    ) {
      defects += 1;
      continue;
    }
    const path = cleanPath(`/${line.slice(34)}`);
    files.set(path, { path, configuration: false, digest: { algorithm: 'md5', hex } });
  }
  return defects;
}

/**
 * @param conffiles Lines of `NAME.conffiles`: a path, or `remove-on-upgrade PATH`.
 * @param field The Conffiles of the status file: path, digest of the packaged version, flags.
 */
function addConfiguration(files: Map<string, PackageFile>, conffiles: string, field: string): void {
  for (const line of linesOf(conffiles)) {
    if (!line.startsWith('/') || line.length > MAX_LINE) continue;
    const path = cleanPath(line);
    files.set(path, { ...(files.get(path) ?? { path }), configuration: true });
  }
  for (const line of linesOf(field)) {
    if (line.length > MAX_LINE) continue;
    const match = /^(\/.*) ([0-9a-f]{32}|newconffile)((?: obsolete| remove-on-upgrade)*)$/.exec(line.trim());
    if (match === null) continue;
    const path = cleanPath(match[1]!);
    files.set(path, {
      path,
      configuration: true,
      ...(match[2] === 'newconffile' ? {} : { digest: { algorithm: 'md5', hex: match[2]! } }),
      ...(match[3] === '' ? {} : { ghost: true }),
    });
  }
}

/** Almost every path is clean already, and a package has thousands. */
function cleanPath(path: string): string {
  return /\/(?:\.{0,2}(?:\/|$))/.test(path) ? normalizePath(path) : path;
}

function* linesOf(text: string): Generator<string> {
  let position = 0;
  while (position < text.length) {
    const newline = text.indexOf('\n', position);
    const end = newline === -1 ? text.length : newline;
    yield text.slice(position, end);
    position = end + 1;
  }
}
