import type { Problem } from '../../../model/evidence.js';
import type { PackageFile } from '../../../model/packages.js';
import { displayPath, normalizePath } from '../../../model/path.js';

/** One block of the database: its one-letter fields, and its files. */
export interface ApkRecord {
  /** Line of its first field. */
  readonly line: number;
  readonly path: string;
  readonly name: string;
  readonly version: string;
  readonly architecture: string;
  readonly fields: ReadonlyMap<string, string>;
  readonly files: readonly PackageFile[];
}

const MAX_RECORDS = 100_000;
const MAX_LINE = 65_536;
const MAX_PATH = 4096;
/** A path repeats its folder, which the database names once. */
const MAX_PATH_CHARACTERS = 256 * 1024 * 1024;
/** The largest systems own half a million. */
const MAX_FILES = 2_000_000;
const FILE_FIELDS = 'FMRaZ';

/** Reads `installed`: blocks of `letter:value` lines between empty ones (apk-package(5), "Installed database"). */
export function parseInstalled(text: string, path: string, problems: Problem[]): ApkRecord[] {
  const records: ApkRecord[] = [];
  let budget = MAX_PATH_CHARACTERS;
  let count = 0;
  for (const block of blocksOf(text)) {
    if (records.length >= MAX_RECORDS || count > MAX_FILES) {
      problems.push(broken(path, block.line, 'Too many packages or files; the rest is not read.'));
      break;
    }
    const fields = new Map<string, string>();
    const files: FileReader = fileReader(budget);
    for (const [index, line] of block.lines.entries()) {
      const letter = line[0]!;
      if (line[1] !== ':' || line.length > MAX_LINE) {
        problems.push(broken(path, block.line + index, 'Not a field of a package.'));
        continue;
      }
      const value = line.slice(2);
      if (!FILE_FIELDS.includes(letter)) fields.set(letter, value);
      else if (!files.read(letter, value)) problems.push(broken(path, block.line + index, 'Not the field of a file.'));
    }
    budget -= files.characters();
    count += files.files.length;
    const [name, version] = [fields.get('P') ?? '', fields.get('V') ?? ''];
    // `.name` is a virtual package, made by `apk add --virtual`.
    if (!/^[A-Za-z0-9._][A-Za-z0-9+._-]{0,254}$/.test(name) || !/^[A-Za-z0-9._~:+-]{1,254}$/.test(version)) {
      problems.push(broken(path, block.line, 'A package without a usable name or version.'));
      continue;
    }
    const architecture = fields.get('A') ?? '';
    records.push({
      line: block.line,
      path,
      name,
      version,
      architecture: /^[A-Za-z0-9_-]{1,64}$/.test(architecture) ? architecture : 'noarch',
      fields,
      files: files.files,
    });
  }
  return records;
}

interface FileReader {
  readonly files: PackageFile[];
  /** Takes one of the fields of files; false when it makes no sense. */
  read(letter: string, value: string): boolean;
  characters(): number;
}

type Draft = { -readonly [Key in keyof PackageFile]: PackageFile[Key] };

/** `F:` begins a folder with its `M:`, `R:` a file in it with its `a:` and `Z:`; owner 0:0 and mode 755 or 644 go unsaid. */
function fileReader(budget: number): FileReader {
  const files: Draft[] = [];
  let folder: Draft | undefined;
  let file: Draft | undefined;
  let characters = 0;
  const add = (path: string, type: 'directory' | undefined, mode: number): Draft | undefined => {
    characters += path.length;
    if (path.length > MAX_PATH || characters > budget) return undefined;
    const draft: Draft = { path, configuration: isConfiguration(path, type), mode, user: '#0', group: '#0' };
    if (type !== undefined) draft.type = type;
    files.push(draft);
    return draft;
  };
  return {
    files,
    characters: () => characters,
    read(letter, value) {
      if (letter === 'F') {
        folder = add(normalizePath(value), 'directory', 0o755);
        file = undefined;
        return folder !== undefined;
      }
      if (letter === 'R') {
        file =
          folder === undefined || value === ''
            ? undefined
            : add(normalizePath(`${folder.path}/${value}`), undefined, 0o644);
        return file !== undefined;
      }
      const target = letter === 'M' ? folder : file;
      if (target === undefined) return false;
      return letter === 'Z' ? setDigest(target, value) : setOwner(target, value);
    },
  };
}

/** `user:group:mode[:checksum of attributes]`, numbers, the mode octal. */
function setOwner(target: Draft, value: string): boolean {
  const match = /^([0-9]{1,10}):([0-9]{1,10}):([0-7]{1,6})(?::.*)?$/.exec(value);
  if (match === null) return false;
  target.user = `#${match[1]}`;
  target.group = `#${match[2]}`;
  target.mode = Number.parseInt(match[3]!, 8) & 0o7777;
  return true;
}

/** `Q1` and SHA-1 or `Q2` and SHA-256, in base64; MD5 in hex before. Of a symbolic link, the digest of its target. */
function setDigest(target: Draft, value: string): boolean {
  if (/^[0-9a-f]{32}$/.test(value)) {
    target.digest = { algorithm: 'md5', hex: value };
    return true;
  }
  const algorithm = value.startsWith('Q1') ? 'sha1' : value.startsWith('Q2') ? 'sha256' : undefined;
  const bytes = Buffer.from(value.slice(2), 'base64');
  if (algorithm === undefined || bytes.length !== (algorithm === 'sha1' ? 20 : 32)) return false;
  target.digest = { algorithm, hex: bytes.toString('hex') };
  return true;
}

/** apk keeps what the administrator changed below `/etc` (protected paths, apk-protected-paths(5)), `init.d` aside. */
function isConfiguration(path: string, type: 'directory' | undefined): boolean {
  return (
    type === undefined && path.startsWith('/etc/') && !path.startsWith('/etc/init.d/') && !path.startsWith('/etc/apk/')
  );
}

function* blocksOf(text: string): Generator<{ readonly line: number; readonly lines: string[] }> {
  let lines: string[] = [];
  let start = 1;
  for (const [index, line] of text.split('\n').entries()) {
    if (line !== '') {
      if (lines.length === 0) start = index + 1;
      lines.push(line);
    } else if (lines.length > 0) {
      yield { line: start, lines };
      lines = [];
    }
  }
  if (lines.length > 0) yield { line: start, lines };
}

function broken(path: string, line: number, reason: string): Problem {
  return { code: 'apk-broken-record', path: `${displayPath(path)}:${line}`, reason };
}
