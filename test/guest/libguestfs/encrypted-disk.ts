import { guestDisk } from './contract-disk.js';

export const PASSPHRASE = 'open sesame';
export const DATA_UUID = '5d5e1f2a-0000-4000-8000-00000000c0de';

/**
 * As an installer of Debian encrypts: LUKS2 with LVM in it for the root, and LUKS1 straight below ext4 for /var, which
 * fstab names as crypttab does.
 */
export function encryptedDisk(): string {
  const partition = (number: number): string => `$(readlink -f /dev/disk/by-path/*scsi-0:0:0:0-part${number})`;
  const shell = (command: string): string => `debug sh "'${command.replaceAll('"', String.raw`\"`)}'"`;
  const encrypt = (number: number, name: string, format: string): string[] => [
    shell(
      `cryptsetup -q luksFormat ${format} --pbkdf pbkdf2 --pbkdf-force-iterations 1000 ${partition(number)} /sysroot/key`,
    ),
    shell(`cryptsetup open --key-file /sysroot/key ${partition(number)} ${name}`),
  ];
  return guestDisk('encrypted', 160, `2 ${PASSPHRASE} ${DATA_UUID}`, () => [
    'part-init /dev/sda gpt',
    'part-add /dev/sda p 2048 196607',
    'part-add /dev/sda p 196608 -2048',
    shell(`printf "${PASSPHRASE}" > /sysroot/key`),
    ...encrypt(1, 'one', '--type luks2'),
    ...encrypt(2, 'two', `--type luks1 --uuid ${DATA_UUID}`),
    'pvcreate /dev/mapper/one',
    'vgcreate crypt-vg /dev/mapper/one',
    'lvcreate root crypt-vg 60',
    'mkfs ext4 /dev/crypt-vg/root',
    'mkfs ext4 /dev/mapper/two',
    'mount /dev/mapper/two /',
    'mkdir /lib',
    'write /lib/data "behind crypttab\\n"',
    'umount /',
    'mount /dev/crypt-vg/root /',
    'mkdir-p /usr/lib',
    'mkdir /etc',
    'mkdir /var',
    'write /etc/os-release "ID=debian\\nVERSION_ID=12\\n"',
    `write /etc/crypttab "# name device key options\\nsda2_crypt UUID=${DATA_UUID} none luks,discard\\n"`,
    'write /etc/fstab "/dev/mapper/crypt--vg-root / ext4 defaults 0 1\\n/dev/mapper/sda2_crypt /var ext4 defaults 0 2\\n"',
    'umount-all',
  ]);
}
