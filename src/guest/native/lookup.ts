import { damaged, tooLarge } from '../../disk/views/faults.js';
import { decodePath, encodePath, joinPath, parentPath } from '../../model/path.js';
import { readContent } from './content.js';
import type { NativeFileSystem, NativeNode } from './file-system.js';

/** A file system (or a subvolume of it) where it is mounted. */
export interface Mounted {
  readonly fs: NativeFileSystem;
  readonly root: number;
}

export interface Place {
  readonly fs: NativeFileSystem;
  readonly node: NativeNode;
  /** Canonical. */
  readonly path: string;
}

const MAX_HOPS = 40;
const MAX_STEPS = 4096;

/** The place a path leads to through the guest's own links; undefined when it leads nowhere. */
export function lookUp(mounts: ReadonlyMap<string, Mounted>, path: string, followLast: boolean): Place | undefined {
  const top = mounts.get('/');
  if (top === undefined) return undefined;
  let places: Place[] = [{ fs: top.fs, node: top.fs.node(top.root), path: '/' }];
  const pending = path.split('/').reverse();
  let hops = 0;
  for (let steps = 0; pending.length > 0; steps += 1) {
    if (steps > MAX_STEPS) return undefined;
    const part = pending.pop()!;
    const current = places.at(-1)!;
    if (part === '' || part === '.') continue;
    if (part === '..') {
      if (places.length > 1) places.pop();
      continue;
    }
    if (current.node.type !== 'directory') return undefined;
    const next = childOf(mounts, current, part);
    if (next === undefined) return undefined;
    const isLast = pending.every((rest) => rest === '' || rest === '.');
    if (next.node.type !== 'symlink' || (isLast && !followLast)) {
      places.push(next);
      continue;
    }
    hops += 1;
    if (hops > MAX_HOPS) return undefined;
    const target = decodePath(next.fs.target(next.node));
    if (target.startsWith('/')) places = places.slice(0, 1);
    pending.push(...target.split('/').reverse());
  }
  return places.at(-1);
}

/** Content of a small file; undefined when there is no regular file. */
export function readSmallFile(
  mounts: ReadonlyMap<string, Mounted>,
  path: string,
  maxBytes: number,
): Buffer | undefined {
  const place = lookUp(mounts, path, true);
  if (place === undefined || place.node.type !== 'file') return undefined;
  if (place.node.size > maxBytes) throw tooLarge(`${path} has ${place.node.size} bytes`);
  return readContent(place.fs, place.node);
}

/** Names of a folder, checked: a name that the kernel would not show is no name. */
export function checkedNames(fs: NativeFileSystem, node: NativeNode): { readonly name: Buffer; readonly id: number }[] {
  const names = fs.list(node);
  for (const { name } of names) {
    if (name.length === 0 || name.length > 255 || name.includes(0x2f) || name.includes(0)) {
      throw damaged(`folder ${node.id} holds an impossible name`);
    }
  }
  return names;
}

function childOf(mounts: ReadonlyMap<string, Mounted>, folder: Place, name: string): Place | undefined {
  const path = joinPath(folder.path, name);
  const mounted = mounts.get(path);
  if (mounted !== undefined && parentPath(path) === folder.path) {
    return { fs: mounted.fs, node: mounted.fs.node(mounted.root), path };
  }
  const bytes = encodePath(name);
  const found = checkedNames(folder.fs, folder.node).find((each) => each.name.equals(bytes));
  return found === undefined ? undefined : { fs: folder.fs, node: folder.fs.node(found.id), path };
}
