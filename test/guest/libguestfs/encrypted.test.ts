import { readdirSync, readFileSync } from 'node:fs';
import test from 'ava';
import { AppError, type ErrorCode } from '../../../src/errors.js';
import type { GuestOptions } from '../../../src/guest/guest.js';
import { type LibguestfsGuest, openLibguestfs } from '../../../src/guest/libguestfs/open-libguestfs.js';
import { silentProgress } from '../../../src/model/progress.js';
import { guestDisk, sourceOf } from './contract-disk.js';
import { encryptedDisk, PASSPHRASE } from './encrypted-disk.js';
import { testWithAppliance } from './needs.js';

const able = testWithAppliance(test);
const key = (device: string, secret = PASSPHRASE): GuestOptions['keys'][number] => ({
  device,
  secret: Buffer.from(secret),
});
const open = (disk: string, keys: GuestOptions['keys'] = []): Promise<LibguestfsGuest> =>
  openLibguestfs(sourceOf(disk), { keys, progress: silentProgress });

const refused = test.macro(async (t, keys: GuestOptions['keys'], code: ErrorCode, device: string) => {
  const error = await t.throwsAsync(open(encryptedDisk(), keys), { instanceOf: AppError });
  t.is(error?.code, code);
  t.is(error?.where.device, device);
  t.regex(error!.todo, new RegExp(`--key ${device}:file:|meant for this device`));
});

if (able !== null) {
  process.env.LIBGUESTFS_BACKEND_SETTINGS ??= 'force_tcg';

  able.serial("LVM in LUKS, and crypttab's names in fstab; the key is in no process list", async (t) => {
    const disk = encryptedDisk();
    let looks = 0;
    const seen = new Set<string>();
    const timer = setInterval(() => {
      looks += 1;
      for (const line of commandLines()) if (line.includes(PASSPHRASE)) seen.add(line);
    }, 20);
    const guest = await open(disk, [key('all')]).finally(() => clearInterval(timer));
    try {
      t.is(String(await guest.fs.readFile('/var/lib/data')), 'behind crypttab\n');
      t.deepEqual(guest.problems, []);
      t.true(looks > 20);
      t.deepEqual([...seen], []);
    } finally {
      await guest.close();
    }
  });

  able.serial('LUKS without a key', refused, [], 'guest-key-needed', '/dev/sda1');
  able.serial(
    'LUKS with a key for all that opens nothing',
    refused,
    [key('all', 'no')],
    'guest-key-wrong',
    '/dev/sda1',
  );
  able.serial('LUKS of /var without its key', refused, [key('/dev/sda1')], 'guest-key-needed', '/dev/sda2');

  able.serial('RAID1 of two partitions is put together', async (t) => {
    const disk = guestDisk('raid', 96, '2', () => [
      'part-init /dev/sda gpt',
      'part-add /dev/sda p 2048 94207',
      'part-add /dev/sda p 94208 -2048',
      'md-create store "/dev/sda1 /dev/sda2" level:raid1',
      'mkfs ext4 /dev/md/store',
      'mount /dev/md/store /',
      'mkdir /usr',
      'mkdir /etc',
      'write /etc/os-release "ID=raid\\n"',
      'umount-all',
      'md-stop /dev/md/store',
    ]);
    const guest = await open(disk);
    try {
      t.is(String(await guest.fs.readFile('/etc/os-release')), 'ID=raid\n');
      t.deepEqual(
        guest.filesystems.map(({ type, mountpoint }) => `${type} ${mountpoint}`),
        ['ext4 /'],
      );
    } finally {
      await guest.close();
    }
  });
}

function commandLines(): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
      } catch {
        return '';
      }
    });
}
