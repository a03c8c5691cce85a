import test from 'ava';
import fc from 'fast-check';
import { AppError } from '../../../src/errors.js';
import { parseDevices } from '../../../src/guest/libguestfs/devices.js';
import { createMetadataParser } from '../../../src/guest/libguestfs/metadata.js';
import { parseTrailer } from '../../../src/guest/libguestfs/pipe.js';
import * as scripts from '../../../src/guest/libguestfs/scripts.js';
import { ROOT_MARKS } from '../../../src/guest/roots.js';

const row = (fields: Readonly<Record<string, string>>): string =>
  Object.entries({
    ...{ TYPE: 'part', SIZE: '1024', PTTYPE: '', FSTYPE: '', UUID: '', LABEL: '', PARTUUID: '', PARTLABEL: '' },
    ...{ MOUNTPOINT: '', HCTL: '', KNAME: fields['NAME']! },
    ...fields,
  })
    .map(([key, value]) => `${key}="${value}"`)
    .join(' ');

test('disks are named in the order of the machine, whatever letters the kernel gave', (t) => {
  const output = [
    row({ NAME: '/dev/sda', TYPE: 'disk', FSTYPE: 'ext2', MOUNTPOINT: '/', HCTL: '2:0:2:0' }),
    row({ NAME: '/dev/sdb', TYPE: 'disk', PTTYPE: 'gpt', HCTL: '2:0:1:0' }),
    row({ NAME: '/dev/sdb1', PTTYPE: 'gpt', FSTYPE: 'xfs', UUID: 'second' }),
    row({ NAME: '/dev/sdc', TYPE: 'disk', PTTYPE: 'dos', HCTL: '2:0:0:0' }),
    row({ NAME: '/dev/sdc1', PTTYPE: 'dos', FSTYPE: 'ext4', UUID: 'first' }),
  ].join('\n');
  t.deepEqual(
    parseDevices(output).map(({ device, kernelName, uuid }) => `${device} ${kernelName} ${uuid}`),
    ['/dev/sdb1 /dev/sdb1 second', '/dev/sda1 /dev/sdc1 first'],
  );
});

test('logical volumes have the name that LVM gives them, and the one of the mapper as well', (t) => {
  const [volume] = parseDevices(
    row({ NAME: '/dev/mapper/my--group-ro--ot', KNAME: '/dev/dm-0', TYPE: 'lvm', FSTYPE: 'xfs' }),
  );
  t.like(volume, { device: '/dev/my-group/ro-ot', kernelName: '/dev/dm-0', aliases: ['/dev/mapper/my--group-ro--ot'] });
});

test('md arrays are numbered in the order of the machine, whatever numbers they got', (t) => {
  const member = (name: string, label: string, hctl: string): string =>
    row({ NAME: name, TYPE: 'disk', FSTYPE: 'linux_raid_member', LABEL: label, HCTL: hctl });
  const array = (name: string, uuid: string): string => row({ NAME: name, TYPE: 'raid1', FSTYPE: 'ext4', UUID: uuid });
  const output = [
    ...[member('/dev/sda', 'host:data', '2:0:3:0'), array('/dev/md127', 'data')],
    ...[member('/dev/sdb', 'host:0', '2:0:0:0'), array('/dev/md126', 'root')],
    ...[member('/dev/sdc', 'host:0', '2:0:2:0'), array('/dev/md126', 'root')],
    ...[member('/dev/sdd', '', '2:0:1:0'), array('/dev/md1', 'old'), row({ NAME: '/dev/md1p1', UUID: 'part' })],
  ].join('\n');
  t.deepEqual(
    parseDevices(output)
      .filter(({ device }) => device.startsWith('/dev/md'))
      .map(({ device, kernelName, uuid, aliases }) => [device, kernelName, uuid, ...(aliases ?? [])].join(' ')),
    [
      '/dev/md126 /dev/md127 data /dev/md/data',
      '/dev/md127 /dev/md126 root /dev/md/0 /dev/md0',
      '/dev/md1 /dev/md1 old',
      '/dev/md1p1 /dev/md1p1 part',
    ],
  );
});

test('labels with quotes, blanks and bytes that lsblk escapes come back as they are', (t) => {
  const [volume] = parseDevices(row({ NAME: '/dev/sda1', FSTYPE: 'ext4', LABEL: String.raw`a \x22b\x22 \xc3\xa9 é` }));
  t.is(volume?.label, 'a "b" é é');
});

const listed = (...fields: string[]): Buffer => Buffer.from(`${fields.join('\0')}\0`, 'latin1');

test('a listed entry is read in pieces of any size', (t) => {
  const bytes = Buffer.concat([
    listed('d_755_0_0_4096_8_3_2049_2_1700000000.0000000000_root7', ''),
    listed('f_4755_4000000000_70000_9007_16_2_2049_12_-2.5000000000_root7/caf\xe9_x', ''),
    listed('l_777_0_0_3_0_1_2049_13_1700000000.1234567890_root7/new\nline', '../a_b'),
    listed('b_660_0_6_0_0_1_2049_14_1700000000.0000000000_root7/disk', ''),
    Buffer.from('\0\0'),
    listed('103_11170_root7/disk'),
    Buffer.from('STATUS0000000000'),
  ]);
  for (const size of [1, 7, 4096]) {
    const parser = createMetadataParser('root7');
    for (let at = 0; at < bytes.length; at += size) parser.push(bytes.subarray(at, at + size));
    const { entries, rest } = parser.finish();
    t.deepEqual(
      entries.map(({ path }) => path),
      ['/', '/caf\udce9_x', '/new\nline', '/disk'],
    );
    t.like(entries[1], { mode: 0o4755, uid: 4_000_000_000, gid: 70000, size: 9007, allocated: 8192, links: 2 });
    t.like(entries[1], { mtime: -2, mtimeNanoseconds: 500_000_000, fileId: '2049:12' });
    t.like(entries[2], { type: 'symlink', target: '../a_b', size: 0, mtimeNanoseconds: 123_456_789 });
    t.deepEqual(entries[3]?.device, { major: 259, minor: 70000 });
    t.is(parseTrailer(rest).status, 0);
  }
});

test('a list that was cut, or leads out of the root, is an error and never a shorter tree', (t) => {
  const cut = createMetadataParser('root0');
  cut.push(listed('d_755_0_0_4096_8_3_2049_2_1700000000.0_root0', ''));
  t.throws(() => cut.finish(), { instanceOf: AppError });
  const outside = createMetadataParser('root0');
  t.throws(() => outside.push(listed('d_755_0_0_4096_8_3_2049_2_1700000000.0_root01/x', '')), { instanceOf: AppError });
  t.throws(() => parseTrailer(Buffer.from('STAT')), { instanceOf: AppError });
});

test('any bytes are a list or an AppError', (t) => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
      const parser = createMetadataParser('root0');
      try {
        parser.push(Buffer.from(bytes));
        parser.finish();
      } catch (error) {
        return error instanceof AppError;
      }
      return true;
    }),
  );
  t.pass();
});

test('scripts hold no single quote, and take nothing but numbers and names of the kernel', (t) => {
  const all = [
    ...[scripts.LIST_DEVICES, scripts.ACTIVATE_VOLUMES, scripts.MAKE_ROOM_FOR_KEYS, scripts.REMOVE_KEYS],
    ...[scripts.lookIntoCandidates(), scripts.listMetadata(3), scripts.tarOfList(3), scripts.makeCandidateFolders(2)],
    scripts.openLuks('/dev/dm-3', 'luks0', 1),
  ];
  for (const script of all) t.false(script.includes("'"), script);
  for (const name of ['/dev/vg/lv', '/dev/sda;x', '/dev/../x', 'sda', '/dev/mapper/a b']) {
    t.throws(() => scripts.openLuks(name, 'luks0', 1), undefined, name);
  }
});

test('every mark of a root lies where the look into candidates goes', (t) => {
  for (const mark of ROOT_MARKS) {
    const depth = mark.split('/').length - 1;
    t.true(depth <= 2 || /^\/win[^/]*\/[^/]+\/ntoskrnl\.exe$/i.test(mark), mark);
  }
});
