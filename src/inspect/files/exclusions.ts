import type { Entry } from '../../model/entry.js';
import type { Problem } from '../../model/evidence.js';
import type { ExcludedClass } from '../../model/files.js';
import type { GuestFs } from '../../model/guest-fs.js';
import { ancestors, baseName, isWithin, joinPath, normalizePath, parentPath } from '../../model/path.js';
import { globMatcher } from '../../syntax/glob.js';
import type { Claim } from './ownership.js';
import { swapFiles } from './swap.js';

export interface Exclusion {
  readonly class: ExcludedClass;
  readonly reason: string;
}

export interface ExclusionOptions {
  /** Classes that stay in the images. */
  readonly keep: ReadonlySet<string>;
  /** Patterns of paths; with a folder all that is below it. An included path is never left out. */
  readonly include: readonly string[];
  readonly exclude: readonly string[];
}

type Folder = readonly [path: string, excluded: ExcludedClass, reason: string];

/** Folders whose contents are left out; the folders themselves stay. */
const FOLDERS: readonly Folder[] = [
  ['/boot', 'kernel', 'kernel and boot loader'],
  ['/lib/modules', 'kernel', 'kernel modules'],
  ['/proc', 'volatile', 'below /proc'],
  ['/sys', 'volatile', 'below /sys'],
  ['/dev', 'volatile', 'below /dev'],
  ['/run', 'volatile', 'below /run'],
  ['/var/cache/apt/archives', 'package-cache', 'packages that apt downloaded'],
  ['/var/lib/apt/lists', 'package-cache', 'indexes that apt downloaded'],
  ['/var/cache/yum', 'package-cache', 'what yum downloaded'],
  ['/var/cache/dnf', 'package-cache', 'what dnf downloaded'],
  ['/var/cache/libdnf5', 'package-cache', 'what dnf downloaded'],
  ['/var/cache/urpmi', 'package-cache', 'packages that urpmi downloaded'],
  ['/var/lib/urpmi', 'package-cache', 'indexes that urpmi downloaded'],
  ['/var/cache/zypp', 'package-cache', 'what zypper downloaded'],
  ['/var/cache/zypper', 'package-cache', 'what zypper downloaded'],
  ['/var/cache/tdnf', 'package-cache', 'what tdnf downloaded'],
  ['/var/cache/PackageKit', 'package-cache', 'what PackageKit downloaded'],
  ['/var/cache/apk', 'package-cache', 'what apk downloaded'],
  ['/var/cache/pacman/pkg', 'package-cache', 'packages that pacman downloaded'],
  ['/var/lib/pacman/sync', 'package-cache', 'indexes that pacman downloaded'],
  ['/var/lib/docker', 'container-store', 'images and containers of Docker'],
  ['/var/lib/containerd', 'container-store', 'images and containers of containerd'],
  ['/var/lib/containers/storage', 'container-store', 'images and containers of Podman'],
  ['/var/lib/lxd', 'container-store', 'containers of LXD'],
  ['/var/lib/lxc', 'container-store', 'containers of LXC'],
  ['/var/lib/rancher/k3s/agent/containerd', 'container-store', 'images and containers of k3s'],
  ['/var/snap/docker/common/var-lib-docker', 'container-store', 'images and containers of Docker'],
  ['/var/snap/lxd/common/lxd', 'container-store', 'containers of LXD'],
];

/** Stores that each user has below the home folder. */
const HOME_FOLDERS: readonly Folder[] = [
  ['.local/share/containers/storage', 'container-store', 'images and containers of Podman'],
  ['.local/share/docker', 'container-store', 'images and containers of Docker'],
];
const MAX_HOMES = 10_000;

/** A link from an excluded folder to one of these would hide the machine itself: then nothing is left out. */
const NEVER_HIDDEN = [
  '/etc',
  '/usr/bin',
  '/usr/lib/os-release',
  '/var/lib/dpkg',
  '/var/log',
  '/home',
  '/opt',
  '/root',
  '/srv',
];

/** Packages' documents stay, also those of the kernel: the records of the package manager name them. */
const DOCUMENTS = /^\/usr\/share\/(?:doc|man|info|bug|lintian)\//;

/** Indexed by user number, so they grow to terabytes of holes; a container counts its own logins. */
const LOGIN_RECORDS = /^\/var\/log\/(?:lastlog|faillog|tallylog)$/;
const MEBIBYTE = 1024 * 1024;
const GIBIBYTE = 1024 * MEBIBYTE;
/** Holes are read as zeros and hashed, at about a gigabyte a second: this is what one file, and all, may have. */
const MAX_HOLE = 16 * GIBIBYTE;
const MAX_HOLES = 64 * GIBIBYTE;

export interface ExclusionFinder {
  /** Canonical folders whose contents are left out. */
  readonly folders: ReadonlyMap<string, Exclusion>;
  /** Decides one entry; parents must be asked before their children. */
  readonly find: (entry: Entry, claim: Claim | undefined) => Exclusion | undefined;
  /** Entries above an included one: they stay with it, whatever was found for them. */
  readonly rescued: ReadonlySet<string>;
  /** Whether a path that is not on the disk would be left out if it were. */
  readonly covers: (path: string, claim: Claim) => boolean;
}

export async function exclusionFinder(
  fs: GuestFs,
  options: ExclusionOptions,
  problems: Problem[],
): Promise<ExclusionFinder> {
  const isKept = (name: ExcludedClass): boolean => options.keep.has(name);
  const folders = excludedFolders(fs, isKept);
  const files = isKept('swap') ? new Map<string, string>() : await swapFiles(fs, problems);
  const included = matcherOf(options.include);
  const excluded = options.exclude.map((pattern) => ({ pattern, matches: matcherOf([pattern]) }));
  const inherited = new Map<string, Exclusion | 'included'>();
  const rescued = new Set<string>();
  let holes = 0;

  const own = (entry: Entry, claim: Claim | undefined): Exclusion | undefined => {
    const byUser = excluded.find((item) => item.matches(entry.path));
    if (byUser !== undefined) return { class: 'user', reason: `--exclude ${byUser.pattern}` };
    const swap = files.get(entry.path);
    if (swap !== undefined && entry.type === 'file') return { class: 'swap', reason: swap };
    if (!isKept('kernel') && claim?.kernel === true && isOfKernel(entry)) {
      return { class: 'kernel', reason: `belongs to ${claim.owners[0]}` };
    }
    if (!isKept('lost+found') && isLostAndFound(entry)) {
      return { class: 'lost+found', reason: 'made by the file system' };
    }
    if (isKept('package-cache') || entry.type !== 'file') return undefined;
    const isAptCache = /^\/var\/cache\/apt\/[^/]+\.bin$/.test(entry.path);
    return isAptCache ? { class: 'package-cache', reason: 'cache that apt computes' } : undefined;
  };

  const sparse = (entry: Entry): Exclusion | undefined => {
    const hole = entry.size - entry.allocated;
    if (entry.type !== 'file' || isKept('sparse')) return undefined;
    if (LOGIN_RECORDS.test(entry.path) && (hole > 0 || entry.size > MEBIBYTE)) {
      return { class: 'sparse', reason: 'sparse record of logins, indexed by user number' };
    }
    if (hole < MEBIBYTE) return undefined;
    if (hole > MAX_HOLE || holes + hole > MAX_HOLES) {
      return { class: 'sparse', reason: `${hole} bytes of holes, which an image would store as zeros` };
    }
    holes += hole;
    return undefined;
  };

  const find: ExclusionFinder['find'] = (entry, claim) => {
    const parent = inherited.get(parentPath(entry.path));
    let decision: Exclusion | 'included' | undefined;
    if (parent === 'included' || included(entry.path)) {
      decision = 'included';
      if (parent !== 'included') for (let at = entry.path; at !== '/'; at = parentPath(at)) rescued.add(at);
    } else decision = parent ?? own(entry, claim) ?? sparse(entry);
    if (entry.type === 'directory') {
      const below = decision ?? folders.get(entry.path);
      if (below !== undefined) inherited.set(entry.path, below);
    }
    return decision === 'included' ? undefined : decision;
  };
  const covers: ExclusionFinder['covers'] = (path, claim) =>
    (claim.kernel && !isKept('kernel') && !DOCUMENTS.test(path)) ||
    ancestors(path).some((folder) => folders.has(folder));
  return { folders, find, rescued, covers };
}

/** By canonical path: `/lib/modules` is `/usr/lib/modules` on a merged system, and a store may be linked elsewhere. */
function excludedFolders(fs: GuestFs, isKept: (name: ExcludedClass) => boolean): Map<string, Exclusion> {
  const homes = [
    '/root',
    ...fs
      .list('/home')
      .slice(0, MAX_HOMES)
      .map((name) => joinPath('/home', name)),
  ];
  const below = homes.flatMap((home) =>
    HOME_FOLDERS.map(([path, name, reason]): Folder => [joinPath(home, path), name, reason]),
  );
  const folders = new Map<string, Exclusion>();
  for (const [path, name, reason] of [...FOLDERS, ...below]) {
    if (isKept(name)) continue;
    const target = fs.stat(path)?.path;
    if (target === undefined || NEVER_HIDDEN.some((kept) => isWithin(fs.stat(kept)?.path ?? kept, target))) continue;
    if (isWithin(target, '/usr/bin') || isWithin(target, '/etc')) continue;
    folders.set(target, { class: name, reason });
  }
  return folders;
}

/** Folders outside of the sources stay: what somebody else put there must not go with them. */
function isOfKernel(entry: Entry): boolean {
  return entry.type === 'directory' ? entry.path.startsWith('/usr/src/') : !DOCUMENTS.test(entry.path);
}

/** mkfs makes it root's alone, at the root of every ext file system wherever that is mounted. */
function isLostAndFound(entry: Entry): boolean {
  return entry.type === 'directory' && entry.uid === 0 && entry.mode === 0o700 && baseName(entry.path) === 'lost+found';
}

/** Whether a path matches one of the patterns; what lies below a match inherits it from its parent. */
function matcherOf(patterns: readonly string[]): (path: string) => boolean {
  if (patterns.length === 0) return () => false;
  const globs = patterns.map((pattern) => {
    // Normalised, because a user may well write a folder with a slash at its end.
    return globMatcher(pattern.startsWith('/') ? normalizePath(pattern) : `/**/${pattern}`, { deep: true });
  });
  return (path) => globs.some((glob) => glob.test(path));
}
