import type { Entry } from '../model/entry.js';
import { followLinks } from '../model/follow-links.js';
import { baseName, comparePaths, parentPath } from '../model/path.js';

/**
 * The metadata of a whole guest in memory, with look-up that follows the guest's own symbolic links only. Guests have
 * hundreds of thousands of entries: beside each there is a place in one map, and two in lists.
 */
export class Tree {
  readonly #byPath = new Map<string, Entry>();
  /** In the order of `comparePaths`. */
  readonly #sorted: Entry[];
  readonly #children = new Map<string, Entry[]>();
  /** Names of the folders that were asked for. */
  readonly #names = new Map<string, readonly string[]>();

  /**
   * @param entries In any order, with canonical paths; of two with one path the last counts. Folders that nothing
   *   describes but something lies in are added as root's, mode 0755.
   */
  constructor(entries: Iterable<Entry>) {
    for (const entry of entries) this.#byPath.set(entry.path, entry);
    if (!this.#byPath.has('/')) this.#byPath.set('/', impliedFolder('/'));
    // A map shows what is added to it on the way, so what lies above an added folder is added, too.
    for (const path of this.#byPath.keys()) {
      const folder = parentPath(path);
      if (!this.#byPath.has(folder)) this.#byPath.set(folder, impliedFolder(folder));
    }
    this.#sorted = [...this.#byPath.values()].sort((a, b) => comparePaths(a.path, b.path));
    for (const entry of this.#sorted) {
      if (entry.path === '/') continue;
      const folder = parentPath(entry.path);
      const known = this.#children.get(folder);
      if (known === undefined) this.#children.set(folder, [entry]);
      else known.push(entry);
    }
  }

  get size(): number {
    return this.#sorted.length;
  }

  entries(): Iterable<Entry> {
    return this.#sorted;
  }

  /** Everything below a folder, each folder before what is in it. A walk of that folder alone, not of the tree. */
  *below(folder: string): Generator<Entry> {
    const pending = [...(this.#children.get(folder) ?? [])].reverse();
    for (let entry = pending.pop(); entry !== undefined; entry = pending.pop()) {
      yield entry;
      if (entry.type !== 'directory') continue;
      const children = this.#children.get(entry.path) ?? [];
      for (let index = children.length - 1; index >= 0; index -= 1) pending.push(children[index]!);
    }
  }

  /** The entry at a path that is canonical already. */
  at(canonicalPath: string): Entry | undefined {
    return this.#byPath.get(canonicalPath);
  }

  stat(path: string): Entry | undefined {
    return this.#resolve(path, true);
  }

  lstat(path: string): Entry | undefined {
    return this.#resolve(path, false);
  }

  list(path: string): readonly string[] {
    const folder = this.stat(path)?.path;
    if (folder === undefined) return [];
    let names = this.#names.get(folder);
    if (names === undefined) {
      names = (this.#children.get(folder) ?? []).map((child) => baseName(child.path));
      this.#names.set(folder, names);
    }
    return names;
  }

  #resolve(path: string, followLast: boolean): Entry | undefined {
    const direct = this.#byPath.get(path);
    if (direct !== undefined && (direct.type !== 'symlink' || !followLast)) return direct;
    const followed = followLinks(path, (each) => this.#byPath.get(each), followLast);
    return followed.exists ? this.#byPath.get(followed.path) : undefined;
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
