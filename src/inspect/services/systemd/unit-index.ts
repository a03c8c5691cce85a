import type { GuestFs } from '../../../model/guest-fs.js';
import { baseName, joinPath, normalizePath, parentPath } from '../../../model/path.js';
import type { ServiceContext } from '../context.js';
import type { Generated, GeneratorRank } from './generated.js';
import type { Setting } from './unit-file.js';
import { parseUnitName } from './unit-name.js';

/** Where a unit's main file comes from: the first in the order of precedence decides. */
export type Fragment =
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'generated'; readonly settings: readonly Setting[]; readonly path: string }
  | { readonly kind: 'alias'; readonly path: string; readonly target: string }
  /** `hidden` is the file of lower precedence that the mask hides. */
  | { readonly kind: 'mask'; readonly path: string; readonly hidden: string | null };

/** A link in a `.wants`, `.requires` or `.upholds` folder. */
export interface DependencyLink {
  readonly name: string;
  readonly path: string;
}

/** All unit folders of a machine, by name, with precedence applied. Nothing is parsed yet. */
export interface UnitIndex {
  readonly fragments: ReadonlyMap<string, Fragment>;
  /** `nginx.service.d` → drop-in folders, highest precedence first. */
  readonly dropInFolders: ReadonlyMap<string, readonly string[]>;
  readonly generatedDropIns: ReadonlyMap<string, readonly Setting[]>;
  /** `multi-user.target.wants` → links. */
  readonly dependencyFolders: ReadonlyMap<string, readonly DependencyLink[]>;
}

interface UnitFolders {
  readonly system: readonly string[];
  /** Index in `system` before which units of each generator rank come. */
  readonly generators: Readonly<Record<GeneratorRank, number>>;
}

const MAX_ENTRIES = 50_000;

/**
 * Folders of units on the disk, highest precedence first (systemd.unit(5), table 1). `/run` is left out: what lies there
 * on a disk is hidden by a tmpfs. Where `/lib` is a folder of its own (split `/usr`) the distribution's units are in it.
 */
export function systemFolders(fs: GuestFs): UnitFolders {
  const high = ['/etc/systemd/system.control', '/etc/systemd/system', '/etc/systemd/system.attached'];
  const low = distinctFolders(fs, ['/usr/local/lib/systemd/system', '/lib/systemd/system', '/usr/lib/systemd/system']);
  return {
    system: [...high, ...low],
    generators: { early: 1, normal: high.length, late: high.length + low.length },
  };
}

/** Folders of a user manager, for a user with the given home. */
export function userFolders(fs: GuestFs, home: string): UnitFolders {
  const own = [
    joinPath(home, '.config/systemd/user.control'),
    joinPath(home, '.config/systemd/user'),
    '/etc/systemd/user',
    joinPath(home, '.local/share/systemd/user'),
    '/usr/local/share/systemd/user',
    '/usr/share/systemd/user',
    '/usr/local/lib/systemd/user',
    '/usr/lib/systemd/user',
  ];
  const system = distinctFolders(fs, own);
  return { system, generators: { early: 1, normal: 3, late: system.length } };
}

export function indexUnits(
  context: Pick<ServiceContext, 'fs' | 'report'>,
  folders: UnitFolders,
  generated: Generated,
): UnitIndex {
  const index = {
    fragments: new Map<string, Fragment>(),
    dropInFolders: new Map<string, string[]>(),
    generatedDropIns: new Map<string, Setting[]>(),
    dependencyFolders: new Map<string, DependencyLink[]>(),
  };
  const seenLinks = new Set<string>();
  const budget = { left: MAX_ENTRIES };
  for (let position = 0; position <= folders.system.length; position += 1) {
    for (const rank of ['early', 'normal', 'late'] as const) {
      if (folders.generators[rank] === position) addGenerated(index, generated, rank, seenLinks);
    }
    const folder = folders.system[position];
    if (folder !== undefined) addFolder(context, index, folder, folders.system, seenLinks, budget);
  }
  return index;
}

interface MutableIndex {
  readonly fragments: Map<string, Fragment>;
  readonly dropInFolders: Map<string, string[]>;
  readonly generatedDropIns: Map<string, Setting[]>;
  readonly dependencyFolders: Map<string, DependencyLink[]>;
}

function addFolder(
  context: Pick<ServiceContext, 'fs' | 'report'>,
  index: MutableIndex,
  folder: string,
  searchPath: readonly string[],
  seenLinks: Set<string>,
  budget: { left: number },
): void {
  for (const name of context.fs.list(folder)) {
    budget.left -= 1;
    if (budget.left < 0) {
      context.report(
        'too-many-units',
        folder,
        `more than ${MAX_ENTRIES} entries in unit folders; the rest is not read`,
      );
      return;
    }
    const path = joinPath(folder, name);
    if (/\.(?:wants|requires|upholds)$/.test(name)) {
      for (const link of context.fs.list(path)) {
        const own = joinPath(path, link);
        const target = context.fs.lstat(own)?.target;
        const isMask = target !== undefined && linkDestination(own, target) === '/dev/null';
        addLink(index, name, { name: link, path: own }, seenLinks, isMask);
      }
    } else if (name.endsWith('.d')) {
      append(index.dropInFolders, name, path);
    } else if (parseUnitName(name) !== null) {
      addFragment(context, index, name, path, searchPath);
    }
  }
}

function addFragment(
  context: Pick<ServiceContext, 'fs' | 'report'>,
  index: MutableIndex,
  name: string,
  path: string,
  searchPath: readonly string[],
): void {
  const present = index.fragments.get(name);
  const fragment = readFragment(context, name, path, searchPath);
  if (fragment === null) return;
  if (present === undefined) index.fragments.set(name, fragment);
  else if (present.kind === 'mask' && present.hidden === null && fragment.kind === 'file') {
    index.fragments.set(name, { ...present, hidden: fragment.path });
  }
}

/** A file, a mask (link to /dev/null, or empty), or another name for a unit (a link within the unit folders). */
function readFragment(
  { fs, report }: Pick<ServiceContext, 'fs' | 'report'>,
  name: string,
  path: string,
  searchPath: readonly string[],
): Fragment | null {
  const entry = fs.lstat(path);
  if (entry === undefined) return null;
  if (entry.type === 'symlink') {
    const target = linkDestination(entry.path, entry.target ?? '');
    if (target === '/dev/null') return { kind: 'mask', path, hidden: null };
    const targetName = baseName(target);
    const inSearchPath = searchPath.includes(parentPath(target)) || inSameFolder(fs, target, searchPath);
    if (targetName !== name && inSearchPath) {
      const from = parseUnitName(name);
      const to = parseUnitName(targetName);
      if (from !== null && to !== null && from.type === to.type) return { kind: 'alias', path, target: targetName };
      report('unit-alias-invalid', path, `links to ${targetName}, which is no unit of the same type`);
      return null;
    }
  }
  const file = fs.stat(path);
  if (file === undefined) {
    report('unit-link-dangling', path, `links to ${entry.target ?? '?'}, which does not exist`);
    return null;
  }
  if (file.path === '/dev/null') return { kind: 'mask', path, hidden: null };
  if (file.type !== 'file') return null;
  return file.size === 0 ? { kind: 'mask', path, hidden: null } : { kind: 'file', path };
}

function addGenerated(index: MutableIndex, generated: Generated, rank: GeneratorRank, seenLinks: Set<string>): void {
  for (const unit of generated.units) {
    if (unit.rank !== rank) continue;
    const present = index.fragments.get(unit.name);
    const { settings, path } = unit;
    if (present === undefined) index.fragments.set(unit.name, { kind: 'generated', settings, path });
  }
  for (const alias of generated.aliases) {
    if (alias.rank !== rank || index.fragments.has(alias.name)) continue;
    index.fragments.set(alias.name, { kind: 'alias', path: alias.path, target: alias.target });
  }
  for (const { rank: linkRank, folder, name, path } of generated.links) {
    if (linkRank === rank) addLink(index, folder, { name, path }, seenLinks);
  }
  for (const dropIn of generated.dropIns) {
    if (dropIn.rank === rank)
      for (const setting of dropIn.settings) append(index.generatedDropIns, dropIn.unit, setting);
  }
}

function addLink(
  index: MutableIndex,
  folder: string,
  link: DependencyLink,
  seenLinks: Set<string>,
  isMask = false,
): void {
  const key = `${folder}/${link.name}`;
  if (seenLinks.has(key)) return;
  seenLinks.add(key);
  if (!isMask) append(index.dependencyFolders, folder, link);
}

/** The path a link means, as text: links in it are not followed. */
export function linkDestination(linkPath: string, target: string): string {
  return normalizePath(target.startsWith('/') ? target : `${parentPath(linkPath)}/${target}`);
}

/** A link may write `/lib/systemd/system/x` where the folder is listed as `/usr/lib/systemd/system`. */
function inSameFolder(fs: GuestFs, target: string, searchPath: readonly string[]): boolean {
  const folder = fs.stat(parentPath(target))?.path;
  return folder !== undefined && searchPath.some((candidate) => fs.stat(candidate)?.path === folder);
}

function distinctFolders(fs: GuestFs, folders: readonly string[]): string[] {
  const seen = new Set<string>();
  return folders.filter((folder) => {
    const path = fs.stat(folder)?.path;
    if (path === undefined || seen.has(path)) return false;
    seen.add(path);
    return true;
  });
}

function append<T>(map: Map<string, T[]>, key: string, value: T): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [value]);
  else list.push(value);
}
