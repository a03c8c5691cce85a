import { type Entry, isHardLinked } from '../model/entry.js';
import type { FileRecord } from '../model/files.js';
import type { InspectedMachine } from '../model/inspected.js';
import { type InstalledPackage, packageKey } from '../model/packages.js';
import { comparePaths, parentPath } from '../model/path.js';
import { attributeRefusal, EARLY_TIME, partedLinks, tarRefusal } from '../syntax/layer-limits.js';
import { TAR_END_SIZE, tarMemberSize } from '../syntax/tar-header.js';
import { companionOf } from './companions.js';

/** The files of one machine, ordered by what layers ask of them. */
export interface MachineFiles {
  readonly machine: InspectedMachine;
  /** What belongs into the image and what the formats can hold. */
  readonly kept: readonly FileRecord[];
  /** One of these by its path. */
  keptAt(path: string): FileRecord | undefined;
  /** By package key: the paths that go with the package. A path of several packages goes with the first of them. */
  readonly ofPackage: ReadonlyMap<string, readonly string[]>;
  /** Paths among them that no package lists (`companions.ts`). */
  readonly companions: ReadonlySet<string>;
  /** Names of each file that has several, by file id; kept ones only. */
  readonly hardLinks: ReadonlyMap<string, readonly string[]>;
  /** File ids of hard-link groups that one package brought whole and nobody changed. */
  readonly wholeGroups: ReadonlySet<string>;
  readonly unrepresentable: readonly { readonly path: string; readonly reason: string }[];
}

export function indexFiles(machine: InspectedMachine): MachineFiles {
  const layered = new Set((machine.packages?.packages ?? []).filter((item) => !item.kernel).map(packageKey));
  const { records, attributes } = machine.files;
  const kept: FileRecord[] = [];
  const symlinks: Entry[] = [];
  const refused = new Set<string>();
  const keptAt = (path: string): FileRecord | undefined => {
    const record = records.get(path);
    return record === undefined || record.excluded !== undefined || refused.has(path) ? undefined : record;
  };
  const ofPackage = new Map<string, string[]>();
  const hardLinks = new Map<string, string[]>();
  const unrepresentable: { path: string; reason: string }[] = [];
  const companions = new Set<string>();
  const companion = companionOf(machine.packages?.packages ?? [], records);
  for (const record of records.values()) {
    if (record.excluded !== undefined) continue;
    const { path } = record.entry;
    const refusal = tarRefusal(record.entry);
    if (refusal !== null) {
      refused.add(path);
      unrepresentable.push({ path, reason: refusal });
      continue;
    }
    attributes?.get(path)?.forEach((value, name) => {
      const reason = attributeRefusal(name, value);
      if (reason !== null) unrepresentable.push({ path, reason });
    });
    if (record.entry.mtime < 0) {
      unrepresentable.push({ path, reason: EARLY_TIME });
    }
    kept.push(record);
    if (record.entry.type === 'symlink' && record.entry.links > 1) symlinks.push(record.entry);
    if (isHardLinked(record.entry)) append(hardLinks, record.entry.fileId, path);
    const owner = record.owners.find((key) => layered.has(key));
    if (owner !== undefined) append(ofPackage, owner, path);
    else if (record.state === 'unowned' && record.entry.type === 'file') {
      const other = companion(path);
      if (other === undefined || !layered.has(other)) continue;
      companions.add(path);
      append(ofPackage, other, path);
    }
  }
  for (const parted of partedLinks(symlinks)) unrepresentable.push(parted);
  const wholeGroups = new Set<string>();
  for (const [fileId, names] of hardLinks) {
    const group = names.map((name) => records.get(name)!);
    const owners = new Set(group.map((record) => record.owners.find((key) => layered.has(key))));
    const isIntact = group.every(({ state }) => state === 'unchanged' || state === 'unverified');
    if (owners.size === 1 && isIntact && names.length === group[0]!.entry.links) wholeGroups.add(fileId);
  }
  return { machine, kept, keptAt, ofPackage, companions, hardLinks, wholeGroups, unrepresentable };
}

/** The paths of a package that are as it brought them; hard links only when every name of the file is there. */
export function unchangedPaths(files: MachineFiles, item: Pick<InstalledPackage, 'name' | 'architecture'>): string[] {
  return (files.ofPackage.get(packageKey(item)) ?? []).filter((path) => {
    const { entry, state, ghost } = files.keptAt(path)!;
    // What a package lists without bringing it, the machine made.
    if (ghost === true && entry.type !== 'directory') return false;
    if (state === 'changed' || (state === 'unowned' && !files.companions.has(path))) return false;
    return !isHardLinked(entry) || files.wholeGroups.has(entry.fileId);
  });
}

/** Whether all machines hold the same at a path: type, rights, owner, time, content. */
export function sameFile(a: MachineFiles, others: readonly MachineFiles[], path: string): boolean {
  if (others.length === 0) return true;
  const left = a.keptAt(path)?.entry;
  if (left === undefined) return false;
  return others.every((b) => {
    const right = b.keptAt(path)?.entry;
    if (right === undefined || left.type !== right.type) return false;
    if (left.type === 'directory') return true;
    return sameMetadata(left, right) && left.mtime === right.mtime && sameContent(a, b, left, right);
  });
}

export function sameMetadata(a: Entry, b: Entry): boolean {
  return a.type === b.type && a.mode === b.mode && a.uid === b.uid && a.gid === b.gid;
}

/**
 * Adds every folder above the paths, and sorts. The root is the engine's: an archive names it only when it would hold
 * nothing otherwise, since engines take an empty one for a plain file.
 */
export function withFolders(paths: readonly string[]): string[] {
  const all = foldersAbove(paths);
  for (const path of paths) all.add(path);
  if (all.size > 1) all.delete('/');
  return [...all].sort(comparePaths);
}

/** Every folder above the paths, the root first. */
function foldersAbove(paths: readonly string[]): Set<string> {
  const folders = new Set<string>(['/']);
  let last = '';
  for (const path of paths) {
    // Most follow another one from the same folder.
    if (last !== '' && path.startsWith(last) && !path.includes('/', last.length)) continue;
    // Above a folder that is there already lies nothing new.
    for (let folder = parentPath(path); !folders.has(folder); folder = parentPath(folder)) folders.add(folder);
    last = path.slice(0, path.lastIndexOf('/') + 1);
  }
  return folders;
}

/** As {@link measure}, of all that goes into the image of the machine. */
export function measureAll(files: MachineFiles): { size: number; tar: number } {
  return measure(
    files,
    files.kept.map(({ entry }) => entry.path),
  );
}

/**
 * Bytes of the paths: of content (a hard-link group once), and of the archive that holds them with the folders above.
 * The archive's figure is that of the layer an engine makes of it: without the root, and with the zeros of holes, which
 * engines write out, though our own archives keep them as holes.
 * @param paths Each once.
 */
export function measure(files: MachineFiles, paths: readonly string[]): { size: number; tar: number } {
  let size = 0;
  let tar = TAR_END_SIZE;
  const add = (path: string, entry: Entry, linkTo?: string): void => {
    if (linkTo === undefined && entry.type === 'file') size += entry.size;
    const attributes = files.machine.files.attributes?.get(path);
    const isPlain = linkTo === undefined && attributes === undefined;
    tar += tarMemberSize(isPlain ? { entry } : { entry, ...(linkTo && { linkTo }), ...(attributes && { attributes }) });
  };
  // Order matters only between the names of one file: the first of them in the archive has the content.
  const linked: string[] = [];
  const visit = (path: string): void => {
    const entry = files.machine.files.records.get(path)?.entry;
    if (entry === undefined || path === '/') return;
    if (isHardLinked(entry)) linked.push(path);
    else add(path, entry);
  };
  const folders = foldersAbove(paths);
  for (const folder of folders) visit(folder);
  for (const path of paths) if (!folders.has(path)) visit(path);
  const first = new Map<string, string>();
  for (const path of linked.sort(comparePaths)) {
    const { entry } = files.machine.files.records.get(path)!;
    const linkTo = first.get(entry.fileId);
    if (linkTo === undefined) first.set(entry.fileId, path);
    add(path, entry, linkTo);
  }
  return { size, tar };
}

/** SHA-256 decides where both were read; a database of a hostile disk may promise any content. */
function sameContent(a: MachineFiles, b: MachineFiles, left: Entry, right: Entry): boolean {
  if (left.type === 'symlink') return left.target === right.target;
  if (left.type === 'character' || left.type === 'block') {
    return left.device?.major === right.device?.major && left.device?.minor === right.device?.minor;
  }
  if (!sameNames(a, b, left, right)) return false;
  if (left.type !== 'file') return true;
  if (left.size !== right.size) return false;
  const [one, other] = [a.machine.files.digests.get(left.path), b.machine.files.digests.get(right.path)];
  if (one === undefined || other === undefined) return one === other;
  return one.sha256 === other.sha256 && sameAttributes(a, b, left.path);
}

function sameNames(a: MachineFiles, b: MachineFiles, left: Entry, right: Entry): boolean {
  if (left.links !== right.links) return false;
  if (!isHardLinked(left)) return true;
  return a.hardLinks.get(left.fileId)?.join('\0') === b.hardLinks.get(right.fileId)?.join('\0');
}

function sameAttributes(a: MachineFiles, b: MachineFiles, path: string): boolean {
  return attributesText(a, path) === attributesText(b, path);
}

/** The extended attributes of a path in one form for comparison. */
export function attributesText(files: MachineFiles, path: string): string {
  const attributes = files.machine.files.attributes?.get(path);
  if (attributes === undefined || attributes.size === 0) return '';
  return JSON.stringify(
    [...attributes].map(([name, value]) => [name, value.toString('hex')]).sort(([x], [y]) => comparePaths(x!, y!)),
  );
}

function append<Key, Value>(map: Map<Key, Value[]>, key: Key, value: Value): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [value]);
  else list.push(value);
}
