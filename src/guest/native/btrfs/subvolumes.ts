import { damaged, tooLarge } from '../../../disk/views/faults.js';
import { decodePath, joinPath } from '../../../model/path.js';
import { TOP_LEVEL_SUBVOLUME } from '../../volumes.js';
import type { TreeRoot } from './super-block.js';
import { readUInt64, type TreeReader, TYPE } from './tree.js';

/** The tree of one subvolume. */
export interface SubvolumeTree {
  readonly id: number;
  readonly root: TreeRoot;
  /** From the top level of the file system, '' for that itself; undefined when no path leads to it (being deleted). */
  readonly path: string | undefined;
}

export interface Subvolumes {
  readonly trees: ReadonlyMap<number, SubvolumeTree>;
  readonly defaultId: number;
  /** Whether the folder entry `name` in folder `folder` of `parent` leads to `child`: of snapshots it may not. */
  isReferenced(parent: number, child: number, folder: number, name: Buffer): boolean;
}

/** Number of the folder at the top of every subvolume. */
export const TOP_FOLDER = 256;
const ROOT_DIRECTORY = 6;
const FIRST_SUBVOLUME = 256;
const ROOT_ITEM_SIZE = 239;
const MAX_SUBVOLUMES = 256;
const MAX_DEPTH = 64;

interface Reference {
  readonly parent: number;
  readonly folder: number;
  readonly name: Buffer;
}

export function readSubvolumes(trees: TreeReader, rootTree: TreeRoot): Subvolumes {
  const roots = new Map<number, TreeRoot>();
  const references = new Map<number, Reference>();
  trees.eachOfType(rootTree, TYPE.root, ({ objectId, data }) => {
    if (objectId !== TOP_LEVEL_SUBVOLUME && !(objectId >= FIRST_SUBVOLUME && objectId < 2 ** 48)) return;
    if (data.length < ROOT_ITEM_SIZE) throw damaged('btrfs root item');
    const isDeleted = data.readUInt32LE(216) === 0;
    if (!isDeleted)
      roots.set(objectId, { address: readUInt64(data, 176), level: data[238]!, generation: readUInt64(data, 160) });
  });
  if (roots.size > MAX_SUBVOLUMES) throw tooLarge(`btrfs with ${roots.size} subvolumes`);
  trees.eachOfType(rootTree, TYPE.rootBackReference, ({ objectId, offset, data }) => {
    if (data.length < 18) throw damaged('btrfs root reference');
    const name = Buffer.from(data.subarray(18, 18 + data.readUInt16LE(16)));
    references.set(objectId, { parent: offset, folder: readUInt64(data, 0), name });
  });
  const subvolumes = new Map<number, SubvolumeTree>();
  for (const [id, root] of roots) {
    if (root.level > 7) throw damaged('btrfs level of a root');
    subvolumes.set(id, { id, root, path: pathOf(trees, roots, references, id, 0)?.slice(1) });
  }
  return {
    trees: subvolumes,
    defaultId: readDefault(trees, rootTree),
    isReferenced(parent, child, folder, name) {
      const reference = references.get(child);
      return reference?.parent === parent && reference.folder === folder && reference.name.equals(name);
    },
  };
}

/** Absolute within the file system. */
function pathOf(
  trees: TreeReader,
  roots: ReadonlyMap<number, TreeRoot>,
  references: ReadonlyMap<number, Reference>,
  id: number,
  depth: number,
): string | undefined {
  if (id === TOP_LEVEL_SUBVOLUME) return '/';
  const reference = references.get(id);
  const parent = reference && roots.get(reference.parent);
  if (reference === undefined || parent === undefined || depth > MAX_DEPTH) return undefined;
  let path = pathOf(trees, roots, references, reference.parent, depth + 1);
  if (path === undefined) return undefined;
  for (const name of folderNames(trees, parent, reference.folder)) path = joinPath(path, name);
  return joinPath(path, decodePath(reference.name));
}

/** Names of the folders from the top of a subvolume down to the given one. */
function folderNames(trees: TreeReader, root: TreeRoot, folder: number): string[] {
  const names: string[] = [];
  for (let current = folder; current !== TOP_FOLDER; ) {
    if (names.length > MAX_DEPTH * 4) throw damaged('btrfs folders of a subvolume');
    let next: number | undefined;
    trees.each(root, current, TYPE.inodeReference, ({ offset, data }) => {
      if (data.length < 10) throw damaged('btrfs inode reference');
      names.unshift(decodePath(data.subarray(10, 10 + data.readUInt16LE(8))));
      next = offset;
      return false;
    });
    if (next === undefined) throw damaged(`btrfs folder ${current} has no parent`);
    current = next;
  }
  return names;
}

function readDefault(trees: TreeReader, rootTree: TreeRoot): number {
  let id = TOP_LEVEL_SUBVOLUME;
  trees.each(rootTree, ROOT_DIRECTORY, TYPE.directoryItem, ({ data }) => {
    if (data.length >= 30 && data.toString('latin1', 30, 30 + data.readUInt16LE(27)) === 'default')
      id = readUInt64(data, 0);
  });
  return id;
}
