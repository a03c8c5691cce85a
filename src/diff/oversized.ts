import { comparePaths } from '../model/path.js';
import type { MachineSnapshot } from './machine-snapshot.js';
import type { Snapshot, SnapshotEntry } from './snapshot.js';

export interface OversizedQuestion {
  readonly image: Snapshot;
  /** Number of the lowest layer that counts. */
  readonly from: number;
  /** Every machine whose image stands on it. */
  machines(): Iterable<MachineSnapshot>;
}

const MIN_BYTES = 1024 * 1024;
/** Data and what scripts make; programs and the package manager's records serve the layers above. */
const PLACES = /^\/(?:var\/(?!lib\/(?:dpkg|apt|rpm|pacman)\/)|srv\/|opt\/|etc\/)/;

/**
 * Files above 1 MiB that the layers from a number on bring and that every machine has otherwise, or not at all: all of
 * them would be shipped for nothing. Names that no command line takes are passed over.
 */
export function oversizedFiles({ image, from, machines }: OversizedQuestion): string[] {
  let candidates = [...image].filter(
    ([path, entry]) =>
      entry.type === 'file' &&
      entry.layer >= from &&
      entry.size > MIN_BYTES &&
      PLACES.test(path) &&
      /^[\x20-\x7e]+$/.test(path),
  );
  if (candidates.length === 0) return [];
  for (const machine of machines()) {
    candidates = candidates.filter(([path, entry]) => !isKept(machine.entries.get(path), entry));
  }
  return candidates.map(([path]) => path).sort(comparePaths);
}

/** Another time alone is no reason to ship a file. */
function isKept(wanted: SnapshotEntry | undefined, found: SnapshotEntry): boolean {
  return (
    wanted !== undefined &&
    wanted.type === found.type &&
    wanted.sha256 === found.sha256 &&
    wanted.mode === found.mode &&
    wanted.uid === found.uid &&
    wanted.gid === found.gid
  );
}
