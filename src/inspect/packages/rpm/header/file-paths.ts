import { normalizePath } from '../../../../model/path.js';
import { headerNumbers, headerStrings, type RpmHeader } from './header.js';
import { TAG } from './tags.js';

export interface FilePaths {
  readonly paths: readonly string[];
  /** What is wrong with the lists; there are no paths then. */
  readonly defect: string | null;
}

/** PATH_MAX of Linux. */
const MAX_PATH = 4096;
/** A real header spends more than forty bytes on a file beside its name; a forged one repeats a long folder for nothing. */
const MAX_PATH_BYTES_PER_BYTE = 16;

/** The paths of the files of a package: names with numbers of folders, or whole as rpm 3 had them; absolute. */
export function filePaths(header: RpmHeader): FilePaths {
  const names = headerStrings(header, TAG.baseNames);
  const old = names.length === 0 ? headerStrings(header, TAG.oldFileNames) : [];
  const indexes = headerNumbers(header, TAG.directoryIndexes);
  const folders = headerStrings(header, TAG.directoryNames);
  if (names.length === 0 && old.length === 0) {
    const claimed = header.entries.has(TAG.baseNames) || header.entries.has(TAG.oldFileNames);
    return { paths: [], defect: claimed ? 'The names of its files cannot be read.' : null };
  }
  if (names.length !== indexes.length && old.length === 0) {
    return { paths: [], defect: `It has ${names.length} names of files and folders for ${indexes.length}.` };
  }
  const paths: string[] = [];
  let budget = header.data.length * MAX_PATH_BYTES_PER_BYTE;
  const count = old.length === 0 ? names.length : old.length;
  for (let index = 0; index < count; index += 1) {
    const folder = old.length === 0 ? folders[indexes[index]!] : '';
    if (folder === undefined) return { paths: [], defect: 'A file lies in a folder that is not listed.' };
    const name = old.length === 0 ? names[index]! : old[index]!;
    budget -= folder.length + name.length;
    if (folder.length + name.length > MAX_PATH || budget < 0) {
      return { paths: [], defect: 'The paths of its files are too long.' };
    }
    paths.push(cleanPath(folder + name));
  }
  return { paths, defect: null };
}

/** Almost every path is clean already, and a machine has a hundred thousand. */
function cleanPath(path: string): string {
  return path.startsWith('/') && !/\/(?:\.{0,2}(?:\/|$))/.test(path) ? path : normalizePath(path);
}
