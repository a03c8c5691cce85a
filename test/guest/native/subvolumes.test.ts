import test from 'ava';
import { differences, seenByKernel, seenByReader } from './compare.js';
import { command, emptyImage, mounted, openImages, whyNoMount } from './images.js';

const check = whyNoMount === null ? test.serial : test.skip;
const why = whyNoMount === null ? '' : ` (${whyNoMount})`;
const MIB = 2 ** 20;

/** Runs a script with the top level of a fresh btrfs as working folder. */
function btrfs(name: string, lines: readonly string[]): string {
  const image = emptyImage(name, 128 * MIB);
  command('mkfs.btrfs', '-q', image);
  mounted(image, '', (folder) => command('sh', '-ec', `cd ${folder}\n${lines.join('\n')}`));
  return image;
}

const SYSTEM = (folder: string, fstab: string): string[] => [
  `mkdir -p ${folder}/etc ${folder}/usr ${folder}/home`,
  `echo root > ${folder}/etc/passwd`,
  `printf '${fstab}' > ${folder}/etc/fstab`,
];

check(`@ and @home are mounted where fstab says, snapshots left alone${why}`, async (t) => {
  const image = btrfs('subvolumes-at', [
    'btrfs -q subvolume create @ && btrfs -q subvolume create @home',
    ...SYSTEM('@', '/dev/vda / btrfs subvol=@ 0 0\\n/dev/vda /home btrfs subvol=/@home 0 0\\n'),
    'echo mine > @home/file && ln @home/file @home/again',
    'btrfs -q subvolume create @/var && echo nested > @/var/file',
    'mkdir timeshift-btrfs && btrfs -q subvolume snapshot -r @ @/old',
  ]);
  const guest = await openImages([image]);
  t.teardown(guest.close);
  const expected = mounted(image, 'ro,subvol=@', seenByKernel);
  const home = mounted(image, 'ro,subvol=@home', seenByKernel);
  for (const seen of home.values()) {
    const own = Buffer.from(seen.path, 'hex').toString();
    const path = Buffer.from(own === '/' ? '/home' : `/home${own}`).toString('hex');
    expected.set(path, { ...seen, path, identity: `home ${seen.identity}` });
  }
  // The folder that the kernel shows where a snapshot has no copy of a nested subvolume gets a time of its own.
  const placeholder = Buffer.from('/old/var').toString('hex');
  expected.delete(placeholder);
  const actual = await seenByReader(guest.fs);
  t.is(actual.get(placeholder)?.type, 'directory');
  actual.delete(placeholder);
  t.deepEqual(differences(expected, actual), []);
});

check(`the default subvolume is the system where snapper put it, and its snapshots are left out${why}`, async (t) => {
  const image = btrfs('subvolumes-snapper', [
    'btrfs -q subvolume create @ && btrfs -q subvolume create @/.snapshots',
    'mkdir @/.snapshots/1 && btrfs -q subvolume create @/.snapshots/1/snapshot',
    ...SYSTEM(
      '@/.snapshots/1/snapshot',
      '/dev/vda / btrfs defaults 0 0\\n/dev/vda /.snapshots btrfs subvol=@/.snapshots 0 0\\n',
    ),
    'mkdir @/.snapshots/1/snapshot/.snapshots @/.snapshots/2',
    'btrfs -q subvolume snapshot -r @/.snapshots/1/snapshot @/.snapshots/2/snapshot',
    'btrfs subvolume set-default @/.snapshots/1/snapshot',
  ]);
  const guest = await openImages([image]);
  t.teardown(guest.close);
  t.is(guest.fs.stat('/etc/passwd')?.type, 'file');
  t.deepEqual(guest.fs.list('/.snapshots/2/snapshot'), []);
  t.deepEqual(
    guest.problems
      .filter(({ code }) => code === 'snapshot-left-out')
      .map(({ path }) => path)
      .sort(),
    ['/.snapshots/1/snapshot', '/.snapshots/2/snapshot'],
  );
});

check(`two systems are an error of the machine, and --root chooses${why}`, async (t) => {
  const image = btrfs('subvolumes-two', [
    'btrfs -q subvolume create one && btrfs -q subvolume create two',
    ...SYSTEM('one', '/dev/vda / btrfs subvol=one 0 0\\n'),
    ...SYSTEM('two', '/dev/vda / btrfs subvol=two 0 0\\n'),
    'touch two/usr/second',
  ]);
  await t.throwsAsync(openImages([image]), { code: 'guest-several-systems' });
  const guest = await openImages([image], { root: 'btrfsvol:/dev/sda/two' });
  t.teardown(guest.close);
  t.true(guest.fs.exists('/usr/second'));
});

check(`a mount point that is reached through a link hides what is really there${why}`, async (t) => {
  const data = emptyImage('mount-data', 16 * MIB);
  command('mkfs.ext4', '-q', '-F', '-L', 'data', data);
  mounted(data, '', (folder) => command('sh', '-ec', `echo data > ${folder}/inside`));
  const root = emptyImage('mount-root', 16 * MIB);
  command('mkfs.ext4', '-q', '-F', root);
  mounted(root, '', (folder) =>
    command(
      'sh',
      '-ec',
      `cd ${folder}; mkdir -p etc usr srv/real; echo x > etc/passwd; echo hidden > srv/real/hidden
ln -s srv/real link; printf 'LABEL=data /link ext4 defaults 0 0\\n' > etc/fstab`,
    ),
  );
  const guest = await openImages([root, data]);
  t.teardown(guest.close);
  t.deepEqual(guest.fs.list('/srv/real'), ['inside', 'lost+found']);
  t.is((await guest.fs.readFile('/link/inside')).toString(), 'data\n');
  t.is(guest.filesystems.find(({ label }) => label === 'data')?.mountpoint, '/srv/real');
});
