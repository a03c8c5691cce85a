import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import test, { type ExecutionContext } from 'ava';
import { AppError } from '../../../src/errors.js';
import type { GuestOptions } from '../../../src/guest/guest.js';
import { type LibguestfsGuest, openLibguestfs } from '../../../src/guest/libguestfs/open-libguestfs.js';
import { silentProgress } from '../../../src/model/progress.js';
import { guestDisk, sourceOf } from './contract-disk.js';
import { testWithAppliance } from './needs.js';

const able = testWithAppliance(test);

/** What makes a folder the root of a system, and its fstab. */
const system = (id: string, fstab: readonly string[]): string[] => [
  'mkdir-p /usr/lib',
  'mkdir-p /etc',
  `write /etc/os-release "ID=${id}\\n"`,
  `write /etc/fstab "${fstab.join('\\n')}\\n"`,
];

/**
 * GPT: ext4 for /boot; LVM with the root on XFS; LUKS (key `secret`) with ext4 for /home, where /home is a link; btrfs
 * with subvolumes for /var and /srv and with snapshots of snapper, one of which looks like a system.
 */
function mixedDisk(): string {
  return guestDisk('mixed', 900, '1', () => [
    'part-init /dev/sda gpt',
    'part-add /dev/sda p 2048 72000',
    'part-add /dev/sda p 73728 839680',
    'part-add /dev/sda p 841728 1000000',
    'part-add /dev/sda p 1001472 -2048',
    'mkfs ext4 /dev/sda1 label:boot',
    'pvcreate /dev/sda2',
    'vgcreate vg-0 /dev/sda2',
    'lvcreate root vg-0 340',
    'mkfs xfs /dev/vg-0/root',
    // The key is binary (a newline and 0xFF in it), as key files are.
    String.raw`debug sh "'printf \"sec\\nret\\377\" > /tmp/key; cryptsetup -q luksFormat --type luks2 --pbkdf pbkdf2 --pbkdf-force-iterations 1000 /dev/disk/by-partuuid/$(blkid -s PARTUUID -o value $(readlink -f /dev/disk/by-path/*scsi-0:0:0:0-part3)) /tmp/key'"`,
    String.raw`debug sh "'cryptsetup open --key-file /tmp/key $(readlink -f /dev/disk/by-path/*scsi-0:0:0:0-part3) crypt'"`,
    'mkfs ext4 /dev/mapper/crypt label:homes',
    'mkfs btrfs /dev/sda4',
    'mount /dev/sda4 /',
    'btrfs-subvolume-create /@var',
    'btrfs-subvolume-create /@srv',
    'mkdir-p /.snapshots/1',
    'btrfs-subvolume-create /.snapshots/1/snapshot',
    'mkdir-p /.snapshots/1/snapshot/etc',
    'mkdir-p /.snapshots/1/snapshot/usr',
    'write /.snapshots/1/snapshot/etc/os-release "ID=old\\n"',
    'mkdir-p /@var/lib',
    'write /@var/lib/data "var\\n"',
    'mkdir-p /@srv/.snapshots/7',
    'btrfs-subvolume-create /@srv/.snapshots/7/snapshot',
    'write /@srv/.snapshots/7/snapshot/old "x"',
    'umount /',
    'mount /dev/mapper/crypt /',
    'write /file "home\\n"',
    'umount /',
    'mount /dev/vg-0/root /',
    'mkdir /boot',
    'mkdir /var',
    'mkdir-p /data/srv',
    'mkdir /homes',
    'ln-s /homes /home',
    'ln-s data/srv /srv',
    ...system('mixed', [
      '/dev/mapper/vg--0-root / xfs defaults 0 0',
      'LABEL=boot /boot ext4 ro 0 0',
      'LABEL=homes /home ext4 defaults 0 0',
      '/dev/vda4 /var btrfs subvol=/@var 0 0',
      '/dev/vda4 /srv btrfs subvol=@srv 0 0',
    ]),
    'umount-all',
  ]);
}

/** A root that was cut off: what is newest in it is in the journal alone. `sync FILE` writes the journal, not its target. */
function dirtyDisk(): string {
  return guestDisk(
    'dirty',
    64,
    '1',
    () => [
      'part-disk /dev/sda mbr',
      'mkfs ext4 /dev/sda1',
      'mount /dev/sda1 /',
      ...system('dirty', []),
      'umount /',
      'mount /dev/sda1 /',
      'write /etc/new "new\\n"',
      `debug sh "'sync /sysroot/etc/new'"`,
      `debug sh "'echo b > /proc/sysrq-trigger'"`,
    ],
    { crashes: true },
  );
}

/** Two systems on one disk. */
function twinDisk(): string {
  return guestDisk('twin', 96, '1', () => [
    'part-init /dev/sda mbr',
    'part-add /dev/sda p 2048 92160',
    'part-add /dev/sda p 94208 -2048',
    ...[1, 2].flatMap((number) => [
      `mkfs ext4 /dev/sda${number}`,
      `mount /dev/sda${number} /`,
      ...system(`twin${number}`, []),
      'umount-all',
    ]),
  ]);
}

const open = (disk: string, options: Partial<GuestOptions> = {}): Promise<LibguestfsGuest> =>
  openLibguestfs(sourceOf(disk), { keys: [], ...options, progress: silentProgress });

const codeOf = async (t: ExecutionContext, opening: Promise<LibguestfsGuest>): Promise<AppError | undefined> =>
  await t.throwsAsync(opening, { instanceOf: AppError });

if (able !== null) {
  process.env.LIBGUESTFS_BACKEND_SETTINGS ??= 'force_tcg';

  able.serial('LVM, XFS, LUKS and subvolumes of btrfs are mounted where fstab says, links followed', async (t) => {
    const keys = [{ device: '/dev/sda3', secret: Buffer.from('sec\nret\xff', 'latin1') }];
    const guest = await open(mixedDisk(), { keys });
    try {
      t.deepEqual(guest.problems, []);
      t.deepEqual(
        guest.filesystems.map(({ device, type, mountpoint }) => `${device} ${type} ${mountpoint}`),
        [
          '/dev/sda1 ext4 /boot',
          '/dev/sda4 btrfs /srv',
          '/dev/sda4 btrfs /var',
          '/dev/mapper/luks0 ext4 /home',
          '/dev/vg-0/root xfs /',
        ],
      );
      t.is((await guest.fs.readFile('/home/file')).toString(), 'home\n');
      t.is((await guest.fs.readFile('/var/lib/data')).toString(), 'var\n');
      t.is(guest.fs.stat('/srv')?.path, '/data/srv');
      t.is(guest.fs.lstat('/data/srv/.snapshots/7/snapshot')?.type, 'directory');
      t.deepEqual(guest.fs.list('/srv/.snapshots/7/snapshot'), [], 'the past of the machine is left out');
    } finally {
      await guest.close();
    }
  });

  able.serial('a wrong key is named as such', async (t) => {
    const error = await codeOf(t, open(mixedDisk(), { keys: [{ device: '/dev/sda3', secret: Buffer.from('no') }] }));
    t.is(error?.code, 'guest-key-wrong');
    t.is(error?.where.device, '/dev/sda3');
  });

  able.serial('a journal that was not closed is replayed, and the disk stays as it is', async (t) => {
    const disk = dirtyDisk();
    const before = await sha256(disk);
    const withoutJournal = execFileSync('debugfs', ['-R', 'ls /etc', `${disk}?offset=${128 * 512}`], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    t.regex(withoutJournal, /fstab/);
    t.notRegex(withoutJournal, /new/, 'the disk is not what this test needs: the file is there without the journal');
    const guest = await open(disk);
    try {
      t.is((await guest.fs.readFile('/etc/new')).toString(), 'new\n');
    } finally {
      await guest.close();
    }
    t.is(await sha256(disk), before);
  });

  able.serial('several systems are listed with the way to choose, and the chosen one is read', async (t) => {
    const error = await codeOf(t, open(twinDisk()));
    t.is(error?.code, 'guest-several-systems');
    t.regex(error!.todo, /--root \/dev\/sda1/);
    const guest = await open(twinDisk(), { root: '/dev/sda2' });
    t.is((await guest.fs.readFile('/etc/os-release')).toString(), 'ID=twin2\n');
    await guest.close();
  });
}

async function sha256(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const part of createReadStream(path)) hash.update(part as Buffer);
  return hash.digest('hex');
}
