import { execFileSync } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { openLibguestfs } from '../../src/guest/libguestfs/open-libguestfs.js';
import { compareGuests } from '../../src/guest/native/compare-guests.js';
import { silentProgress } from '../../src/model/progress.js';
import { SMALL_DISK } from '../commands/cli.js';
import { outputOf } from '../commands/output-of.js';
import { testWithAppliance } from '../guest/libguestfs/needs.js';
import { machineOf, openImages, whyNoMount } from '../guest/native/images.js';
import { runTool, workplace } from './engines.js';
import { type BusyMachine, busyDisk } from './killed-machine.js';

/** Machines that were killed or frozen while they wrote: both readers recover them alike, and all output shows it. */

const withAppliance = whyNoMount === null && existsSync(SMALL_DISK) ? testWithAppliance(test) : null;
const check = withAppliance === null ? test.skip : withAppliance.serial;

const MACHINES: readonly BusyMachine[] = [
  { name: 'killed-ext4', fileSystem: 'ext4', end: 'killed' },
  { name: 'killed-xfs', fileSystem: 'xfs', end: 'killed' },
  { name: 'killed-btrfs', fileSystem: 'btrfs', end: 'killed' },
  { name: 'killed-lvm', fileSystem: 'ext4', end: 'killed', isLvm: true },
  { name: 'frozen-ext4', fileSystem: 'ext4', end: 'frozen' },
  { name: 'frozen-xfs', fileSystem: 'xfs', end: 'frozen' },
];
const READERS = ['native', 'libguestfs'] as const;

for (const machine of MACHINES) {
  check(`${machine.name}: a machine that was ${machine.end} while it wrote is the same to both readers`, async (t) => {
    const disk = await busyDisk(machine);
    t.teardown(() => rmSync(disk));
    const place = workplace(machine.name);
    t.teardown(() => place.remove());

    const native = await openImages([disk]);
    t.teardown(() => native.close());
    t.true(native.fs.exists('/busy/link1'), 'nothing was written');
    const reference = await openLibguestfs(machineOf(disk), { keys: [], progress: silentProgress });
    t.teardown(() => reference.close());
    const differences = await compareGuests(reference, native);
    t.log(`${native.fs.entryCount} entries, ${differences.length} differences`);
    t.deepEqual(differences.slice(0, 10), []);
    // The appliances of the conversions need the memory.
    await Promise.all([reference.close(), native.close()]);

    const named = `${machine.name}=${disk}`;
    const convert = ['convert', named, '--exclude', '/srv/sparse', '--base-image', 'scratch', '--packages', 'disk'];
    const run = async (...args: string[]) => {
      const { status, stdout, stderr } = await runTool(args, place.environment);
      t.true(status === 0 || status === 3, `${args.join(' ')}\n${stdout}${stderr}`);
      return stdout;
    };
    for (const reader of READERS) {
      const output = join(place.folder, reader);
      await run(...convert, '--no-cache', '--engine', 'none', '--reader', reader, '--output', output);
    }
    const [ours, theirs] = READERS.map((reader) => outputOf(join(place.folder, reader)));
    t.true(ours!.size > 4 && [...ours!.keys()].some((name) => name.endsWith('delta.tar')), [...ours!.keys()].join());
    t.deepEqual(ours, theirs);

    // An image that lacks something, so that the comparisons have something to tell.
    const image = ['--engine', 'buildah', '--reader', 'native', '--exclude', '/busy/d1', '--output'];
    await run(...convert, '--no-cache', ...image, join(place.folder, 'built'));
    const layout = `oci:${join(place.folder, 'image')}:machine`;
    execFileSync('buildah', ['push', '--quiet', '--disable-compression', `vm2docker/${machine.name}`, layout], {
      env: { ...process.env, ...place.environment },
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    const verify = ['verify', layout, named, '--exclude', '/srv/sparse', '--json', '--reader'];
    const [one, other] = [await run(...verify, 'native'), await run(...verify, 'libguestfs')];
    t.regex(one, /\/busy\/d1\//);
    t.is(one, other);
  });
}
