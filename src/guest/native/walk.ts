import { damaged, tooLarge } from '../../disk/views/faults.js';
import { decodePath, joinPath } from '../../model/path.js';
import type { NativeFileSystem, NativeNode } from './file-system.js';
import { LIMITS } from './limits.js';
import { checkedNames } from './lookup.js';

export interface Walked {
  readonly path: string;
  readonly node: NativeNode;
  /** Of a symbolic link. */
  readonly target?: string;
}

export interface WalkOptions {
  /** Where the file system is mounted. */
  readonly mountpoint: string;
  readonly root: number;
  /** Paths where something else is mounted: neither they nor what is below them is shown. */
  readonly covered: ReadonlySet<string>;
  /** Told of each snapshot: its folder is shown and not entered. */
  readonly leaveOut?: (path: string) => void;
}

/**
 * Every entry of a file system, folders before what is in them, otherwise as inodes are numbered, since large folders list
 * their names by hashes, and inodes read in such an order are read from the disk again and again. Reads the attributes and the extents of each inode as
 * well, so that a file system whose content cannot be found is declined here, before anything was said about it.
 */
export function* walkFileSystem(fs: NativeFileSystem, options: WalkOptions): Generator<Walked> {
  const { mountpoint, root, covered, leaveOut } = options;
  const folders = new Set<number>([root]);
  const checked = new Set<number>();
  const pending: { path: string; id: number; depth: number }[] = [{ path: mountpoint, id: root, depth: 0 }];
  const top = fs.node(root);
  if (top.type !== 'directory') throw damaged('the root is no folder');
  fs.attributes(top);
  yield { path: mountpoint, node: top };
  let count = 1;
  let mapped = 0;
  const maxMapped = fs.view.size * (fs.sharesBlocks ? LIMITS.timesMapped : 1);
  while (pending.length > 0) {
    const { path: folder, id, depth } = pending.pop()!;
    const names = checkedNames(fs, fs.node(id)).sort((a, b) => a.id - b.id);
    const below: (typeof pending)[number][] = [];
    for (const { name, id: child } of names) {
      const path = joinPath(folder, decodePath(name));
      if (covered.has(path)) continue;
      const node = fs.node(child);
      count += 1;
      if (count > LIMITS.entries) throw tooLarge(`more than ${LIMITS.entries} entries`);
      if (node.type === 'directory') {
        if (folders.has(child)) throw damaged(`folder ${child} is in the tree twice`);
        if (depth >= LIMITS.depth || path.length > LIMITS.path) throw tooLarge('folders are nested too deeply');
        folders.add(child);
        if (fs.isSnapshot?.(node) === true) leaveOut?.(path);
        else below.push({ path, id: child, depth: depth + 1 });
      }
      if (node.links === 0) throw damaged(`inode ${child} has a name and no links`);
      if (node.links === 1 || !checked.has(child)) {
        fs.attributes(node);
        if (node.type === 'file') for (const { length } of fs.extents(node)) mapped += length;
        if (mapped > maxMapped) throw damaged('files hold more than the file system has room for');
        if (node.links > 1) checked.add(child);
      }
      if (node.type === 'symlink') yield { path, node, target: decodePath(fs.target(node)) };
      else yield { path, node };
    }
    // The last is taken first.
    for (const each of below.reverse()) pending.push(each);
  }
}
