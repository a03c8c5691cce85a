import type { Entry } from './entry.js';
import { joinPath, parentPath } from './path.js';

/** As the kernel: more symbolic links than this in one look-up are a loop (path_resolution(7)). */
const MAX_HOPS = 40;

export interface FollowedPath {
  /** Without symbolic links, `.` and `..`, as far as it exists; the rest as it was written. */
  readonly path: string;
  /** Whether there is something at the path; no when its links go in a circle. */
  readonly exists: boolean;
}

/**
 * Walks a path from the root of a tree, following the tree's own symbolic links and never leaving it.
 * @param at What is at a canonical path.
 * @param followLast Whether the last component is followed, too: stat(2), or lstat(2).
 */
export function followLinks(
  path: string,
  at: (canonicalPath: string) => Pick<Entry, 'type' | 'target'> | undefined,
  followLast: boolean,
): FollowedPath {
  const pending = path.split('/').reverse();
  let current = '/';
  let exists = true;
  let hops = 0;
  while (pending.length > 0) {
    const part = pending.pop()!;
    if (part === '' || part === '.') continue;
    if (part === '..') {
      current = parentPath(current);
      continue;
    }
    if (exists && at(current)?.type !== 'directory') exists = false;
    const path = joinPath(current, part);
    const next = exists ? at(path) : undefined;
    if (next === undefined) exists = false;
    const isLast = pending.every((rest) => rest === '' || rest === '.');
    if (next?.type === 'symlink' && (followLast || !isLast)) {
      hops += 1;
      if (hops <= MAX_HOPS) {
        const target = next.target ?? '';
        if (target.startsWith('/')) current = '/';
        pending.push(...target.split('/').reverse());
        continue;
      }
      exists = false;
    }
    current = path;
  }
  return { path: current, exists: exists && at(current) !== undefined };
}
