import test from 'ava';
import { AppError } from '../../src/errors.js';
import { parseFstab } from '../../src/guest/fstab.js';
import { planMounts } from '../../src/guest/mount-plan.js';
import { chooseRoot, type ProbedCandidate, rootCandidates } from '../../src/guest/roots.js';
import { compareVolumes, diskDevice, findVolume, type Volume } from '../../src/guest/volumes.js';

const GIB = 2 ** 30;
const disk = (device: string, type: string, more: Partial<Volume> = {}): Volume => ({
  device,
  type,
  size: GIB,
  ...more,
});
const MARKS = new Set(['/etc/os-release', '/etc/passwd', '/usr']);
const plan = (fstab: string, volumes: readonly Volume[]) =>
  planMounts({ device: volumes[0]!.device, type: volumes[0]!.type }, fstab, volumes);
const code = (run: () => unknown): string => {
  try {
    run();
  } catch (error) {
    if (error instanceof AppError) return error.code;
    throw error;
  }
  return 'none';
};

test('fields of fstab are unescaped, comments and short lines are left out', (t) => {
  t.deepEqual(parseFstab('# x\n\nLABEL=a\\040b /mnt/a\\011b ext4 ro,x=1,,y 0 0\nonly\n'), [
    { spec: 'LABEL=a b', mountpoint: '/mnt/a\tb', type: 'ext4', options: ['ro', 'x=1', 'y'], line: 3 },
  ]);
});

const named = test.macro({
  exec(t, spec: string, expected: string | undefined) {
    const volumes = [
      disk('/dev/sda1', 'ext4', { uuid: 'aaaa-BBBB', label: 'root fs', partUuid: '0011' }),
      disk('/dev/sda2', 'ext4', { partLabel: 'data' }),
      disk('/dev/my-group/a-b', 'xfs'),
      disk('/dev/md127', 'ext4', { aliases: ['/dev/md/home'] }),
    ];
    t.is(findVolume(spec, volumes)?.device, expected);
  },
  title: (_, spec, expected) => `fstab's ${spec} is ${expected ?? 'nothing'}`,
});
test(named, 'UUID=AAAA-bbbb', '/dev/sda1');
test(named, 'UUID="aaaa-bbbb"', '/dev/sda1');
test(named, 'LABEL=root fs', '/dev/sda1');
test(named, '/dev/disk/by-label/root\\x20fs', '/dev/sda1');
test(named, 'PARTUUID=0011', '/dev/sda1');
test(named, 'PARTLABEL=data', '/dev/sda2');
test(named, '/dev/vda2', '/dev/sda2');
test(named, '/dev/nvme0n1p2', '/dev/sda2');
test(named, '/dev/disk/by-id/scsi-SATA_1-part2', '/dev/sda2');
test(named, '/dev/mapper/my--group-a--b', '/dev/my-group/a-b');
test(named, '/dev/md/home', '/dev/md127');
test(named, '/dev/sdb1', undefined);
test(named, 'UUID=ffff', undefined);

test('disks are lettered as the kernel letters them', (t) => {
  t.deepEqual([0, 25, 26, 701, 702].map(diskDevice), ['/dev/sda', '/dev/sdz', '/dev/sdaa', '/dev/sdzz', '/dev/sdaaa']);
});

test('volumes are ordered by disk and number, then md, then the rest', (t) => {
  const names = ['/dev/vg/a', '/dev/md0', '/dev/sdaa1', '/dev/sda10', '/dev/sda2', '/dev/sdb'];
  const sorted = names.map((device) => disk(device, 'ext4')).sort(compareVolumes);
  t.deepEqual(
    sorted.map(({ device }) => device),
    ['/dev/sda2', '/dev/sda10', '/dev/sdb', '/dev/sdaa1', '/dev/md0', '/dev/vg/a'],
  );
});

test('mounts come parents first, with subvolumes; pseudo, network and noauto lines do not', (t) => {
  const volumes = [
    disk('/dev/sda2', 'btrfs', {
      subvolumes: [
        { id: 256, path: '@' },
        { id: 257, path: '@home' },
      ],
      defaultSubvolume: 5,
    }),
    disk('/dev/sda1', 'ext4', { uuid: 'b' }),
  ];
  const fstab = `/dev/sda2 / btrfs subvol=@ 0 0
/dev/sda2 /home btrfs subvol=/@home 0 0
UUID=b /boot/efi/../x ext4 defaults 0 0
proc /proc proc defaults 0 0
srv:/x /net nfs defaults 0 0
/dev/sda1 /back ext4 noauto 0 0
/srv/a /srv/b none bind 0 0
`;
  const { mounts, problems } = planMounts({ device: '/dev/sda2', type: 'btrfs', subvolume: '@' }, fstab, volumes);
  t.deepEqual(
    mounts.map(({ device, subvolume, mountpoint }) => [device, subvolume, mountpoint]),
    [
      ['/dev/sda2', '@', '/'],
      ['/dev/sda1', undefined, '/boot/x'],
      ['/dev/sda2', '@home', '/home'],
    ],
  );
  t.deepEqual(
    problems.map(({ path }) => path),
    ['/back', '/srv/b'],
  );
});

test('a machine without the disk of its /var is refused, one without /srv or with nofail is not', (t) => {
  const volumes = [disk('/dev/sda1', 'ext4')];
  t.is(
    code(() => plan('UUID=x /var ext4 defaults 0 0', volumes)),
    'guest-missing-filesystem',
  );
  t.is(plan('UUID=x /srv ext4 defaults 0 0', volumes).problems[0]?.code, 'mount-missing');
  t.is(plan('UUID=x /var ext4 nofail 0 0', volumes).problems[0]?.code, 'mount-missing');
});

const probe = (volumes: readonly Volume[], facts: Record<string, Partial<ProbedCandidate>>): ProbedCandidate[] =>
  rootCandidates(volumes).map((candidate) => ({
    ...candidate,
    marks: new Set(),
    ...facts[`${candidate.device}:${candidate.subvolume ?? ''}`],
  }));

test('two systems are listed and one can be chosen', (t) => {
  const volumes = [disk('/dev/sda1', 'ext4'), disk('/dev/vg/root', 'xfs')];
  const probed = probe(volumes, { '/dev/sda1:': { marks: MARKS }, '/dev/vg/root:': { marks: MARKS } });
  const error = t.throws(() => chooseRoot(probed, volumes), { instanceOf: AppError });
  t.is(error?.code, 'guest-several-systems');
  t.regex(error?.message ?? '', /\/dev\/sda1, \/dev\/vg\/root/);
  t.is(chooseRoot(probed, volumes, '/dev/vg/root').device, '/dev/vg/root');
  t.is(
    code(() => chooseRoot(probed, volumes, '/dev/sdz')),
    'guest-no-system',
  );
});

test('snapshots of snapper are no systems, unless the default subvolume is one', (t) => {
  const subvolumes = [
    { id: 256, path: '@' },
    { id: 300, path: '@/.snapshots/1/snapshot' },
    { id: 301, path: '@/.snapshots/2/snapshot' },
  ];
  const volumes = [disk('/dev/sda2', 'btrfs', { subvolumes, defaultSubvolume: 300 })];
  const all = Object.fromEntries(
    ['', ...subvolumes.map(({ path }) => path)].map((p) => [`/dev/sda2:${p}`, { marks: MARKS }]),
  );
  t.is(chooseRoot(probe(volumes, all), volumes).subvolume, '@/.snapshots/1/snapshot');
});

test('of the subvolumes that look like a root, the one that its own fstab names counts', (t) => {
  const volumes = [
    disk('/dev/sda2', 'btrfs', {
      subvolumes: [
        { id: 256, path: '@' },
        { id: 257, path: 'old' },
      ],
      defaultSubvolume: 5,
    }),
  ];
  const fstab = 'UUID=1 / btrfs subvol=/@,compress=zstd 0 0';
  const probed = probe(volumes, { '/dev/sda2:@': { marks: MARKS, fstab }, '/dev/sda2:old': { marks: MARKS, fstab } });
  t.is(chooseRoot(probed, volumes).subvolume, '@');
});

const refused = test.macro({
  exec(t, type: string, marks: readonly string[], expected: string) {
    const volumes = [disk('/dev/sda1', type)];
    t.is(
      code(() => chooseRoot(probe(volumes, { '/dev/sda1:': { marks: new Set(marks) } }), volumes)),
      expected,
    );
  },
  title: (_, type: string, marks: readonly string[], expected: string) =>
    `a disk of ${type} with [${marks.join(' ')}] is ${expected}`,
});
test(refused, 'ext4', ['/usr'], 'guest-no-system');
test(refused, 'ext4', ['/etc/passwd', '/bin', '/etc/freebsd-update.conf'], 'guest-not-linux');
test(refused, 'ntfs', [], 'guest-not-linux');
test(refused, 'crypto_LUKS', [], 'guest-key-needed');
test(refused, 'zfs_member', [], 'guest-unsupported-filesystem');
