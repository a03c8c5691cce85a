import type { FileInventory, FileRecord } from '../../model/files.js';
import { joinPath, parentPath } from '../../model/path.js';

const MAX_HOPS = 40;
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
  const canonical = (path: string): string => resolve(records, path);
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

function resolve(records: ReadonlyMap<string, FileRecord>, path: string): string {
  const pending = path.split('/').reverse();
  let current = '/';
  let hops = 0;
  while (pending.length > 0) {
    const part = pending.pop()!;
    if (part === '' || part === '.') continue;
    if (part === '..') {
      current = parentPath(current);
      continue;
    }
    const next = joinPath(current, part);
    const entry = records.get(next)?.entry;
    if (entry?.type === 'symlink' && hops < MAX_HOPS) {
      hops += 1;
      const target = entry.target ?? '';
      if (target.startsWith('/')) current = '/';
      pending.push(...target.split('/').reverse());
    } else {
      current = next;
    }
  }
  return current;
}
