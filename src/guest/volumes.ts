/**
 * The block devices of a machine that hold something, by the names libguestfs gives them, and the way from the names
 * that a guest uses for them (fstab(5), `root=`) to these. Pure: both readers fill in what they see.
 */

export interface Volume {
  /** `/dev/sda1` (disks in the order of the machine), `/dev/md127`, `/dev/GROUP/VOLUME`, `/dev/mapper/NAME` for LUKS. */
  readonly device: string;
  /** Its name in the appliance's kernel, which may be another. */
  readonly kernelName?: string;
  /** Other names that the guest may use, e.g. `/dev/md/root`. LVM's `/dev/mapper` names need not be here. */
  readonly aliases?: readonly string[];
  /** The word of blkid(8): `ext4`, `xfs`, `btrfs`, `swap`, `vfat`, `crypto_LUKS`, `LVM2_member`, …; `unknown`. */
  readonly type: string;
  readonly uuid?: string;
  readonly label?: string;
  readonly partUuid?: string;
  readonly partLabel?: string;
  /** Bytes of the block device. */
  readonly size: number;
  /** Of LUKS: the device that it was opened as, `/dev/mapper/luksN`. */
  readonly openedAs?: string;
  /** Of LUKS: a key was tried, and did not open it. */
  readonly keyFailed?: boolean;
  /** Of btrfs; the top level (id 5, path '') is not among them. */
  readonly subvolumes?: readonly Subvolume[];
  /** Id of btrfs' default subvolume; 5 is the top level. */
  readonly defaultSubvolume?: number;
}

export interface Subvolume {
  readonly id: number;
  /** From the top level of the file system, without a leading slash. */
  readonly path: string;
}

export const TOP_LEVEL_SUBVOLUME = 5;

/** The name of the disk with the given index: `/dev/sda`, …, `/dev/sdz`, `/dev/sdaa`. */
export function diskDevice(index: number): string {
  let letters = '';
  for (let rest = index + 1; rest > 0; rest = Math.floor((rest - 1) / 26)) {
    letters = String.fromCharCode(97 + ((rest - 1) % 26)) + letters;
  }
  return `/dev/sd${letters}`;
}

/** The kernel's first number for an md array that asks for none; the next ones are below. */
const FREE_MINOR = 127;

/**
 * Names of md arrays, and what the guest may call them. Arrays with a number of their own have it (version 0.90); the
 * others get numbers in the order given here, because the order in which they are assembled changes from run to run.
 * @param arrays Each with its name without the host that made it.
 */
export function arrayNames(
  arrays: readonly { readonly minor?: number | undefined; readonly name?: string | undefined }[],
): { readonly device: string; readonly aliases: readonly string[] }[] {
  const taken = new Set(arrays.map(({ minor }) => minor));
  let next = FREE_MINOR;
  return arrays.map(({ name, minor }) => {
    while (minor === undefined && taken.has(next)) next -= 1;
    const device = `/dev/md${minor ?? next--}`;
    const isNumber = name !== undefined && /^\d{1,3}$/.test(name);
    return { device, aliases: name ? [`/dev/md/${name}`, ...(isNumber ? [`/dev/md${name}`] : [])] : [] };
  });
}

/** The name of an md array that its superblock holds, without the host that made it. */
export function arrayName(stored: string): string {
  return stored.replace(/^[^:]*:/, '');
}

/** Order of reports: disks and partitions as on the machine, then md, then logical volumes and what else is mapped. */
export function compareVolumes(a: Pick<Volume, 'device'>, b: Pick<Volume, 'device'>): number {
  const left = orderKey(a.device);
  const right = orderKey(b.device);
  for (const [index, part] of left.entries()) {
    const other = right[index] ?? 0;
    if (part !== other) return part < other ? -1 : 1;
  }
  return 0;
}

/** The volume a guest means by the first field of an fstab line; undefined when nothing of the machine has that name. */
export function findVolume(spec: string, volumes: readonly Volume[]): Volume | undefined {
  const tag = /^(UUID|LABEL|PARTUUID|PARTLABEL)=(.*)$/s.exec(spec);
  if (tag !== null) return findByTag(tag[1]!, tag[2]!.replace(/^"(.*)"$/s, '$1'), volumes);
  const link = /^\/dev\/disk\/by-(uuid|label|partuuid|partlabel)\/(.*)$/s.exec(spec);
  if (link !== null) return findByTag(link[1]!.toUpperCase(), unescapeUdev(link[2]!), volumes);
  const exact = volumes.find(({ device, aliases }) => device === spec || aliases?.includes(spec));
  const translated = translateDevice(spec, volumes);
  // A guest's own /dev/sdb need not be the second disk here, but nothing tells better.
  return exact ?? volumes.find(({ device }) => translated.includes(device));
}

function findByTag(tag: string, value: string, volumes: readonly Volume[]): Volume | undefined {
  const folded = value.toLowerCase();
  switch (tag) {
    case 'UUID':
      return volumes.find(({ uuid }) => uuid?.toLowerCase() === folded);
    case 'LABEL':
      return volumes.find(({ label }) => label === value);
    case 'PARTUUID':
      return volumes.find(({ partUuid }) => partUuid?.toLowerCase() === folded);
    default:
      return volumes.find(({ partLabel }) => partLabel === value);
  }
}

/** The encrypted device of the machine that nobody has opened; what is not found may lie on it. */
export function findLocked(volumes: readonly Volume[]): Volume | undefined {
  return volumes.find(({ type, openedAs }) => type === 'crypto_LUKS' && openedAs === undefined);
}

/** Names of `volumes` that a kernel name could stand for, best first. */
function translateDevice(spec: string, volumes: readonly Volume[]): string[] {
  const mapped = /^\/dev\/mapper\/(.+)$/s.exec(spec);
  if (mapped !== null) {
    const parts = /^((?:[^-]|--)+)-((?:[^-]|--)+)$/s.exec(mapped[1]!.slice(0, 256));
    return parts === null ? [] : [`/dev/${parts[1]!.replaceAll('--', '-')}/${parts[2]!.replaceAll('--', '-')}`];
  }
  const lettered = /^\/dev\/(?:sd|hd|vd|xvd)([a-z]{1,2})(\d*)$/.exec(spec);
  if (lettered !== null) return [`/dev/sd${lettered[1]}${lettered[2]}`];
  const numbered = /^\/dev\/(?:nvme(\d+)n1|mmcblk(\d+))(?:p(\d+))?$/.exec(spec);
  if (numbered !== null) return [`${diskDevice(Number(numbered[1] ?? numbered[2]))}${numbered[3] ?? ''}`];
  // by-id and by-path name the hardware, which is gone; the partition number still tells when there is one disk.
  const hardware = /^\/dev\/disk\/by-(?:id|path)\/.*-part(\d+)$/s.exec(spec);
  const disks = new Set(volumes.map(({ device }) => /^\/dev\/sd[a-z]+/.exec(device)?.[0]).filter(Boolean));
  if (hardware !== null && disks.size === 1) return [`${[...disks][0]}${hardware[1]}`];
  return [];
}

/** udev writes odd bytes of labels as `\x20` in the names of its links. */
function unescapeUdev(name: string): string {
  return name.replace(/\\x([0-9a-f]{2})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16)));
}

function orderKey(device: string): (string | number)[] {
  const disk = /^\/dev\/sd([a-z]+)(\d*)$/.exec(device);
  if (disk !== null) return [0, disk[1]!.length, disk[1]!, Number(disk[2] || 0)];
  return [device.startsWith('/dev/md') ? 1 : 2, 0, device, 0];
}
