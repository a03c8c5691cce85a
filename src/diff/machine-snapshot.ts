import { type Entry, isHardLinked } from '../model/entry.js';
import type { InspectedMachine } from '../model/inspected.js';
import { ancestors } from '../model/path.js';
import { attributeRefusal, partedLinks, tarRefusal } from '../syntax/layer-limits.js';
import { representableAttributes } from '../syntax/tar-header.js';
import type { Snapshot, SnapshotEntry } from './snapshot.js';

/** What an image of the machine must hold, and what is none of its business. */
export interface MachineSnapshot {
  readonly entries: Snapshot;
  /** What no layer can hold, with the reason. */
  readonly unrepresentable: readonly { readonly path: string; readonly reason: string }[];
  readonly excluded: readonly { readonly path: string; readonly class: string; readonly reason: string }[];
  /** Whether a path, of the machine or of the image alone, is left out of the comparison. */
  isIgnored(path: string): boolean;
}

const APT_CACHE = /^\/var\/cache\/apt\/[^/]+\.bin$/;

/** @param machine Read with its content: without digests no content is equal. */
export function machineSnapshot({ files }: InspectedMachine): MachineSnapshot {
  const entries = new Map<string, SnapshotEntry>();
  const unrepresentable: { path: string; reason: string }[] = [];
  const excluded: { path: string; class: string; reason: string }[] = [];
  const folders = files.excludedFolders ?? new Map();
  for (const [path, record] of files.records) {
    if (record.excluded !== undefined) {
      excluded.push({ path, ...record.excluded });
      continue;
    }
    const refusal = tarRefusal(record.entry);
    if (refusal !== null) {
      unrepresentable.push({ path, reason: refusal });
      continue;
    }
    const attributes = files.attributes?.get(path);
    for (const [name, value] of attributes ?? []) {
      const reason = attributeRefusal(name, value);
      if (reason !== null) unrepresentable.push({ path, reason });
    }
    entries.set(path, {
      ...ofEntry(record.entry),
      sha256: record.entry.type === 'file' ? (files.digests.get(path)?.sha256 ?? null) : null,
      attributes: new Map(representableAttributes(attributes)),
    });
  }
  const kept = [...entries.keys()].map((path) => files.records.get(path)!.entry);
  for (const parted of partedLinks(kept)) unrepresentable.push(parted);
  const leavesCachesOut = [...folders.values()].some((each) => each.class === 'package-cache');
  const isLeftOut = (path: string): boolean => files.records.get(path)?.excluded !== undefined;
  return {
    entries,
    unrepresentable,
    excluded,
    isIgnored(path) {
      if (entries.has(path)) return false;
      // What no layer can hold is no reason to keep what the image has instead.
      const record = files.records.get(path);
      if (record !== undefined) return record.excluded !== undefined;
      if (leavesCachesOut && APT_CACHE.test(path)) return true;
      return ancestors(path).some((folder) => folders.has(folder) || isLeftOut(folder));
    },
  };
}

function ofEntry(entry: Entry): Omit<SnapshotEntry, 'sha256' | 'attributes'> {
  const { type, uid, gid, target, device } = entry;
  return {
    ...{ type, uid, gid, layer: -1 },
    mode: type === 'symlink' ? 0o777 : entry.mode,
    size: type === 'file' ? entry.size : 0,
    ...(target === undefined ? {} : { target }),
    ...(device === undefined ? {} : { device }),
    mtime: entry.mtime,
    group: isHardLinked(entry) ? entry.fileId : entry.path,
  };
}
