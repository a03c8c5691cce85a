import { AppError } from '../errors.js';
import type { EntryType } from '../model/entry.js';
import { ancestors, baseName, joinPath, normalizePath, parentPath } from '../model/path.js';

const WHITEOUT = '.wh.';
const OPAQUE = '.wh..wh..opq';
/** Far above any image; what an archive holds beyond it is an attack. */
const MAX_PATHS = 4_000_000;

/**
 * What one layer changes in the tree below it (OCI image specification, layer.md, "Image Layer Filesystem Changeset").
 * Whiteouts take away what lies in the layers below, wherever they stand in the archive; of two members with one name the
 * last counts.
 */
export class LayerChanges<Item> {
  readonly #below: ReadonlyMap<string, Item>;
  readonly #typeOf: (item: Item) => EntryType;
  readonly #added = new Map<string, Item>();
  readonly #removed = new Set<string>();
  readonly #emptied = new Set<string>();

  /** @param below By canonical path. */
  constructor(below: ReadonlyMap<string, Item>, typeOf: (item: Item) => EntryType) {
    this.#below = below;
    this.#typeOf = typeOf;
  }

  /**
   * @param name Of a member of the archive.
   * @returns the canonical path of what the member brings, for `add`; null where it only takes away.
   * @throws AppError `image-invalid` when there are more paths than any image has.
   */
  take(name: string): string | null {
    if (this.#added.size + this.#removed.size + this.#emptied.size >= MAX_PATHS) {
      throw invalid('it has more paths than any image');
    }
    const path = normalizePath(name);
    const last = baseName(path);
    if (last === OPAQUE) this.#emptied.add(parentPath(path));
    else if (last.startsWith(WHITEOUT)) this.#removed.add(joinPath(parentPath(path), last.slice(WHITEOUT.length)));
    else return path;
    return null;
  }

  add(path: string, item: Item): void {
    this.#added.set(path, item);
  }

  /**
   * What a hard link leads to, in this layer or below it.
   * @throws AppError `image-invalid`
   */
  linked(linkName: string): Item {
    const target = normalizePath(linkName);
    const item = this.#added.get(target) ?? this.#below.get(target);
    if (item === undefined) throw invalid('a hard link leads to nothing');
    return item;
  }

  /** The tree with this layer. */
  tree(): Map<string, Item> {
    const tree = new Map<string, Item>();
    for (const [path, item] of this.#below) if (!this.#isGone(path)) tree.set(path, item);
    for (const [path, item] of this.#added) tree.set(path, item);
    return tree;
  }

  #isGone(path: string): boolean {
    return this.#removed.has(path) || ancestors(path).some((folder) => this.#takesContent(folder));
  }

  #takesContent(folder: string): boolean {
    const replacement = this.#added.get(folder);
    return (
      this.#removed.has(folder) ||
      this.#emptied.has(folder) ||
      (replacement !== undefined && this.#typeOf(replacement) !== 'directory')
    );
  }
}

function invalid(reason: string): AppError {
  return new AppError('image-invalid', `a layer of the image cannot be used: ${reason}`, {
    todo: 'Build or save the image again.',
  });
}
