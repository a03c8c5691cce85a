import { AppError } from '../errors.js';
import type { Problem } from '../model/evidence.js';
import type { FileSystem } from '../model/machine.js';
import { comparePaths, displayPath, normalizePath } from '../model/path.js';
import { type FstabEntry, optionValue, parseFstab } from './fstab.js';
import { lockedError, type RootCandidate } from './roots.js';
import { compareVolumes, findLocked, findVolume, TOP_LEVEL_SUBVOLUME, type Volume } from './volumes.js';

/** A file system at its place in the guest's tree. */
export interface Mount {
  readonly device: string;
  readonly type: string;
  /** Of btrfs: path of the subvolume from the top level; '' is the top level itself. */
  readonly subvolume?: string;
  /** Canonical path of the guest as its fstab says; links on the way are still to be followed. */
  readonly mountpoint: string;
  /** The options of the fstab line, joined by commas; absent when there is none. */
  readonly options?: string;
}

export interface MountPlan {
  /** `/` first, parents before what is mounted inside of them. */
  readonly mounts: readonly Mount[];
  readonly problems: readonly Problem[];
}

/** Types that no disk carries, or that are on somebody else's. */
const NOT_ON_DISK = new Set(
  `none swap ignore auto.master proc sysfs devpts devtmpfs tmpfs ramfs usbfs debugfs tracefs securityfs cgroup cgroup2
  selinuxfs configfs pstore bpf efivarfs hugetlbfs mqueue binfmt_misc overlay aufs autofs rpc_pipefs nfsd fuse.gvfsd-fuse
  fusectl nfs nfs4 cifs smbfs smb3 ncpfs afs coda ceph glusterfs lustre gfs2 ocfs2 davfs 9p virtiofs fuse.sshfs
  fuse.glusterfs fuse.s3fs vboxsf prl_fs fuse.vmhgfs-fuse vmhgfs`.split(/\s+/),
);

/** Without these a machine is not itself: packages, databases and programs lie there. */
const INDISPENSABLE = new Set(['/usr', '/usr/lib', '/usr/share', '/var', '/var/lib', '/etc', '/opt']);

/**
 * Where the guest mounts its file systems at boot.
 * @param fstab Text of the root's `/etc/fstab`; undefined when there is none.
 * @throws AppError `guest-missing-filesystem` when the disk that holds `/usr` or the like is not among the volumes;
 *   `guest-key-needed`, `guest-key-wrong` when it may lie on an encrypted one.
 */
export function planMounts(root: RootCandidate, fstab: string | undefined, volumes: readonly Volume[]): MountPlan {
  const entries = parseFstab(fstab ?? '').filter(isLocalMount);
  const problems: Problem[] = [];
  const rootEntry = entries.find((entry) => normalizePath(entry.mountpoint) === '/');
  const mounts = new Map<string, Mount>([['/', rootMount(root, rootEntry)]]);
  for (const entry of entries) {
    const mountpoint = normalizePath(entry.mountpoint);
    if (mounts.has(mountpoint)) continue;
    const reason = whyLeftOut(entry);
    if (reason !== null) {
      problems.push(problem('mount-left-out', entry, reason));
      continue;
    }
    const volume = findVolume(entry.spec, volumes);
    const mount = volume === undefined ? undefined : mountOf(volume, entry, mountpoint);
    if (mount === undefined) problems.push(missing(entry, mountpoint, volume, volumes));
    else mounts.set(mountpoint, mount);
  }
  return { mounts: [...mounts.values()].sort((a, b) => comparePaths(a.mountpoint, b.mountpoint)), problems };
}

/**
 * The `filesystems` of the report, the same for every reader.
 * @param used Bytes that the files of a mount occupy (Σ `allocated`, a hard-link group once), by mount point.
 */
export function describeFileSystems(
  volumes: readonly Volume[],
  mounts: readonly Mount[],
  used: ReadonlyMap<string, number>,
): FileSystem[] {
  const described: FileSystem[] = [];
  for (const volume of [...volumes].sort(compareVolumes)) {
    if (!isFileSystem(volume)) continue;
    const { device, type, uuid, label, size } = volume;
    const base = { device, type, ...(uuid && { uuid }), ...(label && { label }), size };
    const places = mounts.filter((mount) => mount.device === device);
    if (places.length === 0) described.push({ ...base, mountpoint: null, used: null });
    for (const { mountpoint, options } of places) {
      described.push({ ...base, mountpoint, ...(options && { options }), used: used.get(mountpoint) ?? null });
    }
  }
  return described;
}

/** Whether the volume is something that could be mounted, by us or by others. */
export function isFileSystem(volume: Volume): boolean {
  return !/^(unknown|swap|.*_member|crypto_LUKS|BitLocker|DM_.*|bcache)$/.test(volume.type);
}

/** Path of the subvolume that fstab options (or their absence) choose; undefined when it does not exist. */
export function chosenSubvolume(volume: Volume, options: readonly string[]): string | undefined {
  const path = optionValue(options, 'subvol');
  if (path !== undefined) {
    const wanted = normalizePath(path).slice(1);
    return wanted === '' || volume.subvolumes?.some((subvolume) => subvolume.path === wanted) ? wanted : undefined;
  }
  const id = Number(optionValue(options, 'subvolid') ?? volume.defaultSubvolume ?? TOP_LEVEL_SUBVOLUME);
  if (id === TOP_LEVEL_SUBVOLUME || id === 0) return '';
  return volume.subvolumes?.find((subvolume) => subvolume.id === id)?.path;
}

function isLocalMount({ type, mountpoint, options }: FstabEntry): boolean {
  const isBind = options.includes('bind') || options.includes('rbind');
  return mountpoint.startsWith('/') && (isBind || !NOT_ON_DISK.has(type));
}

function rootMount(root: RootCandidate, entry: FstabEntry | undefined): Mount {
  return {
    device: root.device,
    type: root.type,
    ...(root.subvolume === undefined ? {} : { subvolume: root.subvolume }),
    mountpoint: '/',
    ...(entry === undefined ? {} : { options: entry.options.join(',') }),
  };
}

function mountOf(volume: Volume, entry: FstabEntry, mountpoint: string): Mount | undefined {
  const { device, type } = volume;
  const options = entry.options.join(',');
  if (type !== 'btrfs') return { device, type, mountpoint, options };
  const subvolume = chosenSubvolume(volume, entry.options);
  return subvolume === undefined ? undefined : { device, type, subvolume, mountpoint, options };
}

function whyLeftOut({ spec, type, options }: FstabEntry): string | null {
  if (options.includes('noauto')) return 'noauto: not mounted at boot';
  if (type === 'iso9660' || type === 'udf' || /^\/dev\/(cdrom|sr\d|fd\d|dvd)/.test(spec)) return 'removable medium';
  if (options.includes('bind') || options.includes('rbind')) return 'bind mount: the files are at their own place';
  if (options.includes('loop') || /^\/(?!dev\/)/.test(spec)) return 'image file of the guest: not opened';
  return null;
}

function missing(
  entry: FstabEntry,
  mountpoint: string,
  volume: Volume | undefined,
  volumes: readonly Volume[],
): Problem {
  const locked = volume === undefined ? findLocked(volumes) : undefined;
  const what =
    volume === undefined
      ? `${displayPath(entry.spec)} is on none of the disks${locked === undefined ? '' : `; ${locked.device} is encrypted, and not open`}`
      : `${volume.device} has no such subvolume (${displayPath(entry.options.join(','))})`;
  if (INDISPENSABLE.has(mountpoint) && !entry.options.includes('nofail')) {
    if (locked !== undefined) throw lockedError(locked);
    throw new AppError('guest-missing-filesystem', `The machine mounts ${mountpoint} from elsewhere: ${what}`, {
      where: { path: `/etc/fstab:${entry.line}` },
      todo: 'Name all disks of the machine, joined with +, for example root.qcow2+data.qcow2.',
    });
  }
  return problem('mount-missing', entry, what);
}

function problem(code: string, entry: FstabEntry, reason: string): Problem {
  return { code, path: displayPath(entry.mountpoint), reason: `${reason} (/etc/fstab:${entry.line})` };
}
