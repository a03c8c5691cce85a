import type { FileInventory, FileRecord } from '../../model/files.js';
import { followLinks } from '../../model/follow-links.js';

const FOLDERS = ['/usr/bin', '/bin', '/usr/sbin', '/sbin', '/usr/local/bin'];

/** The tree that the images hold, for questions about paths. */
export interface ImageFiles {
  /** What is at the path after all symbolic links, unless no image holds it. */
  find(path: string): FileRecord | undefined;
  /** The path without symbolic links, as far as it exists. */
  canonical(path: string): string;
  /** Full path of the first of the programs that the image has. */
  program(...names: readonly string[]): string | null;
}

export function imageFiles({ records }: FileInventory): ImageFiles {
  const at = (path: string) => records.get(path)?.entry;
  const canonical = (path: string): string => followLinks(path, at, true).path;
  const find = (path: string): FileRecord | undefined => {
    const record = records.get(canonical(path));
    return record?.excluded === undefined ? record : undefined;
  };
  const program = (...names: readonly string[]): string | null => {
    for (const name of names) {
      for (const folder of FOLDERS) {
        const path = `${folder}/${name}`;
        const entry = find(path)?.entry;
        if (entry?.type === 'file' && (entry.mode & 0o111) !== 0) return path;
      }
    }
    return null;
  };
  return { find, canonical, program };
}
