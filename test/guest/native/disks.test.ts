import { execFileSync } from 'node:child_process';
import test from 'ava';
import { openNative } from '../../../src/guest/native/open-native.js';
import type { DiskImage } from '../../../src/model/machine.js';
import { silentProgress } from '../../../src/model/progress.js';
import { differences, seenByReader } from './compare.js';
import { command, emptyImage, kernelView, machineOf, mounted, openImages, scratch, whyNoMount } from './images.js';

const check = whyNoMount === null ? test.serial : test.skip;
const why = whyNoMount === null ? '' : ` (${whyNoMount})`;
const MIB = 2 ** 20;

/** A small system on a bare ext4; made once. */
const system = (): string => {
  const image = emptyImage('bridge-system', 64 * MIB);
  command('mkfs.ext4', '-q', '-F', image);
  mounted(image, '', (folder) => {
    command('mkdir', '-p', `${folder}/etc`, `${folder}/usr`);
    command('sh', '-c', `echo root > ${folder}/etc/passwd; head -c 9000000 /dev/urandom > ${folder}/usr/random`);
  });
  return image;
};

check(`a disk of a format that only QEMU reads is read through it${why}`, async (t) => {
  const image = system();
  const path = `${scratch}/system.vdi`;
  execFileSync('qemu-img', ['convert', '-f', 'raw', '-O', 'vdi', image, path]);
  const [disk] = machineOf(path).disks as [DiskImage];
  const source = {
    ...machineOf(path),
    disks: [{ ...disk, format: 'vdi' as const, node: { driver: 'vdi', file: { driver: 'file', filename: path } } }],
  };
  const guest = await openNative(source, { keys: [], progress: silentProgress });
  t.teardown(guest.close);
  t.deepEqual(differences(kernelView(image), await seenByReader(guest.fs)), []);
});

check(`readFile, prefetch and stream agree, and a stream that is left early harms nothing${why}`, async (t) => {
  const guest = await openImages([system()]);
  t.teardown(guest.close);
  const content = await guest.fs.readFile('/usr/random');
  t.is(content.length, 9_000_000);
  await guest.fs.prefetch(['/etc', '/missing']);
  t.is((await guest.fs.readFile('/etc/passwd')).toString(), 'root\n');
  await t.throwsAsync(
    guest.fs.stream(async () => {
      throw new Error('enough');
    }),
    { message: 'enough' },
  );
  const parts: Buffer[] = [];
  await guest.fs.stream(
    async ({ content: runs }) => {
      for await (const { data } of runs ?? []) parts.push(Buffer.from(data));
    },
    ({ path }) => path === '/usr/random',
  );
  t.true(Buffer.concat(parts).equals(content));
  await t.throwsAsync(guest.fs.readFile('/usr'), { code: 'guest-file-missing' });
  await t.throwsAsync(guest.fs.readFile('/usr/random', { maxBytes: 10 }), { code: 'guest-file-too-large' });
});
