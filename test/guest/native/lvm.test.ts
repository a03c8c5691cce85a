import { closeSync, openSync, readFileSync, readSync, statSync, writeSync } from 'node:fs';
import test from 'ava';
import { raidSpace, raidSuperBlock } from '../../disk/md-writer.js';
import { differences, type Seen, seenByReader } from './compare.js';
import { command, emptyImage, kernelView, mounted, openImages, whyNoMount } from './images.js';

const why = whyNoMount ?? whyNoLvm();
const check = why === null ? test.serial : test.skip;
const note = why === null ? '' : ` (${why})`;
const MIB = 2 ** 20;
const SETTINGS =
  'devices{use_devicesfile=0 global_filter=["a|/dev/loop|","r|.*|"]} activation{monitoring=0 udev_sync=0 udev_rules=0} backup{backup=0 archive=0}';

/**
 * Two disks: the first with /boot in a primary partition and a physical volume in a logical one, the second a physical
 * volume as a whole. Volumes: `root` in two linear segments, `var` striped over both disks. LVM lays them out without
 * device-mapper; the bytes are put where `lvs` says they go.
 */
check(`partitions, logical partitions and volumes over two disks are one tree${note}`, async (t) => {
  const first = emptyImage('lvm-first', 300 * MIB);
  const second = emptyImage('lvm-second', 200 * MIB);
  command('sh', '-c', `printf 'label: dos\\nstart=2048,size=40960,type=83\\ntype=5\\ntype=8e\\n' | sfdisk -q ${first}`);
  const partitions = new Map(
    [...command('sfdisk', '-d', first).matchAll(/img(\d+) : start= *(\d+), size= *(\d+)/g)].map(
      ([, n, start, size]) => [Number(n), { start: Number(start) * 512, size: Number(size) * 512 }],
    ),
  );
  const lvmAt = partitions.get(5)!;
  const files = {
    boot: makeFileSystem('boot', partitions.get(1)!.size, 'ext2', []),
    root: makeFileSystem('root', 120 * MIB, 'ext4', ['etc', 'usr', 'boot', 'var']),
    var: makeFileSystem('var', 64 * MIB, 'ext3', ['lib']),
  };
  mounted(files.root, '', (folder) =>
    command(
      'sh',
      '-c',
      `echo x > ${folder}/etc/passwd; cat > ${folder}/etc/fstab <<'END'
/dev/mapper/vg--test-root / ext4 defaults 0 1
LABEL=var /var ext3 defaults 0 2
/dev/hda1 /boot ext2 defaults 0 2
/dev/vg-test/swap none swap sw 0 0
END`,
    ),
  );
  copyInto(files.boot, first, [{ from: 0, to: partitions.get(1)!.start, length: partitions.get(1)!.size }]);
  layOut(first, lvmAt, second, files);

  const guest = await openImages([first, second]);
  t.teardown(guest.close);
  t.deepEqual(
    guest.filesystems.map(({ device, type, mountpoint }) => [device, type, mountpoint]),
    [
      ['/dev/sda1', 'ext2', '/boot'],
      ['/dev/vg-test/root', 'ext4', '/'],
      ['/dev/vg-test/var', 'ext3', '/var'],
    ],
  );
  const expected = new Map<string, Seen>();
  for (const [name, below] of [
    ['root', ''],
    ['boot', '/boot'],
    ['var', '/var'],
  ] as const) {
    for (const seen of kernelView(files[name]).values()) {
      const own = Buffer.from(seen.path, 'hex').toString();
      const path = Buffer.from(own === '/' ? below || '/' : below + own).toString('hex');
      expected.set(path, { ...seen, path, identity: `${name} ${seen.identity}` });
    }
  }
  t.deepEqual(differences(expected, await seenByReader(guest.fs)), []);

  // The label of LVM shows through a mirror whose superblock is at the end; its bytes count once.
  const mirrors = await openImages([first, ...mirrored(second)]);
  t.teardown(mirrors.close);
  t.deepEqual(mirrors.filesystems, guest.filesystems);
  t.deepEqual(differences(expected, await seenByReader(mirrors.fs)), []);

  const error = await t.throwsAsync(openImages([first]), { code: 'native-declined' });
  t.regex(error.message, /disk that is missing/);
});

/** Two disks of a mirror (md 1.0) that holds the given disk. */
function mirrored(disk: string): string[] {
  const raid = {
    version: '1.0',
    level: 1,
    disks: 2,
    uuid: 'ab'.repeat(16),
    diskBytes: statSync(disk).size + MIB,
  } as const;
  return [0, 1].map((role) => {
    const member = emptyImage(`lvm-mirror-${role}`, raid.diskBytes);
    copyInto(disk, member, [{ from: 0, to: raidSpace(raid).offset, length: statSync(disk).size }]);
    const superBlock = raidSuperBlock(raid, role);
    const file = openSync(member, 'r+');
    writeSync(file, superBlock.bytes, 0, undefined, superBlock.at);
    closeSync(file);
    return member;
  });
}

function makeFileSystem(name: string, bytes: number, type: string, folders: readonly string[]): string {
  const image = emptyImage(`lvm-${name}`, bytes);
  command('mkfs.ext4', '-q', '-F', '-t', type, '-L', name, image);
  mounted(image, '', (folder) => {
    for (const each of folders) command('mkdir', `${folder}/${each}`);
    command('sh', '-c', `for i in $(seq 40); do head -c $((i * 9000)) /dev/urandom > ${folder}/${name}$i; done`);
  });
  return image;
}

/** Creates the group and puts the contents of the volumes where LVM has put the volumes. */
function layOut(
  first: string,
  lvmAt: { start: number; size: number },
  second: string,
  files: { root: string; var: string },
): void {
  const loops = [
    command('losetup', '-f', '--show', '-o', String(lvmAt.start), '--sizelimit', String(lvmAt.size), first).trim(),
    command('losetup', '-f', '--show', second).trim(),
  ];
  const lvm = (program: string, ...args: string[]): string => command(program, '--config', SETTINGS, ...args);
  let segments: string;
  let starts: Map<string, number>;
  try {
    lvm('pvcreate', '-q', ...loops);
    lvm('vgcreate', '-q', 'vg-test', ...loops);
    const create = (args: readonly string[], ...on: string[]): string =>
      lvm('lvcreate', '-q', '-an', '-Zn', '-Wn', '--driverloaded', 'n', ...args, 'vg-test', ...on);
    create(['-L', '40M', '-n', 'root'], loops[0]!);
    create(['-i', '2', '-I', '64', '-L', '64M', '-n', 'var']);
    create(['-L', '8M', '-n', 'swap']);
    lvm('lvextend', '-q', '--driverloaded', 'n', '-L', '120M', 'vg-test/root', ...loops.slice(1));
    segments = lvm(
      'lvs',
      '--driverloaded',
      'n',
      '--noheadings',
      '--separator',
      ';',
      '--units',
      'b',
      '--nosuffix',
      '--segments',
      '-o',
      'lv_name,seg_start,seg_size,stripe_size,devices',
      'vg-test',
    );
    const volumes = lvm(
      'pvs',
      '--driverloaded',
      'n',
      '--noheadings',
      '--units',
      'b',
      '--nosuffix',
      '-o',
      'pv_name,pe_start',
    );
    starts = new Map(
      volumes
        .trim()
        .split('\n')
        .map((line) => line.trim().split(/\s+/))
        .map(([name, start]) => [name!, Number(start)]),
    );
  } finally {
    for (const loop of loops) command('losetup', '-d', loop);
  }
  const extent = 4 * MIB;
  for (const line of segments.trim().split('\n')) {
    const [name, start, size, stripe, devices] = line.trim().split(';') as [string, string, string, string, string];
    if (name === 'swap') continue;
    const places = [...devices.matchAll(/(\/dev\/loop\d+)\((\d+)\)/g)].map(([, loop, number]) => ({
      disk: loop === loops[0] ? first : second,
      at: (loop === loops[0] ? lvmAt.start : 0) + starts.get(loop!)! + Number(number) * extent,
    }));
    const step = places.length === 1 ? Number(size) : Number(stripe);
    for (let done = 0, row = 0; done < Number(size); row += 1) {
      for (const { disk, at } of places) {
        copyInto(files[name as 'root' | 'var'], disk, [
          { from: Number(start) + done, to: at + row * step, length: step },
        ]);
        done += step;
      }
    }
  }
}

function copyInto(
  source: string,
  target: string,
  pieces: readonly { from: number; to: number; length: number }[],
): void {
  const input = openSync(source, 'r');
  const output = openSync(target, 'r+');
  for (const { from, to, length } of pieces) {
    const bytes = Buffer.alloc(length);
    readSync(input, bytes, 0, length, from);
    writeSync(output, bytes, 0, length, to);
  }
  closeSync(input);
  closeSync(output);
}

function whyNoLvm(): string | null {
  try {
    command('which', 'lvcreate');
    return readFileSync('/proc/filesystems', 'utf8').includes('ext4') ? null : 'needs ext4';
  } catch {
    return 'needs lvm2';
  }
}
