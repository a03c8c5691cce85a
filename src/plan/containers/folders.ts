import type { RuntimeFacts, RuntimeFolder } from '../../model/containers.js';
import { comparePaths, isWithin, parentPath } from '../../model/path.js';
import type { ImageFiles } from './image-files.js';

/** Made by the engine or by an init system for itself. */
const NOT_OURS = [
  '/run/systemd',
  '/run/udev',
  '/run/user',
  '/run/log',
  '/run/dbus',
  '/run/lock/subsys',
  '/run/initctl',
];
const NAME = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,31}$/;

/**
 * The folders below /run that the images get, parents first: an image has none of them, since /run is empty in it. The
 * first description of a path counts. Owners that the machine lacks become root.
 */
export function runtimeFolders(
  wanted: readonly RuntimeFolder[],
  image: ImageFiles,
  users: RuntimeFacts['users'] | null,
): RuntimeFolder[] {
  const found = new Map<string, RuntimeFolder>();
  for (const each of wanted) {
    const path = image.canonical(each.path);
    if (path === '/run' || !isWithin(path, '/run') || NOT_OURS.some((folder) => isWithin(path, folder))) continue;
    // They stand in a RUN: what is odd there is not worth it.
    if (found.has(path) || /[^\x20-\x7e]/.test(path)) continue;
    const isKnown = NAME.test(each.owner) && (users === null || users.has(each.owner) || /^[0-9]+$/.test(each.owner));
    const owner = isKnown ? each.owner : 'root';
    const group = isKnown && NAME.test(each.group) ? each.group : 'root';
    found.set(path, { path, owner, group, mode: each.mode & 0o7777 });
  }
  for (const { path } of [...found.values()]) {
    for (let parent = parentPath(path); parent !== '/run'; parent = parentPath(parent)) {
      if (!found.has(parent)) found.set(parent, { path: parent, owner: 'root', group: 'root', mode: 0o755 });
    }
  }
  return [...found.values()].sort((a, b) => comparePaths(a.path, b.path));
}
