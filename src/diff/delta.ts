import { ancestors, comparePaths, parentPath } from '../model/path.js';
import { compareSnapshots, type Difference } from './compare.js';
import type { MachineSnapshot } from './machine-snapshot.js';
import type { Snapshot, SnapshotEntry } from './snapshot.js';

/** What has to be added to an image and taken from it so that it is the machine. */
export interface ExactDelta {
  /** Sorted; the folders above them come along in the archive. */
  readonly paths: readonly string[];
  /** Sorted, the topmost alone; deleted before the paths are added. */
  readonly deletions: readonly string[];
}

export interface DeltaOptions {
  /** Differences in time alone count too. */
  readonly strictTimes: boolean;
  /** Whether the engine can delete {@link NETWORK_FILES}; otherwise it makes them anew while it deletes. */
  readonly deletesNetworkFiles: boolean;
}

/** Engines make these of their own when a command runs in a build, and lay others over them in containers. */
export const MADE_BY_RUN = ['/etc/hosts', '/etc/resolv.conf', '/etc/hostname', '/run', '/dev', '/proc', '/sys'];

const NETWORK_FILES = ['/etc/hosts', '/etc/resolv.conf'];

/** Whether an entry is no more than what such a command leaves where the image had nothing. */
export function isLeftByRun(path: string, { type, size }: SnapshotEntry): boolean {
  return MADE_BY_RUN.includes(path) && (type === 'directory' || (type === 'file' && size === 0));
}

/**
 * @param below The image that the delta goes onto, from its layers.
 */
export function exactDelta(
  machine: MachineSnapshot,
  below: Snapshot,
  { strictTimes, deletesNetworkFiles }: DeltaOptions,
): ExactDelta {
  // A command that deleted what commands leave would make it again.
  const isKept = (path: string): boolean =>
    isLeftByRun(path, below.get(path)!) && !(deletesNetworkFiles && NETWORK_FILES.includes(path));
  const differences = compareSnapshots(machine, below, { comparesTime: () => strictTimes }).filter(
    ({ path, kind }) => kind !== 'extra' || !isKept(path),
  );
  const deletions = topmost(differences.filter((each) => mustGo(each)).map(({ path }) => path));
  const paths = new Set(differences.filter(({ kind }) => kind !== 'extra').map(({ path }) => path));
  if (deletions.length > 0) {
    for (const path of MADE_BY_RUN) if (machine.entries.has(path)) paths.add(path);
    // Deleting changes the time of the folder.
    for (const path of deletions) if (machine.entries.get(parentPath(path))) paths.add(parentPath(path));
    addBelow(paths, deletions, machine.entries);
  }
  addWholeGroups(paths, machine.entries);
  return { paths: [...paths].sort(comparePaths), deletions };
}

/** An archive replaces a file by a file; a folder must be out of the way first, or be followed by nothing. */
function mustGo({ kind, machine, image }: Difference): boolean {
  return kind === 'extra' || (kind === 'type' && (machine === 'directory' || image === 'directory'));
}

function topmost(paths: readonly string[]): string[] {
  const all = new Set(paths);
  return [...all].filter((path) => !ancestors(path).some((folder) => all.has(folder))).sort(comparePaths);
}

/** What a deletion takes with it and the machine has is brought again. */
function addBelow(paths: Set<string>, deletions: readonly string[], entries: Snapshot): void {
  const gone = new Set(deletions);
  for (const path of entries.keys()) if (ancestors(path).some((folder) => gone.has(folder))) paths.add(path);
}

/** A link entry needs its file in the same archive: all names of a file come, or none. */
function addWholeGroups(paths: Set<string>, entries: Snapshot): void {
  const groups = new Set<string>();
  for (const path of paths) {
    const entry = entries.get(path);
    if (entry !== undefined && entry.type !== 'directory') groups.add(entry.group);
  }
  for (const [path, { group, type }] of entries) if (type !== 'directory' && groups.has(group)) paths.add(path);
}
