import type { MachineContainers, RuntimeFolder } from '../../model/containers.js';
import type { Problem } from '../../model/evidence.js';
import type { DataDirectory } from '../../model/files.js';
import { comparePaths, displayPath, hasEscapes, isWithin, parentPath } from '../../model/path.js';
import type { Service } from '../../model/services.js';
import type { ImageFiles } from './image-files.js';
import { uniqueName } from './names.js';

/** Folders that hold the programs themselves: a volume over one would freeze them. */
const NEVER = new Set([
  '/',
  '/etc',
  '/usr',
  '/var',
  '/bin',
  '/sbin',
  '/lib',
  '/lib64',
  '/opt',
  '/root',
  '/dev',
  '/proc',
  '/sys',
]);

export interface Volumes {
  readonly volumes: MachineContainers['volumes'];
  readonly problems: readonly Problem[];
}

/**
 * What the containers of a machine share because it was one file system: its data, and the folders of its sockets. A
 * folder within another is not named again. A path that the image lacks would belong to root, so it is no volume.
 */
export function sharedVolumes(
  data: readonly DataDirectory[],
  services: readonly { readonly service: Service; readonly data: readonly string[] }[],
  folders: readonly RuntimeFolder[],
  image: ImageFiles,
): Volumes {
  const wanted = new Map<string, string>();
  for (const { path, kind } of data) {
    const canonical = image.canonical(path);
    if (!wanted.has(canonical)) wanted.set(canonical, `data: ${kind}`);
  }
  for (const { service, data: known } of services) {
    const state = service.directories.map((each) => each.path).filter((path) => isWithin(path, '/var/lib'));
    for (const path of [...known, ...state]) {
      const canonical = image.canonical(path);
      const exists =
        image.find(path)?.entry.type === 'directory' || folders.some((folder) => folder.path === canonical);
      if (exists && !wanted.has(canonical)) wanted.set(canonical, `data of ${service.name}`);
    }
    for (const socket of service.listens) {
      if (!socket.startsWith('/')) continue;
      const canonical = image.canonical(parentPath(socket));
      if (!wanted.has(canonical)) wanted.set(canonical, `sockets of ${service.name}`);
    }
  }
  const problems: Problem[] = [];
  const paths = [...wanted.keys()].sort(comparePaths).filter((path) => {
    const reason = refusal(path, folders, image);
    if (reason !== null) problems.push({ code: 'no-volume', path: displayPath(path), reason });
    return reason === null;
  });
  const taken = new Set<string>();
  const volumes = paths
    .filter((path) => !paths.some((other) => other !== path && isWithin(path, other)))
    .map((path) => ({ name: uniqueName(path, taken), path, reason: wanted.get(path)! }));
  return { volumes, problems };
}

function refusal(path: string, folders: readonly RuntimeFolder[], image: ImageFiles): string | null {
  if (NEVER.has(path)) return 'is shared by the services of the machine and cannot be a volume: it holds programs';
  // Compose of the first generation writes a mount as `name:path`.
  if (hasEscapes(path) || /[\0-\x1f\x7f:]/.test(path))
    return 'has a name that no Compose file can hold; its containers do not share it';
  if (path === '/run' || folders.some((folder) => folder.path === path)) return null;
  if (image.find(path)?.entry.type === 'directory') return null;
  return 'is shared by the services of the machine and is not in its image; its containers do not share it';
}
