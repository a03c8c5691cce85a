import { AppError } from '../../errors.js';
import type { Problem } from '../../model/evidence.js';
import type { GuestFs } from '../../model/guest-fs.js';
import { decodePath, displayPath, normalizePath, parentPath } from '../../model/path.js';
import { expandGlob } from '../../syntax/glob.js';

/** Squid's commented configuration, the longest that is packaged, has 340 KB. */
const MAX_FILE_BYTES = 512 * 1024;
const MAX_FILES = 4000;
const MAX_TOTAL_BYTES = 64 * 1024 * 1024;
const MAX_INCLUDE_DEPTH = 16;
/** N files that include each other are N! inclusions: what all of a guest may cost, each its file and a bit. */
const MAX_INCLUDED_BYTES = 64 * 1024 * 1024;
const INCLUSION_BYTES = 4096;

/** Bounded access to the text files of a guest; each file is read once. */
export interface ConfigFiles {
  /** The text with `\n` line ends, or null: absent, not a file, or refused (then a problem says so). */
  read(path: string): Promise<string | null>;
  /** The first of the paths that is a file. */
  first(paths: readonly string[]): string | undefined;
  /** Regular files that a pattern matches, sorted; relative patterns start at `folder`. */
  expand(pattern: string, folder?: string): string[];
  /** Files of a folder with the given ending, sorted, hidden ones left out. */
  folder(path: string, ending?: string): string[];
  /** Asked before each inclusion: false, with a problem, once the files of this guest have included each other too often. */
  mayInclude(path: string): boolean;
  readonly problems: Problem[];
}

export function configFiles(fs: GuestFs): ConfigFiles {
  const texts = new Map<string, string | null>();
  const problems: Problem[] = [];
  let totalBytes = 0;
  let includedBytes = 0;
  const isFile = (path: string): boolean => fs.stat(path)?.type === 'file';
  return {
    problems,
    first: (paths) => paths.find(isFile),
    expand: (pattern, folder = '/') => expandGlob(fs, absolute(pattern, folder)).filter(isFile),
    folder: (path, ending = '') =>
      fs
        .list(path)
        .filter((name) => name.endsWith(ending) && !name.startsWith('.'))
        .map((name) => normalizePath(`${path}/${name}`))
        .filter(isFile),
    mayInclude(path) {
      if (includedBytes > MAX_INCLUDED_BYTES) return false;
      includedBytes += INCLUSION_BYTES + (fs.stat(path)?.size ?? 0);
      if (includedBytes <= MAX_INCLUDED_BYTES) return true;
      problems.push({ code: 'include-loop', path: displayPath(path), reason: 'files include each other too often' });
      return false;
    },
    async read(path) {
      const entry = fs.stat(path);
      if (entry === undefined || entry.type !== 'file') return null;
      const known = texts.get(entry.path);
      if (known !== undefined) return known;
      let text: string | null = null;
      if (entry.size > MAX_FILE_BYTES || texts.size >= MAX_FILES || totalBytes + entry.size > MAX_TOTAL_BYTES) {
        problems.push({ code: 'config-too-large', path: displayPath(path), reason: `not read: ${entry.size} bytes` });
      } else {
        totalBytes += entry.size;
        try {
          text = cleanText(await fs.readFile(path, { maxBytes: MAX_FILE_BYTES }));
        } catch (error) {
          if (!(error instanceof AppError)) throw error;
          problems.push({ code: error.code, path: displayPath(path), reason: error.message });
        }
      }
      texts.set(entry.path, text);
      return text;
    },
  };
}

/** An entry of a configuration and the file it stands in. */
export type InFile<T> = T & { readonly path: string };

export interface IncludeRules<T> {
  readonly parse: (text: string) => readonly T[];
  /** Paths or patterns that the entry includes in its place; undefined for every other entry. */
  readonly includes: (entry: T, path: string) => readonly string[] | undefined;
  /** An entry of a file that `by` includes, as it holds there: inside of the sections that are open around `by`. */
  readonly within?: (entry: T, by: T) => T;
}

/**
 * The entries of a configuration in the order in which its program meets them: included files in the place of the line
 * that includes them. Loops and depths beyond 16 end with a problem.
 */
export async function readWithIncludes<T>(
  files: ConfigFiles,
  path: string,
  rules: IncludeRules<T>,
): Promise<InFile<T>[]> {
  const result: InFile<T>[] = [];
  await appendFile(files, path, rules, [], result, (entry) => entry);
  return result;
}

async function appendFile<T>(
  files: ConfigFiles,
  path: string,
  rules: IncludeRules<T>,
  above: readonly string[],
  result: InFile<T>[],
  placed: (entry: T) => T,
): Promise<void> {
  const text = await files.read(path);
  if (text === null) return;
  if (above.includes(path) || above.length >= MAX_INCLUDE_DEPTH || result.length > 200_000) {
    files.problems.push({
      code: 'include-loop',
      path: displayPath(path),
      reason: 'included too deep, too often or by itself',
    });
    return;
  }
  for (const parsed of rules.parse(text)) {
    const entry = placed(parsed);
    const inside = (inner: T): T => rules.within?.(inner, entry) ?? inner;
    const patterns = rules.includes(entry, path);
    if (patterns === undefined) {
      result.push({ ...entry, path });
      continue;
    }
    for (const pattern of patterns) {
      for (const included of files.expand(pattern, parentPath(path))) {
        if (!files.mayInclude(included)) return;
        await appendFile(files, included, rules, [...above, path], result, inside);
      }
    }
  }
}

/** A path of a configuration made absolute. */
export function absolute(path: string, folder: string): string {
  return normalizePath(path.startsWith('/') ? path : `${folder}/${path}`);
}

function cleanText(bytes: Buffer): string {
  return decodePath(bytes)
    .replace(/^\ufeff/, '')
    .replaceAll('\r\n', '\n');
}
