import type { GuestFs } from '../../model/guest-fs.js';
import { baseName, joinPath, parentPath } from '../../model/path.js';

/**
 * Gives paths of package databases the form that entries of the guest have: every component but the last with its
 * symbolic links followed. `/bin/sh` becomes `/usr/bin/sh` where `/bin` is a link, whether the file exists or not.
 */
export function canonicalizer(fs: GuestFs): (path: string) => string {
  const folders = new Map<string, string>([['/', '/']]);
  const folder = (path: string): string => {
    const known = folders.get(path);
    if (known !== undefined) return known;
    const found = fs.stat(path);
    const canonical = found?.path ?? joinPath(folder(parentPath(path)), baseName(path));
    folders.set(path, canonical);
    return canonical;
  };
  return (path) => {
    if (path === '/') return path;
    const parent = parentPath(path);
    const canonical = folder(parent);
    // Most paths are canonical already: then no new string is made.
    return canonical === parent ? path : joinPath(canonical, baseName(path));
  };
}
