import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { openLibguestfs } from '../../src/guest/libguestfs/open-libguestfs.js';
import { compareGuests } from '../../src/guest/native/compare-guests.js';
import { silentProgress } from '../../src/model/progress.js';
import { testWithAppliance } from '../guest/libguestfs/needs.js';
import {
  command,
  emptyImage,
  machineOf,
  mounted,
  openImages,
  populate,
  scratch,
  whyNoMount,
} from '../guest/native/images.js';

/** What the kernel of this host may not know, against the appliance. */

const withAppliance = whyNoMount === null ? testWithAppliance(test) : null;
const check = withAppliance === null ? test.skip : withAppliance.serial;
const MIB = 2 ** 20;
const SYSTEM = 'mkdir -p etc usr boot/efi; echo root:x:0:0::/:/bin/sh > etc/passwd';

async function agrees(t: ExecutionContext, disk: string): Promise<void> {
  const source = { ...machineOf(disk) };
  const reference = await openLibguestfs(source, { keys: [], progress: silentProgress });
  t.teardown(() => reference.close());
  const native = await openImages([disk]);
  t.teardown(() => native.close());
  const differences = await compareGuests(reference, native);
  t.log(`${native.fs.entryCount} entries, ${differences.length} differences`);
  t.deepEqual(differences.slice(0, 10), []);
  t.true(native.fs.entryCount > 20);
}

for (const bits of ['12', '16', '32']) {
  check(`a machine with its boot files on FAT${bits} looks alike to both readers`, async (t) => {
    const esp = emptyImage(`esp-${bits}`, 64 * MIB);
    // FAT12 reaches so far with large clusters only.
    command('mkfs.vfat', '-F', bits, ...(bits === '12' ? ['-s', '64'] : []), '-n', 'ESP', '-i', '12345678', esp);
    const folder = join(scratch, `efi-${bits}`, 'EFI');
    command(
      'sh',
      '-ec',
      `mkdir -p ${folder}/BOOT ${folder}/empty; cd ${folder}; cp /bin/sh 'A long name with blanks.efi'
cp /bin/ls BOOT/BOOTX64.EFI; echo x > lower.txt; echo y > UPPER.TXT; echo z > Mixed.Txt; : > nothing
for i in $(seq 200); do echo $i > "BOOT/entry number $i.conf"; done`,
    );
    command('env', 'LC_ALL=C.UTF-8', 'mcopy', '-s', '-m', '-i', esp, folder, '::');
    command('mattrib', '-i', esp, '+r', '::EFI/lower.txt');
    const root = emptyImage(`esp-root-${bits}`, 64 * MIB);
    command('mkfs.ext4', '-q', '-F', root);
    mounted(root, '', (place) =>
      command('sh', '-ec', `cd ${place}; ${SYSTEM}; echo UUID=1234-5678 /boot/efi vfat umask=0077 0 1 > etc/fstab`),
    );
    const disk = emptyImage(`esp-disk-${bits}`, 140 * MIB);
    command('sh', '-c', `printf 'label: gpt\\nsize=64M,type=U\\nsize=64M\\n' | sfdisk -q ${disk}`);
    copyInto(disk, esp, MIB);
    copyInto(disk, root, 65 * MIB);
    await agrees(t, disk);
  });
}

check('XFS of version 4 looks alike to both readers', async (t) => {
  const filled = emptyImage('v4-content', 320 * MIB);
  command('mkfs.ext4', '-q', '-F', filled);
  populate(filled);
  const archive = join(scratch, 'v4.tar');
  mounted(filled, 'ro', (folder) =>
    command(
      'tar',
      '-C',
      folder,
      '--exclude=./dev',
      '--sparse',
      '--xattrs',
      '--xattrs-include=user.*',
      '-cf',
      archive,
      '.',
    ),
  );
  const disk = emptyImage('v4', 400 * MIB);
  command('mkfs.xfs', '-q', '-m', 'crc=0', disk);
  const env = ['LIBGUESTFS_BACKEND=direct', 'LIBGUESTFS_BACKEND_SETTINGS=force_tcg'];
  const requests = ['run', ':', 'mount', '/dev/sda', '/', ':', 'tar-in', archive, '/', 'xattrs:true', ':'];
  const system = ['mkdir-p', '/etc', ':', 'mkdir-p', '/usr', ':', 'write', '/etc/passwd', 'x', ':', 'umount-all'];
  command('env', ...env, 'guestfish', '--format=raw', '-a', disk, ...requests, ...system);
  await agrees(t, disk);
});

function copyInto(disk: string, part: string, at: number): void {
  const handle = openSync(disk, 'r+');
  writeSync(handle, readFileSync(part), 0, undefined, at);
  closeSync(handle);
}
