import type { ErrorCode } from '../../src/errors.js';
import type { DiskRecipe, Part } from './layout-disks.js';

/** How machines come divided over disks, and what is to be said of each; the same by every reader. */
export interface Layout {
  readonly title: string;
  readonly disks: readonly DiskRecipe[];
  readonly root?: string;
  /** Either a file of the machine with its content, or the error. */
  readonly shows?: Readonly<Record<string, string>>;
  readonly fails?: { readonly code: ErrorCode; readonly says: RegExp };
  /** What the native reader leaves to libguestfs. */
  readonly nativeDeclines?: true;
}

const VAR_UUID = '11111111-2222-4333-8444-555555555555';

const system = (id: string, fstab = ''): Record<string, string> => ({
  'etc/os-release': `ID=${id}\n`,
  'etc/fstab': fstab,
  'usr/bin/': '',
  'var/': '',
});
const ext = (files: Record<string, string>, more: Partial<Part> = {}): Part => ({
  type: 'ext4',
  megabytes: 16,
  files,
  ...more,
});
const gpt = (name: string, ...parts: Part[]): DiskRecipe => ({ name, table: 'gpt', parts });
const whole = (name: string, part: Part): DiskRecipe => ({ name, table: 'none', parts: [part] });
const raw = (name: string, megabytes: number, bytes: Part['bytes'] = []): DiskRecipe =>
  whole(name, { type: 'raw', megabytes, bytes });

const rootOfTwo = gpt('root-of-two', ext(system('two', `UUID=${VAR_UUID} /var ext4 defaults 0 2\n`)));
const twoSystems = gpt('two-systems', ext(system('one')), ext(system('other')));
const btrfs = (name: string, script: string): DiskRecipe =>
  whole(name, { type: 'btrfs', megabytes: 128, label: name, script });
const subvolumeSystem = (path: string, id: string, fstab = ''): string =>
  [
    `btrfs subvolume create "$1/${path}"`,
    `mkdir -p "$1/${path}/etc" "$1/${path}/usr"`,
    `echo ID=${id} > "$1/${path}/etc/os-release"`,
    `echo "${fstab}" > "$1/${path}/etc/fstab"`,
  ].join('; ');
/** As `zpool create` leaves them: uber blocks of label 0, at 128 KiB, one each KiB. */
const uberblocks = Array.from({ length: 16 }, (_, index) => [131072 + index * 1024, '0cb1ba0000000000'] as const);

/** A machine on two disks of an array; both are made of one recipe. */
const array = (version: '0.90' | '1.0' | '1.2', level: 1 | -1, id: string): DiskRecipe[] =>
  [0, 1].map((role) => {
    const uuid = Buffer.from(`${id}-array-of-two-disks`.padEnd(16, '.').slice(0, 16)).toString('hex');
    const diskBytes = (level === 1 ? 20 : 10) * 2 ** 20;
    const raid = { version, level, disks: 2, uuid, name: `host:${id}`, minor: 3, diskBytes, role };
    const fstab = `/dev/md/${id} / ext4 defaults 0 1\n`;
    return { ...whole(`${id}-${role}`, ext(system(id, fstab))), raid };
  });

export const LAYOUTS: readonly Layout[] = [
  {
    title: 'ext4 without a partition table',
    disks: [whole('bare', ext(system('bare')))],
    shows: { '/etc/os-release': 'ID=bare\n' },
  },
  {
    title: 'a separate /usr',
    disks: [
      gpt('usr', ext(system('usr', 'LABEL=usr /usr ext4 ro 0 0\n')), ext({ 'bin/tool': 'tool' }, { label: 'usr' })),
    ],
    shows: { '/usr/bin/tool': 'tool' },
  },
  {
    title: 'a second disk with /var, found by its UUID',
    disks: [rootOfTwo, whole('var-of-two', ext({ 'lib/data': 'data' }, { uuid: VAR_UUID }))],
    shows: { '/var/lib/data': 'data' },
  },
  {
    title: 'the disk with /var is missing',
    disks: [rootOfTwo],
    fails: { code: 'guest-missing-filesystem', says: /\/var.*joined with \+/s },
  },
  {
    title: 'two systems, none chosen',
    disks: [twoSystems],
    fails: { code: 'guest-several-systems', says: /DISK1, DISK2.*--root DISK1/s },
  },
  { title: 'two systems, one chosen', disks: [twoSystems], root: 'DISK2', shows: { '/etc/os-release': 'ID=other\n' } },
  {
    title: 'a data disk',
    disks: [gpt('data', ext({ 'films/holiday.mkv': 'film' }))],
    fails: { code: 'guest-no-system', says: /No system.*\(ext4\).*root file system/s },
  },
  { title: 'a mirror of two disks', disks: array('1.2', 1, 'mirror'), shows: { '/etc/os-release': 'ID=mirror\n' } },
  {
    title: 'a mirror whose superblock is at the end',
    disks: array('1.0', 1, 'tail'),
    shows: { '/etc/os-release': 'ID=tail\n' },
  },
  {
    title: 'an old mirror with a number of its own',
    disks: array('0.90', 1, 'old'),
    shows: { '/etc/os-release': 'ID=old\n' },
  },
  { title: 'two disks in a row', disks: array('1.2', -1, 'row'), shows: { '/etc/os-release': 'ID=row\n' } },
  {
    title: 'swap alone',
    disks: [whole('swap', { type: 'swap', megabytes: 16 })],
    fails: { code: 'guest-no-system', says: /swap/ },
  },
  { title: 'zeros', disks: [raw('zeros', 16)], fails: { code: 'guest-no-system', says: /root file system/ } },
  {
    title: 'NTFS',
    disks: [gpt('ntfs', { type: 'ntfs', megabytes: 16 })],
    fails: { code: 'guest-not-linux', says: /Windows/ },
  },
  {
    title: 'UFS of a BSD',
    disks: [raw('ufs', 16, [[65536 + 1372, '19015419']])],
    fails: { code: 'guest-not-linux', says: /BSD/ },
  },
  {
    title: 'ZFS',
    disks: [raw('zfs', 64, uberblocks)],
    fails: { code: 'guest-unsupported-filesystem', says: /folder or a tar archive/ },
  },
  {
    title: 'btrfs with the root at its top level',
    disks: [whole('btrfs-top', { type: 'btrfs', megabytes: 128, files: system('top') })],
    shows: { '/etc/os-release': 'ID=top\n' },
  },
  {
    title: 'btrfs with the root in @, and @home',
    disks: [
      btrfs(
        'btrfs-at',
        `${subvolumeSystem('@', 'at', 'LABEL=btrfs-at / btrfs subvol=@ 0 0\nLABEL=btrfs-at /home btrfs subvol=@home 0 0')}; mkdir "$1/@/home"; btrfs subvolume create "$1/@home"; echo hello > "$1/@home/file"`,
      ),
    ],
    shows: { '/etc/os-release': 'ID=at\n', '/home/file': 'hello\n' },
  },
  {
    title: 'btrfs with the root in @rootfs',
    disks: [btrfs('btrfs-rootfs', subvolumeSystem('@rootfs', 'rootfs'))],
    shows: { '/etc/os-release': 'ID=rootfs\n' },
  },
  {
    title: 'btrfs whose default subvolume is one of two that look like the root',
    disks: [
      btrfs(
        'btrfs-default',
        `${subvolumeSystem('old', 'old')}; ${subvolumeSystem('new', 'new')}; btrfs subvolume set-default "$1/new"`,
      ),
    ],
    shows: { '/etc/os-release': 'ID=new\n' },
  },
];
