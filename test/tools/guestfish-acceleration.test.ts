import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { type AccelerationHost, chooseAcceleration, rememberKvm } from '../../src/tools/acceleration.js';

function host(t: { teardown(action: () => void): void }): AccelerationHost {
  const folder = mkdtempSync(join(tmpdir(), 'acceleration-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const [kvmDevice, bootIdFile] = [join(folder, 'kvm'), join(folder, 'boot_id')];
  writeFileSync(kvmDevice, '');
  writeFileSync(bootIdFile, 'first-boot\n');
  return { kvmDevice, bootIdFile, memoryFile: join(folder, 'cache', 'a.json'), environment: {} };
}

test('KVM that opens is tried, on trial', async (t) => {
  t.deepEqual(await chooseAcceleration(host(t)), { acceleration: 'kvm', onTrial: true });
});

test('without the device, or when the user says so, it is emulated', async (t) => {
  const here = host(t);
  t.is((await chooseAcceleration({ ...here, kvmDevice: '/nowhere/kvm' })).acceleration, 'emulation');
  const environment = { LIBGUESTFS_BACKEND_SETTINGS: 'network_bridge=x:force_tcg' };
  t.is((await chooseAcceleration({ ...here, environment })).acceleration, 'emulation');
});

test('what a launch has shown is remembered until the next boot', async (t) => {
  const here = host(t);
  await rememberKvm(false, here);
  t.deepEqual(await chooseAcceleration(here), { acceleration: 'emulation', onTrial: false });
  writeFileSync(here.bootIdFile, 'second-boot\n');
  t.deepEqual(await chooseAcceleration(here), { acceleration: 'kvm', onTrial: true });
  await rememberKvm(true, here);
  t.deepEqual(await chooseAcceleration(here), { acceleration: 'kvm', onTrial: false });
});

test('a memory that is damaged or cannot be written does no harm', async (t) => {
  const here = host(t);
  await rememberKvm(true, here);
  writeFileSync(here.memoryFile, '{');
  t.is((await chooseAcceleration(here)).onTrial, true);
  await t.notThrowsAsync(rememberKvm(true, { ...here, memoryFile: `${here.kvmDevice}/below/a/file.json` }));
  t.is(readFileSync(here.memoryFile, 'utf8'), '{');
});
