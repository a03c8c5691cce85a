import test from 'ava';
import { type LibguestfsGuest, openLibguestfs } from '../../../src/guest/libguestfs/open-libguestfs.js';
import { silentProgress } from '../../../src/model/progress.js';
import { guestContract } from '../contract.js';
import { contractDisk, sourceOf } from './contract-disk.js';
import { testWithAppliance } from './needs.js';

const able = testWithAppliance(test);
let guest: LibguestfsGuest;

if (able !== null) {
  guestContract(able, 'libguestfs', async () => {
    process.env['LIBGUESTFS_BACKEND_SETTINGS'] ??= 'force_tcg';
    guest = await openLibguestfs(sourceOf(contractDisk()), { keys: [], progress: silentProgress });
    callsToOpen = guest.fs.remoteCalls;
    return guest;
  });

  able.serial('opening costs a dozen calls, a prefetch three, a file outside of it one', async (t) => {
    t.true(callsToOpen <= 12, `${callsToOpen} calls to open`);
    const before = guest.fs.remoteCalls;
    await guest.fs.prefetch(['/usr']);
    t.is(guest.fs.remoteCalls - before, 3);
    await guest.fs.readFile('/usr/lib/os-release');
    t.is(guest.fs.remoteCalls - before, 3, 'what was fetched needs no call');
    await guest.fs.prefetch(['/usr']);
    t.is(guest.fs.remoteCalls - before, 3, 'nothing is fetched twice');
  });

  able.serial('reports the file system with its names and what is used', (t) => {
    const [root, ...others] = guest.filesystems;
    t.deepEqual(others, []);
    t.like(root, { device: '/dev/sda1', type: 'ext4', label: 'contract', mountpoint: '/' });
    t.true(root!.used! > 0 && root!.used! < root!.size!);
  });
}

let callsToOpen = 0;
