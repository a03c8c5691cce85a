import type { Entry } from '../../model/entry.js';
import type { Problem } from '../../model/evidence.js';
import type { MachineSource } from '../../model/machine.js';
import { isWithin } from '../../model/path.js';
import type { Progress } from '../../model/progress.js';
import { type Guard, startGuard } from '../../tools/guard.js';
import type { Appliance } from '../../tools/guestfish.js';
import type { Guest, GuestOptions } from '../guest.js';
import { describeFileSystems } from '../mount-plan.js';
import { Tree } from '../tree.js';
import { type Device, parseDevices } from './devices.js';
import { launchAppliance } from './launch.js';
import { LibguestfsFs } from './libguestfs-fs.js';
import { unlockDevices } from './luks.js';
import { createMetadataParser } from './metadata.js';
import { type MountedGuest, mountGuest } from './mount.js';
import { parseTrailer, runShell, throughPipe } from './pipe.js';
import { LIST_DEVICES, listMetadata } from './scripts.js';

export interface LibguestfsGuest extends Guest {
  readonly fs: LibguestfsFs;
}

/**
 * Opens the machine with libguestfs: one appliance, read-only, without network.
 * @throws AppError of the appliance (`appliance-…`, `program-missing`) and of what is on the disks (`guest-…`).
 */
export async function openLibguestfs(
  source: MachineSource,
  options: GuestOptions & { readonly progress: Progress },
): Promise<LibguestfsGuest> {
  const guard = startGuard();
  const closers: (() => Promise<void>)[] = [() => guard.close()];
  let closing: Promise<void> | undefined;
  const close = (): Promise<void> => {
    closing ??= (async () => {
      for (const closer of closers.reverse()) await closer();
    })();
    return closing;
  };
  try {
    return { ...(await openWith(guard, closers, source, options)), close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function openWith(
  guard: Guard,
  closers: (() => Promise<void>)[],
  source: MachineSource,
  options: GuestOptions & { readonly progress: Progress },
): Promise<Omit<LibguestfsGuest, 'close'>> {
  options.progress.step(source.name, 'starting the appliance');
  const appliance = await launchAppliance(guard, closers, source, options);
  options.progress.step(source.name, 'looking for the system');
  await appliance.call('mkmountpoint', ['/root0']);
  const volumes = await unlockDevices(appliance, await listDevices(appliance), options.keys);
  const mounted = await mountGuest(appliance, volumes, options.root);
  options.progress.step(source.name, 'listing files');
  const problems: Problem[] = [...mounted.problems];
  const tree = new Tree(await readMetadata(appliance, mounted, problems));
  const used = usedBytes(tree.entries(), mounted);
  return {
    fs: new LibguestfsFs(appliance, mounted.index, tree, problems),
    filesystems: describeFileSystems(volumes, mounted.mounts, used),
    problems,
    reader: 'libguestfs',
  };
}

async function listDevices(appliance: Appliance): Promise<Device[]> {
  return parseDevices((await runShell(appliance, LIST_DEVICES)).toString('utf8'));
}

async function readMetadata(appliance: Appliance, { index }: MountedGuest, problems: Problem[]): Promise<Entry[]> {
  const parser = createMetadataParser(`root${index}`);
  for await (const part of throughPipe(appliance, listMetadata(index))) parser.push(part);
  const { entries, problems: found, rest } = parser.finish();
  const { status, errors } = parseTrailer(rest);
  problems.push(...found);
  if (status !== 0) {
    const folders = new Set(entries.filter(({ type }) => type === 'directory').map(({ path }) => path));
    for (const line of errors.slice(0, 1000)) {
      const match = /^find: .root\d+(\/.*?).: (.*)$/s.exec(line);
      const path = match?.[1] ?? '/';
      // What has no entry could not even be told from a file: its inode is broken.
      const code = folders.has(path) ? 'folder-unreadable' : 'file-unreadable';
      problems.push({ code, path, reason: match?.[2] ?? line });
    }
  }
  return entries;
}

/** Bytes that the files of each mount occupy, by mount point; a hard-link group counts once. */
function usedBytes(entries: Iterable<Entry>, { mounts }: MountedGuest): Map<string, number> {
  const deepestFirst = [...mounts].sort((a, b) => b.place.length - a.place.length);
  const used = new Map<string, number>(mounts.map(({ mountpoint }) => [mountpoint, 0]));
  const counted = new Set<string>();
  for (const { path, fileId, links, type, allocated } of entries) {
    if (links > 1 && type !== 'directory') {
      if (counted.has(fileId)) continue;
      counted.add(fileId);
    }
    const mountpoint = deepestFirst.find(({ place }) => isWithin(path, place))?.mountpoint ?? '/';
    used.set(mountpoint, (used.get(mountpoint) ?? 0) + allocated);
  }
  return used;
}
