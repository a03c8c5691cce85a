import { unsupported } from '../../disk/views/faults.js';
import type { Problem } from '../../model/evidence.js';
import type { FileSystem } from '../../model/machine.js';
import { decodePath, displayPath } from '../../model/path.js';
import { describeFileSystems, type Mount, planMounts } from '../mount-plan.js';
import { chooseRoot, type ProbedCandidate, ROOT_MARKS, type RootCandidate, rootCandidates } from '../roots.js';
import { DRIVERS } from './drivers.js';
import type { NativeFileSystem } from './file-system.js';
import { lookUp, type Mounted, readSmallFile } from './lookup.js';
import type { NativeVolume } from './machine-volumes.js';
import { type Walked, walkFileSystem } from './walk.js';

/** A machine whose file systems are open and have their places. */
export interface OpenMachine {
  readonly problems: readonly Problem[];
  /** File systems in the order that {@link MachineEntry.fileSystem} counts. */
  readonly fileSystems: readonly NativeFileSystem[];
  /** Every entry of the machine, each folder before what is in it. Call it once, then {@link describe}. */
  entries(): Generator<MachineEntry>;
  /** The `filesystems` of the report; what is used is known when all entries were seen. */
  describe(): FileSystem[];
}

export interface MachineEntry extends Walked {
  readonly fileSystem: number;
}

const MAX_FSTAB = 2 ** 20;

/**
 * Finds the system on the volumes of the disks and mounts what its fstab says.
 * @throws Declined, and the AppErrors of {@link chooseRoot} and {@link planMounts}.
 */
export function readMachine(found: readonly NativeVolume[], wantedRoot?: string): OpenMachine {
  const opened = openVolumes(found);
  const { volumes } = opened;
  const probed = rootCandidates(volumes).map((candidate) => probe(opened, candidate));
  const root = chooseRoot(probed, volumes, wantedRoot);
  const plan = planMounts(root, root.fstab, volumes);
  const problems = [...plan.problems];
  const places = placeMounts(opened, plan.mounts, problems);
  for (const mount of plan.mounts) {
    for (const note of opened.fileSystemOf(mount).notes)
      problems.push({ code: 'filesystem-state', path: mount.device, reason: note });
  }
  const used = new Map<string, number>();
  return {
    problems,
    fileSystems: opened.fileSystems,
    entries: () => entriesOf(opened, places, problems, used),
    describe: () =>
      describeFileSystems(
        volumes,
        [...places.values()].map(({ mount }) => mount),
        used,
      ),
  };
}

interface OpenVolumes {
  readonly volumes: readonly NativeVolume[];
  readonly fileSystems: readonly NativeFileSystem[];
  fileSystemOf(where: RootCandidate): NativeFileSystem;
  rootOf(where: RootCandidate): number;
}

interface Placed extends Mounted {
  readonly mount: Mount;
}

/** File systems are opened when they are first asked for; subvolumes must be known before, for the plan. */
function openVolumes(found: readonly NativeVolume[]): OpenVolumes {
  const fileSystems: NativeFileSystem[] = [];
  const byDevice = new Map<string, NativeFileSystem>();
  const open = ({ device, type, view }: NativeVolume): NativeFileSystem => {
    const known = byDevice.get(device);
    if (known !== undefined) return known;
    const driver = DRIVERS.get(type);
    if (driver === undefined) throw unsupported(`${device} holds ${type}`);
    const fs = driver(view);
    byDevice.set(device, fs);
    fileSystems.push(fs);
    return fs;
  };
  const volumes = found.map((volume) =>
    volume.type === 'btrfs' ? { ...volume, ...open(volume).subvolumes?.() } : volume,
  );
  const fileSystemOf = ({ device }: RootCandidate): NativeFileSystem =>
    open(volumes.find((volume) => volume.device === device)!);
  return {
    volumes,
    fileSystems,
    fileSystemOf,
    rootOf: (where) => {
      const fs = fileSystemOf(where);
      return where.subvolume === undefined ? fs.root : (fs.rootOfSubvolume?.(where.subvolume) ?? fs.root);
    },
  };
}

function probe(opened: OpenVolumes, candidate: RootCandidate): ProbedCandidate {
  const mounts = new Map([['/', { fs: opened.fileSystemOf(candidate), root: opened.rootOf(candidate) }]]);
  const marks = new Set(ROOT_MARKS.filter((path) => lookUp(mounts, path, false) !== undefined));
  const fstab = marks.has('/etc/fstab') ? readSmallFile(mounts, '/etc/fstab', MAX_FSTAB) : undefined;
  return { ...candidate, marks, ...(fstab && { fstab: decodePath(fstab) }) };
}

/** Canonical path → what is mounted there: links in a mount point are the guest's own, earlier mounts included. */
function placeMounts(opened: OpenVolumes, mounts: readonly Mount[], problems: Problem[]): Map<string, Placed> {
  const places = new Map<string, Placed>();
  for (const mount of mounts) {
    const place = mount.mountpoint === '/' ? { path: '/' } : lookUp(places, mount.mountpoint, true);
    if (place === undefined || ('node' in place && place.node.type !== 'directory')) {
      const reason = `no folder to mount ${mount.device} at`;
      problems.push({ code: 'mount-missing', path: displayPath(mount.mountpoint), reason });
      continue;
    }
    const moved = place.path === mount.mountpoint ? mount : { ...mount, mountpoint: place.path };
    places.set(place.path, { mount: moved, fs: opened.fileSystemOf(mount), root: opened.rootOf(mount) });
  }
  return places;
}

function* entriesOf(
  opened: OpenVolumes,
  places: ReadonlyMap<string, Placed>,
  problems: Problem[],
  used: Map<string, number>,
): Generator<MachineEntry> {
  const covered = new Set(places.keys());
  for (const [mountpoint, { fs, root }] of places) {
    const fileSystem = opened.fileSystems.indexOf(fs);
    const linked = new Set<number>();
    let bytes = 0;
    const leaveOut = (path: string): void => {
      problems.push({
        code: 'snapshot-left-out',
        path: displayPath(path),
        reason: 'a snapshot of the machine, not the machine',
      });
    };
    for (const entry of walkFileSystem(fs, { mountpoint, root, covered, leaveOut })) {
      const { node } = entry;
      if (node.type === 'directory' || node.links === 1 || !linked.has(node.id)) bytes += node.allocated;
      if (node.links > 1) linked.add(node.id);
      yield { ...entry, fileSystem };
    }
    used.set(mountpoint, bytes);
  }
}
