import type { RuntimeFacts, RuntimeFolder } from '../../model/containers.js';
import { comparePaths, isWithin, parentPath } from '../../model/path.js';
import type { Service } from '../../model/services.js';
import type { Identity } from './identity.js';
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

export interface WantedFolder extends RuntimeFolder {
  /** Also where it is not below /run. */
  readonly isAnywhere?: true;
}

/**
 * The folders below /run that the images get, parents first: an image has none of them, since /run is empty in it. The
 * first description of a path counts. Owners that the machine lacks become root.
 */
export function runtimeFolders(
  wanted: readonly WantedFolder[],
  image: ImageFiles,
  users: RuntimeFacts['users'] | null,
): RuntimeFolder[] {
  const found = new Map<string, RuntimeFolder>();
  for (const each of wanted) {
    const path = image.canonical(each.path);
    if (path === '/run' || NOT_OURS.some((folder) => isWithin(path, folder))) continue;
    if (!isWithin(path, '/run') && each.isAnywhere !== true) continue;
    // They stand in a RUN: what is odd there is not worth it.
    if (found.has(path) || /[^\x20-\x7e]/.test(path)) continue;
    const isKnown = NAME.test(each.owner) && (users === null || users.has(each.owner) || /^[0-9]+$/.test(each.owner));
    const owner = isKnown ? each.owner : 'root';
    const group = isKnown && NAME.test(each.group) ? each.group : 'root';
    found.set(path, { path, owner, group, mode: each.mode & 0o7777 });
  }
  for (const { path } of [...found.values()]) {
    if (!isWithin(path, '/run')) continue;
    for (let parent = parentPath(path); parent !== '/run'; parent = parentPath(parent)) {
      if (!found.has(parent)) found.set(parent, { path: parent, owner: 'root', group: 'root', mode: 0o755 });
    }
  }
  return [...found.values()].sort((a, b) => comparePaths(a.path, b.path));
}

/**
 * RuntimeDirectory= and its siblings. Folders outside of /run are made where the disk has none, as a first start would;
 * those of a dynamic user lie in a folder that only systemd opens to it.
 */
export function unitFolders(service: Service, { user, group }: Identity, image: ImageFiles): WantedFolder[] {
  return service.directories.flatMap(({ path, mode }): WantedFolder[] => {
    const owner = isWithin(path, '/etc') ? { owner: 'root', group: 'root' } : { owner: user, group };
    if (isWithin(path, '/run')) return [{ path, mode, ...owner }];
    if (image.find(path) === undefined) return [{ path, mode, ...owner, isAnywhere: true }];
    const closed = parentPath(image.canonical(path));
    return service.dynamicUser === true && /^\/var\/(?:lib|cache|log)\/private$/.test(closed)
      ? [{ path: closed, mode: 0o755, owner: 'root', group: 'root', isAnywhere: true }]
      : [];
  });
}
