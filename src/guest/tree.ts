import type { Entry } from '../model/entry.js';
import { ancestors, baseName, comparePaths, joinPath, parentPath } from '../model/path.js';

/** As the kernel: more symbolic links than this in one look-up are a loop (path_resolution(7)). */
const MAX_HOPS = 40;

/** The metadata of a whole guest in memory, with look-up that follows the guest's own symbolic links only. */
export class Tree {
  readonly #entries: ReadonlyMap<string, Entry>;
  readonly #children = new Map<string, string[]>();

  /**
   * @param entries In any order, with canonical paths; of two with one path the last counts. Folders that nothing
   *   describes but something lies in are added as root's, mode 0755.
   */
  constructor(entries: Iterable<Entry>) {
    const byPath = new Map<string, Entry>();
    for (const entry of entries) byPath.set(entry.path, entry);
    for (const path of [...byPath.keys()]) {
      for (const folder of ancestors(path)) if (!byPath.has(folder)) byPath.set(folder, impliedFolder(folder));
    }
    if (!byPath.has('/')) byPath.set('/', impliedFolder('/'));
    const sorted = [...byPath.values()].sort((a, b) => comparePaths(a.path, b.path));
    this.#entries = new Map(sorted.map((entry) => [entry.path, entry]));
    for (const { path } of sorted) {
      if (path === '/') continue;
      const folder = parentPath(path);
      const names = this.#children.get(folder);
      if (names === undefined) this.#children.set(folder, [baseName(path)]);
      else names.push(baseName(path));
    }
  }

  get size(): number {
    return this.#entries.size;
  }

  entries(): Iterable<Entry> {
    return this.#entries.values();
  }

  /** The entry at a path that is canonical already. */
  at(canonicalPath: string): Entry | undefined {
    return this.#entries.get(canonicalPath);
  }

  stat(path: string): Entry | undefined {
    return this.#resolve(path, true);
  }

  lstat(path: string): Entry | undefined {
    return this.#resolve(path, false);
  }

  list(path: string): readonly string[] {
    const folder = this.stat(path);
    return folder === undefined ? [] : (this.#children.get(folder.path) ?? []);
  }

  #resolve(path: string, followLast: boolean): Entry | undefined {
    const direct = this.#entries.get(path);
    if (direct !== undefined && (direct.type !== 'symlink' || !followLast)) return direct;
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
      if (this.#entries.get(current)?.type !== 'directory') return undefined;
      const next = this.#entries.get(joinPath(current, part));
      if (next === undefined) return undefined;
      const isLast = pending.every((rest) => rest === '' || rest === '.');
      if (next.type === 'symlink' && (followLast || !isLast)) {
        hops += 1;
        if (hops > MAX_HOPS) return undefined;
        const target = next.target ?? '';
        if (target.startsWith('/')) current = '/';
        pending.push(...target.split('/').reverse());
        continue;
      }
      current = next.path;
    }
    return this.#entries.get(current);
  }
}

function impliedFolder(path: string): Entry {
  return {
    path,
    type: 'directory',
    mode: 0o755,
    uid: 0,
    gid: 0,
    size: 0,
    allocated: 0,
    mtime: 0,
    mtimeNanoseconds: 0,
    links: 1,
    fileId: `implied:${path}`,
  };
}
