import { AppError } from '../errors.js';
import { displayPath, normalizePath } from '../model/path.js';
import { optionValue, parseFstab } from './fstab.js';
import { compareVolumes, findLocked, TOP_LEVEL_SUBVOLUME, type Volume } from './volumes.js';

/** A file system, or a subvolume of btrfs, that could be the root of a system. */
export interface RootCandidate {
  readonly device: string;
  readonly type: string;
  /** Of btrfs: path from the top level; '' is the top level. */
  readonly subvolume?: string;
}

/** What a reader saw in a candidate. */
export interface ProbedCandidate extends RootCandidate {
  /** Those of {@link ROOT_MARKS} that exist; the last component is not followed when it is a link. */
  readonly marks: ReadonlySet<string>;
  /** Text of its `etc/fstab`. */
  readonly fstab?: string;
  /** Text of its `etc/crypttab`. */
  readonly crypttab?: string;
}

const LINUX_RELEASES = [
  '/etc/os-release',
  '/etc/debian_version',
  '/etc/redhat-release',
  '/etc/system-release',
  '/etc/SuSE-release',
  '/etc/alpine-release',
  '/etc/arch-release',
  '/etc/gentoo-release',
  '/etc/slackware-version',
];
const FOREIGN: readonly (readonly [mark: string, system: string])[] = [
  ['/Windows/System32/ntoskrnl.exe', 'Windows'],
  ['/WINDOWS/system32/ntoskrnl.exe', 'Windows'],
  ['/etc/freebsd-update.conf', 'FreeBSD'],
  ['/netbsd', 'NetBSD'],
  ['/bsd', 'OpenBSD'],
];

/** The paths a reader has to look for in every candidate. */
export const ROOT_MARKS: readonly string[] = [
  ...LINUX_RELEASES,
  '/etc/fstab',
  '/etc/passwd',
  '/bin',
  '/usr',
  ...FOREIGN.map(([mark]) => mark),
];

/** Whose own file systems these are. */
const FOREIGN_TYPES: ReadonlyMap<string, string> = new Map([
  ['ntfs', 'Windows'],
  ['BitLocker', 'Windows'],
  ['ufs', 'BSD or Solaris'],
  ['apfs', 'macOS'],
  ['hfsplus', 'macOS'],
]);
/** File systems a Linux root can be on, and that nothing here opens. */
const UNREAD_TYPES = new Set(['zfs_member', 'bcachefs', 'VMFS_volume_member', 'bcache', 'gfs2', 'ocfs2', 'minix']);

/** File systems a Linux root can be on and that our readers can open. */
const ROOT_TYPES = new Set([
  'ext2',
  'ext3',
  'ext4',
  'xfs',
  'btrfs',
  'jfs',
  'reiserfs',
  'f2fs',
  'nilfs2',
  'erofs',
  'squashfs',
]);
const MAX_SUBVOLUMES = 256;

/** What to look into for a system, in the order of the machine. Snapshots and container layers are no systems. */
export function rootCandidates(volumes: readonly Volume[]): RootCandidate[] {
  const candidates: RootCandidate[] = [];
  for (const volume of [...volumes].sort(compareVolumes)) {
    const { device, type } = volume;
    if (!ROOT_TYPES.has(type)) continue;
    if (type !== 'btrfs') {
      candidates.push({ device, type });
      continue;
    }
    candidates.push({ device, type, subvolume: '' });
    const chosen = volume.subvolumes?.find(({ id }) => id === volume.defaultSubvolume)?.path;
    const paths = (volume.subvolumes ?? []).map(({ path }) => path);
    const systems = paths.filter((path) => path === chosen || !isCopy(path)).sort();
    for (const subvolume of systems.slice(0, MAX_SUBVOLUMES)) candidates.push({ device, type, subvolume });
  }
  return candidates;
}

/**
 * Whether a path within btrfs is where snapper or Timeshift keep snapshots. Their content is the past of the machine:
 * readers show the folder and leave out what is in it.
 */
export function isSnapshotPath(path: string): boolean {
  return /(^|\/)\.snapshots\/\d+\/snapshot$/.test(path) || /(^|\/)timeshift-btrfs\/snapshots\/[^/]+\/[^/]+$/.test(path);
}

/** The candidate's name for `--root` and for messages: libguestfs' form for subvolumes. */
export function candidateName({ device, subvolume }: RootCandidate): string {
  return subvolume === undefined || subvolume === '' ? device : `btrfsvol:${device}/${displayPath(subvolume)}`;
}

/**
 * The one system of the machine, or the one that `wanted` names.
 * @throws AppError `guest-several-systems`, `guest-key-needed`, `guest-key-wrong`, `guest-not-linux`,
 *   `guest-unsupported-filesystem`, `guest-no-system`.
 */
export function chooseRoot(
  probed: readonly ProbedCandidate[],
  volumes: readonly Volume[],
  wanted?: string,
): ProbedCandidate {
  const linux = oneEachBtrfs(probed.filter(isLinuxRoot), volumes);
  if (wanted !== undefined) {
    const named = linux.filter((root) => candidateName(root) === wanted || aliasOf(root, volumes, wanted));
    if (named.length === 1) return named[0]!;
    throw new AppError('guest-no-system', `There is no Linux system on ${wanted}`, {
      where: { device: wanted },
      todo: linux.length === 0 ? 'Check the name of the device.' : `Name one of: ${listNames(linux)}.`,
    });
  }
  if (linux.length === 1) return linux[0]!;
  if (linux.length > 1) {
    throw new AppError('guest-several-systems', `The machine holds ${linux.length} systems: ${listNames(linux)}`, {
      todo: `Choose one: --root ${candidateName(linux[0]!)}`,
    });
  }
  throw nothingFound(probed, volumes);
}

/** The error for a device that must be opened first. */
export function lockedError({ device, keyFailed }: Volume): AppError {
  if (keyFailed === true) {
    return new AppError('guest-key-wrong', `None of the keys opens ${device} (LUKS)`, {
      where: { device },
      todo: `Check the key, and that it is meant for this device: --key ${device}:file:KEYFILE`,
    });
  }
  return new AppError('guest-key-needed', `${device} is encrypted (LUKS)`, {
    where: { device },
    todo: `Give its key: --key ${device}:file:KEYFILE`,
  });
}

function isLinuxRoot({ marks }: ProbedCandidate): boolean {
  if (foreignSystem(marks) !== undefined) return false;
  const isPopulated = marks.has('/bin') || marks.has('/usr');
  const isDescribed =
    marks.has('/etc/fstab') || marks.has('/etc/passwd') || LINUX_RELEASES.some((path) => marks.has(path));
  return isPopulated && isDescribed;
}

function foreignSystem(marks: ReadonlySet<string>): string | undefined {
  return FOREIGN.find(([mark]) => marks.has(mark))?.[1];
}

/**
 * Copies of a root made by hand are roots to look at, too: of the subvolumes of one btrfs those count whose own fstab
 * names them; if none does, the default subvolume.
 */
function oneEachBtrfs(roots: readonly ProbedCandidate[], volumes: readonly Volume[]): ProbedCandidate[] {
  const result: ProbedCandidate[] = [];
  for (const device of new Set(roots.map((root) => root.device))) {
    const here = roots.filter((root) => root.device === device);
    const volume = volumes.find((each) => each.device === device);
    if (volume?.type !== 'btrfs' || here.length === 1) {
      result.push(...here);
      continue;
    }
    const named = here.filter((root) => namesItself(root, volume));
    const chosen = volume.subvolumes?.find(({ id }) => id === volume.defaultSubvolume)?.path ?? '';
    const byDefault = here.filter((root) => root.subvolume === chosen);
    result.push(...(named.length > 0 ? named : byDefault.length > 0 ? byDefault : here));
  }
  return result;
}

function namesItself({ fstab, subvolume }: ProbedCandidate, volume: Volume): boolean {
  const entry = parseFstab(fstab ?? '').find(({ mountpoint }) => mountpoint === '/');
  if (entry === undefined) return false;
  const path = optionValue(entry.options, 'subvol');
  if (path !== undefined) return normalizePath(path).slice(1) === subvolume;
  const id = optionValue(entry.options, 'subvolid');
  if (id === undefined) return false;
  if (Number(id) === TOP_LEVEL_SUBVOLUME) return subvolume === '';
  return volume.subvolumes?.some((each) => each.id === Number(id) && each.path === subvolume) ?? false;
}

/** Besides snapshots: layers of Docker, images of systemd-nspawn, containers of LXD. */
function isCopy(path: string): boolean {
  return (
    isSnapshotPath(path) || /(^|\/)(btrfs\/subvolumes|machines|portables|containers\/storage|lxd|images)\//.test(path)
  );
}

function aliasOf(root: RootCandidate, volumes: readonly Volume[], wanted: string): boolean {
  const isWhole = root.subvolume === undefined || root.subvolume === '';
  return isWhole && (volumes.find(({ device }) => device === root.device)?.aliases?.includes(wanted) ?? false);
}

function nothingFound(probed: readonly ProbedCandidate[], volumes: readonly Volume[]): AppError {
  const locked = findLocked(volumes);
  if (locked !== undefined) return lockedError(locked);
  const foreign = probed.map(({ marks }) => foreignSystem(marks)).find((name) => name !== undefined);
  const byType = volumes.map(({ type }) => FOREIGN_TYPES.get(type)).find((name) => name !== undefined);
  if (foreign !== undefined || byType !== undefined) {
    return new AppError('guest-not-linux', `The machine runs ${foreign ?? byType}, not Linux`, {
      todo: 'Only Linux machines can become containers of Linux.',
    });
  }
  const unread = volumes.find(({ type }) => UNREAD_TYPES.has(type));
  if (unread !== undefined) {
    return new AppError(
      'guest-unsupported-filesystem',
      `${unread.device} holds ${unread.type}, which nothing here reads`,
      {
        where: { device: unread.device },
        todo: 'Copy the root file system into a folder or a tar archive elsewhere, and name that instead of the disk.',
      },
    );
  }
  const seen = volumes.map(({ device, type }) => `${device} (${type})`).join(', ');
  return new AppError(
    'guest-no-system',
    `No system was found${seen === '' ? ': the disks are empty' : ` on ${seen}`}`,
    {
      todo: 'Name the disk that holds the root file system; several disks of one machine are joined with +.',
    },
  );
}

function listNames(roots: readonly RootCandidate[]): string {
  return roots.map(candidateName).join(', ');
}
