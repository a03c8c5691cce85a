import { ancestors, comparePaths } from '../model/path.js';
import { type ExactDelta, MADE_BY_RUN } from './delta.js';
import type { MachineSnapshot } from './machine-snapshot.js';
import type { Snapshot, SnapshotEntry } from './snapshot.js';

/** Files of a delta that need not be shipped whole, because the image below holds what they can be made of. */
export interface ReusePlan {
  /** The same content lies there under a name, its own or another: thesis 6.2.3, "moved files". */
  readonly copies: readonly { readonly path: string; readonly from: string }[];
  /** Other content lies there under the same name: a block delta may be small. Sorted by path. */
  readonly changed: readonly string[];
}

/** Smaller files cost less than the build stage that would make them. Bytes. */
export const REUSE_MIN_BYTES = 1024 * 1024;
/** What the stage calls to copy a file and give it its owner, mode and time. */
const NEEDED_PROGRAMS = ['sh', 'mkdir', 'cp', 'chown', 'chmod', 'touch'];
const PROGRAM_FOLDERS = ['/bin', '/usr/bin'];

/**
 * Both sides have the SHA-256 of every file already, so equal content is found by size and SHA-256 at once; a faster hash
 * could only bring candidates that are known. Left out is what a copy between build stages cannot carry or place
 * exactly: attributes, files of several names, and what engines put into a running container.
 */
export function planReuse(machine: MachineSnapshot, below: Snapshot, delta: ExactDelta): ReusePlan {
  const hasPrograms = NEEDED_PROGRAMS.every((name) => PROGRAM_FOLDERS.some((folder) => below.has(`${folder}/${name}`)));
  if (!hasPrograms) return { copies: [], changed: [] };
  const namesBelow = countNames(below);
  const namesOnMachine = countNames(machine.entries);
  const wanted = delta.paths.filter((path) => {
    const entry = machine.entries.get(path);
    const found = below.get(path);
    return (
      entry !== undefined &&
      isPlainLargeFile(entry) &&
      namesOnMachine.get(entry.group) === 1 &&
      (found === undefined || (found.type === 'file' && namesBelow.get(found.group) === 1)) &&
      !isMadeByRun(path)
    );
  });
  const sources = contentBelow(below, new Set(wanted.map((path) => machine.entries.get(path)!.size)));
  const copies: { path: string; from: string }[] = [];
  const changed: string[] = [];
  for (const path of wanted) {
    const entry = machine.entries.get(path)!;
    const found = below.get(path);
    const from = found !== undefined && isSameContent(found, entry) ? path : sources.get(contentKey(entry));
    if (from !== undefined) copies.push({ path, from });
    else if (found !== undefined && found.size >= REUSE_MIN_BYTES && found.sha256 !== null) changed.push(path);
  }
  return { copies, changed };
}

function isPlainLargeFile({ type, size, sha256, attributes }: SnapshotEntry): boolean {
  return type === 'file' && size >= REUSE_MIN_BYTES && sha256 !== null && attributes.size === 0;
}

function isSameContent(a: SnapshotEntry, b: SnapshotEntry): boolean {
  return a.sha256 !== null && a.size === b.size && a.sha256 === b.sha256;
}

function contentKey({ size, sha256 }: SnapshotEntry): string {
  return `${size}:${sha256}`;
}

/** For each content of one of the sizes, the first name below that a command of a build sees as it is in the layers. */
function contentBelow(below: Snapshot, sizes: ReadonlySet<number>): Map<string, string> {
  const first = new Map<string, string>();
  for (const [path, entry] of below) {
    if (entry.type !== 'file' || entry.sha256 === null || !sizes.has(entry.size) || isMadeByRun(path)) continue;
    const known = first.get(contentKey(entry));
    if (known === undefined || comparePaths(path, known) < 0) first.set(contentKey(entry), path);
  }
  return first;
}

function isMadeByRun(path: string): boolean {
  return MADE_BY_RUN.includes(path) || ancestors(path).some((folder) => MADE_BY_RUN.includes(folder));
}

function countNames(snapshot: Snapshot): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { group, type } of snapshot.values()) {
    if (type === 'file') counts.set(group, (counts.get(group) ?? 0) + 1);
  }
  return counts;
}
