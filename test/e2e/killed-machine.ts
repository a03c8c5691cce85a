import { spawn } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SMALL_DISK } from '../commands/cli.js';
import { command, emptyImage, scratch } from '../guest/native/images.js';
import { findKernel } from './boot-guest.js';

/** A machine whose disk is taken while it writes. */
export interface BusyMachine {
  readonly name: string;
  readonly fileSystem: 'ext4' | 'xfs' | 'btrfs';
  /** `killed`: as it stands after `kill -9` of QEMU. `frozen`: a copy made while the root is frozen. */
  readonly end: 'killed' | 'frozen';
  /** The root is a logical volume that begins on one physical volume and goes on on another. */
  readonly isLvm?: boolean;
}

const WRITING_MS = 6000;
const BOOT_MS = 300_000;
const START = 2 ** 20;
const BYTES = 1500 * 2 ** 20;
const MOUNT_OPTIONS = { ext4: '', xfs: '', btrfs: 'subvol=@rootfs' };

/** In place of init: writes, links, renames and deletes without an end. */
const WRITER = `#!/bin/sh
export PATH=/usr/sbin:/usr/bin:/sbin:/bin
mount -o remount,rw /
mkdir -p /busy; i=0
while :; do
  i=$((i + 1)); mkdir -p /busy/d$((i % 17))
  head -c $((i * 37 % 90000)) /dev/urandom > /busy/d$((i % 17))/f$i
  ln -f /busy/d$((i % 17))/f$i /busy/link$((i % 50)); mv /busy/d$((i % 17))/f$i /busy/d$((i % 17))/g$((i % 200))
  [ $((i % 40)) = 0 ] && sync
  [ $((i % 300)) = 0 ] && rm -rf /busy/d3
  # By now some of it is on the disk, and some is not.
  [ $i = 100 ] && : > /busy/begun && echo WRITING >/dev/ttyS0
done
`;

/** The same, frozen while it writes, as an agent in a guest does for a snapshot. */
const FREEZER = `#!/bin/sh
export PATH=/usr/sbin:/usr/bin:/sbin:/bin
/writer &
until [ -e /busy/begun ]; do sleep 1; done
sleep 4
fsfreeze -f / && echo FROZEN >/dev/ttyS0
while :; do sleep 100; done
`;

/** The small machine on the file system, after it wrote for some seconds. @returns its raw disk, in `scratch`. */
export async function busyDisk(machine: BusyMachine): Promise<string> {
  const disk = machine.isLvm === true ? intoVolumes(makeDisk(machine), machine) : makeDisk(machine);
  if (machine.end === 'killed') {
    await bootUntil(disk, machine, 'WRITING', async () => {
      await new Promise((resolve) => setTimeout(resolve, WRITING_MS));
    });
    return disk;
  }
  const copy = join(scratch, `${machine.name}-copy.raw`);
  await bootUntil(disk, machine, 'FROZEN', async () => {
    command('cp', '--sparse=always', disk, copy);
  });
  rmSync(disk);
  return copy;
}

/** One partition from 1 MiB on with the tree of the small machine, and the programs that run in place of init. */
function makeDisk({ name, fileSystem }: BusyMachine): string {
  const disk = emptyImage(name, BYTES);
  command('sh', '-ec', `printf 'label: dos\\nstart=2048, type=83, bootable\\n' | sfdisk --quiet "$1"`, 'sh', disk);
  const [from, to] = [`${disk}.from`, `${disk}.to`];
  command('mkdir', from, to);
  const loop = command('losetup', '--find', '--show', '--offset', String(START), disk).trim();
  try {
    const force = fileSystem === 'ext4' ? '-F' : '-f';
    command(`mkfs.${fileSystem}`, '-q', force, '-L', 'root', loop);
    if (fileSystem === 'btrfs') {
      whileMounted(loop, '', to, () => command('btrfs', 'subvolume', 'create', `${to}/@rootfs`));
    }
    whileMounted(SMALL_DISK, `ro,noload,loop,offset=${START}`, from, () =>
      whileMounted(loop, MOUNT_OPTIONS[fileSystem], to, () => {
        const attributes = "--numeric-owner --xattrs --xattrs-include='*'";
        const copy = `tar -C "$1" --sparse ${attributes} -cf - . | tar -C "$2" ${attributes} -xpf -`;
        command('bash', '-ec', `set -o pipefail; ${copy}`, 'bash', from, to);
        const options = MOUNT_OPTIONS[fileSystem] || 'defaults';
        writeFileSync(join(to, 'etc/fstab'), `LABEL=root / ${fileSystem} ${options} 0 0\n`);
        writeFileSync(join(to, 'writer'), WRITER, { mode: 0o755 });
        writeFileSync(join(to, 'freezer'), FREEZER, { mode: 0o755 });
      }),
    );
  } finally {
    command('losetup', '-d', loop);
    command('rmdir', from, to);
  }
  return disk;
}

/** The same root in a volume group. The host may lack a device mapper, so the appliance makes it. */
function intoVolumes(plain: string, { name }: BusyMachine): string {
  const disk = emptyImage(`${name}-volumes`, BYTES + 200 * 2 ** 20);
  const environment = ['LIBGUESTFS_BACKEND=direct', 'LIBGUESTFS_BACKEND_SETTINGS=force_tcg'];
  const requests = [
    ['run'],
    ['part-init', '/dev/sdb', 'gpt'],
    ['part-add', '/dev/sdb', 'p', '2048', '1026047'],
    ['part-add', '/dev/sdb', 'p', '1026048', '-34'],
    ['pvcreate', '/dev/sdb1'],
    ['pvcreate', '/dev/sdb2'],
    ['vgcreate', 'vg0', '/dev/sdb1 /dev/sdb2'],
    ['lvcreate-free', 'root', 'vg0', '100'],
    ['copy-device-to-device', '/dev/sda1', '/dev/vg0/root', 'sparse:true'],
  ];
  const lines = requests.flatMap((request) => [':', ...request]).slice(1);
  command('env', ...environment, 'guestfish', '--format=raw', '-a', plain, '-a', disk, '--', ...lines);
  rmSync(plain);
  return disk;
}

function whileMounted(device: string, options: string, folder: string, work: () => void): void {
  command('mount', ...(options === '' ? [] : ['-o', options]), device, folder);
  try {
    work();
  } finally {
    command('umount', folder);
  }
}

/** Boots the disk and ends QEMU with `kill -9` when `work` is done, which starts with the word on the console. */
async function bootUntil(
  disk: string,
  { fileSystem, end, isLvm }: BusyMachine,
  word: string,
  work: () => Promise<void>,
): Promise<void> {
  const { kernel, initrd } = await findKernel();
  const args = [
    '-accel',
    'tcg',
    '-m',
    '512',
    '-display',
    'none',
    '-monitor',
    'none',
    '-serial',
    'stdio',
    '-nic',
    'none',
  ];
  args.push('-drive', `file=${disk},format=raw,if=virtio,cache=writeback`, '-kernel', kernel, '-initrd', initrd);
  const options = MOUNT_OPTIONS[fileSystem];
  const device = isLvm === true ? '/dev/mapper/vg0-root' : '/dev/vda1';
  const root = `root=${device} rootfstype=${fileSystem}${options === '' ? '' : ` rootflags=${options}`}`;
  // Without the check, since an emulated timer that comes late on a busy host would end the boot.
  args.push('-append', `${root} rw console=ttyS0 no_timer_check init=/${end === 'killed' ? 'writer' : 'freezer'}`);
  // It ends with us, however we end.
  const qemu = spawn('setpriv', ['--pdeathsig', 'KILL', 'qemu-system-x86_64', ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = new Promise<void>((resolve, reject) => {
    qemu.on('error', reject);
    qemu.on('exit', () => resolve());
  });
  const timer = setTimeout(() => qemu.kill('SIGKILL'), BOOT_MS);
  let text = '';
  const seen = new Promise<void>((resolve) => {
    qemu.stdout.on('data', (data: Buffer) => {
      text = (text + data.toString('latin1')).slice(-10_000);
      if (text.includes(`${word}\r`)) resolve();
    });
  });
  try {
    const isSeen = await Promise.race([seen.then(() => true), ended.then(() => false)]);
    if (!isSeen) throw new Error(`the machine did not come to say ${word}:\n${text.slice(-2000)}`);
    await work();
  } finally {
    clearTimeout(timer);
    qemu.kill('SIGKILL');
    await ended;
  }
}
