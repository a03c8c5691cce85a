import { spawn } from 'node:child_process';
import { copyFileSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { openLibguestfs } from '../../src/guest/libguestfs/open-libguestfs.js';
import { compareGuests } from '../../src/guest/native/compare-guests.js';
import { silentProgress } from '../../src/model/progress.js';
import { SMALL_DISK } from '../commands/cli.js';
import { testWithAppliance } from '../guest/libguestfs/needs.js';
import { command, machineOf, openImages, scratch, whyNoMount } from '../guest/native/images.js';
import { findKernel } from './boot-guest.js';

const withAppliance = whyNoMount === null && existsSync(SMALL_DISK) ? testWithAppliance(test) : null;
const check = withAppliance === null ? test.skip : withAppliance.serial;
const WRITING_MS = 6000;
const BOOT_MS = 300_000;

/** In place of init: writes, links, renames and deletes without an end. */
const WRITER = `#!/bin/sh
export PATH=/usr/sbin:/usr/bin:/sbin:/bin
mount -o remount,rw /
mkdir -p /busy; i=0
echo WRITING >/dev/ttyS0 || echo WRITING >/dev/console
while :; do
  i=$((i + 1)); mkdir -p /busy/d$((i % 17))
  head -c $((i * 37 % 90000)) /dev/urandom > /busy/d$((i % 17))/f$i
  ln -f /busy/d$((i % 17))/f$i /busy/link$((i % 50)); mv /busy/d$((i % 17))/f$i /busy/d$((i % 17))/g$((i % 200))
  [ $((i % 40)) = 0 ] && sync
  [ $((i % 300)) = 0 ] && rm -rf /busy/d3
done
`;

check('a machine that was killed while it wrote looks alike to both readers', async (t) => {
  const disk = join(scratch, 'killed.raw');
  copyFileSync(SMALL_DISK, disk);
  const start = Number(/start= *(\d+)/.exec(command('sfdisk', '-d', disk))?.[1] ?? 0) * 512;
  const folder = `${disk}.mount`;
  command('mkdir', folder);
  command('mount', '-o', `loop,offset=${start}`, disk, folder);
  command('sh', '-ec', 'printf %s "$1" > "$2/writer"; chmod 755 "$2/writer"', 'sh', WRITER, folder);
  command('umount', folder);
  await bootAndKill(disk, start === 0 ? '/dev/vda' : '/dev/vda1');

  const native = await openImages([disk]);
  t.teardown(() => native.close());
  t.true(native.fs.exists('/busy/link1'), 'nothing was written');
  const reference = await openLibguestfs(machineOf(disk), { keys: [], progress: silentProgress });
  t.teardown(() => reference.close());
  const differences = await compareGuests(reference, native);
  t.log(`${native.fs.entryCount} entries, ${differences.length} differences`);
  t.deepEqual(differences.slice(0, 10), []);
});

async function bootAndKill(disk: string, root: string): Promise<void> {
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
  args.push('-append', `root=${root} rw console=ttyS0 init=/writer`);
  const qemu = spawn('qemu-system-x86_64', args, { stdio: ['ignore', 'pipe', 'inherit'] });
  await new Promise<void>((resolve, reject) => {
    let text = '';
    const timer = setTimeout(() => qemu.kill('SIGKILL'), BOOT_MS);
    let isWriting = false;
    qemu.stdout.on('data', (data: Buffer) => {
      text = (text + data.toString('latin1')).slice(-10_000);
      if (isWriting || !text.includes('WRITING')) return;
      isWriting = true;
      setTimeout(() => qemu.kill('SIGKILL'), WRITING_MS);
    });
    qemu.on('error', reject);
    qemu.on('exit', () => {
      clearTimeout(timer);
      if (isWriting) resolve();
      else reject(new Error(`the machine did not come to write:\n${text.slice(-2000)}`));
    });
  });
}
