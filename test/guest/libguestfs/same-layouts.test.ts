import test from 'ava';
import { AppError } from '../../../src/errors.js';
import { type Device, parseDevices } from '../../../src/guest/libguestfs/devices.js';
import { launchAppliance } from '../../../src/guest/libguestfs/launch.js';
import { type MountedGuest, mountGuest } from '../../../src/guest/libguestfs/mount.js';
import { runShell } from '../../../src/guest/libguestfs/pipe.js';
import { candidateFolder, LIST_DEVICES } from '../../../src/guest/libguestfs/scripts.js';
import { diskDevice } from '../../../src/guest/volumes.js';
import { silentProgress } from '../../../src/model/progress.js';
import { type Guard, startGuard } from '../../../src/tools/guard.js';
import type { Appliance } from '../../../src/tools/guestfish.js';
import { layoutDisk } from '../layout-disks.js';
import { LAYOUTS } from '../layouts.js';
import { sourceOf } from './contract-disk.js';
import { testWithAppliance } from './needs.js';

// A launch costs ten seconds: all disks hang on one appliance, and each test sees those of its machine alone.
const able = testWithAppliance(test);
const recipes = [...new Map(LAYOUTS.flatMap(({ disks }) => disks).map((disk) => [disk.name, disk])).values()];

if (able !== null) {
  process.env.LIBGUESTFS_BACKEND_SETTINGS ??= 'force_tcg';
  const closers: (() => Promise<void>)[] = [];
  let guard: Guard;
  let appliance: Appliance;
  let listed: string;

  able.serial.before(async () => {
    guard = startGuard();
    closers.push(() => guard.close());
    appliance = await launchAppliance(guard, closers, sourceOf(...recipes.map(layoutDisk)), {
      keys: [],
      progress: silentProgress,
    });
    listed = (await runShell(appliance, LIST_DEVICES)).toString('utf8');
    await appliance.call('mkmountpoint', ['/root0']);
  });

  able.serial.after.always(async () => {
    for (const close of closers.reverse()) await close();
  });

  for (const { title, disks, root, shows, fails } of LAYOUTS) {
    able.serial(`libguestfs: ${title}`, async (t) => {
      const letters = disks.map(({ name }) => diskDevice(recipes.findIndex((recipe) => recipe.name === name)));
      const own = devicesOn(letters, listed);
      const named = (text: string): string => text.replaceAll('DISK', letters[0]!);
      const opening: Promise<MountedGuest> = mountGuest(appliance, own, root === undefined ? undefined : named(root));
      try {
        if (fails === undefined) {
          const { index } = await opening;
          for (const [path, content] of Object.entries(shows!)) {
            const found = await appliance.call('download', [`${candidateFolder(index)}${path}`, '-']);
            t.is(found.toString(), content, path);
          }
        } else {
          const error = await t.throwsAsync(opening, { instanceOf: AppError });
          t.is(error?.code, fails.code, error?.message);
          t.regex(`${error?.message} ${error?.todo}`, new RegExp(named(fails.says.source), fails.says.flags));
        }
      } finally {
        await appliance.call('umount-all', []);
      }
    });
  }
}

/** What lies on some of the disks: their partitions, and the arrays whose rows follow those of their members. */
function devicesOn(letters: readonly string[], rows: string): Device[] {
  const devices = parseDevices(rows);
  const own = devices.filter(({ device }) => letters.includes(device.replace(/\d+$/, '')));
  const arrays = own
    .filter(({ type }) => type === 'linux_raid_member')
    .map(({ kernelName }) => new RegExp(`KNAME="${kernelName}" .*\nNAME="(/dev/md\\d+)"`).exec(rows)?.[1]);
  return [...own, ...devices.filter(({ kernelName }) => arrays.includes(kernelName))];
}
