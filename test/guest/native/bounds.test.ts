import { appendFileSync, copyFileSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { BRIDGE_BYTES } from '../../../src/guest/native/bridge-view.js';
import { startReaderThread } from '../../../src/guest/native/reader-thread.js';
import { endsSoon } from '../../patience.js';
import { command, emptyImage, machineOf, mounted, openImages, whyNoMount } from './images.js';

/*
 * What bounds a hostile disk, and what holds it. M: test/guest/native/mutation.ts, ten thousand changes of each kind.
 *
 * blocks, inodes, groups inside of the file system, which ends with the disk   M; "an image that is cut"
 * sizes of blocks, inodes, descriptors; unknown features by name              M; "another file system's feature"
 * trees of extents: depth, level, order, counts, group                        M
 * pointer blocks an inode                                                     "names itself a million times"
 * content of all files: the file system's size, or 1024 times where shared    "files that share their blocks"
 * folders: records, each once, bytes, entries, depth                          M; "a folder inside of itself", "claims a gigabyte"
 * names: no slash, no NUL, not empty; links of 4,095 bytes                    "a name with a slash"; M
 * attributes: 64 KiB a value, 1 MiB an inode, chains of leaves                M
 * XFS: magic, own number, owner, checksum of every structure                  M
 * journals: length, ring, targets, no silent end before a sound commit        M (ext4-dirty, xfs-dirty)
 * partitions, LVM, md                                                         "a ring"; lvm.test.ts; disk/views/md.test.ts
 * images: tables, clusters, grains, what they refer to                        test/disk/hostile.test.ts, refusals.test.ts
 * the whole run: heap and silence of the worker                               "a folder of millions", "a reader that says nothing"
 */

const check = whyNoMount === null ? test.serial : test.skip;
const why = whyNoMount === null ? '' : ` (${whyNoMount})`;
const MIB = 2 ** 20;

/** A system on ext2, which has no checksums, with a file and folders to spoil. */
function ext2(name: string): string {
  const image = emptyImage(name, 64 * MIB);
  command('mkfs.ext4', '-q', '-F', '-t', 'ext2', '-b', '4096', image);
  mounted(image, '', (folder) =>
    command(
      'sh',
      '-ec',
      `cd ${folder}; mkdir -p etc usr outer/inner; echo x > etc/passwd; echo victim > outer/wicked-name
dd if=/dev/zero of=outer/file bs=4096 seek=2000000 count=1 status=none; setfattr -n user.a -v b outer`,
    ),
  );
  return image;
}

function debugfs(image: string, ...requests: string[]): void {
  for (const request of requests) command('debugfs', '-w', '-R', request, image);
}

/** Replaces the only occurrence of a text by another of the same length. */
function replaceBytes(image: string, from: string, to: string): void {
  const bytes = readFileSync(image);
  const at = bytes.indexOf(from, 0, 'latin1');
  bytes.write(to, at, 'latin1');
  writeFileSync(image, bytes);
}

const declined = test.macro(async (t, spoil: (image: string) => void, message: RegExp) => {
  const image = ext2(t.title.replace(/\W+/g, '-').slice(0, 60));
  spoil(image);
  const error = await endsSoon(t, () => t.throwsAsync(openImages([image]), { code: 'native-declined' }));
  t.regex(error.message, message);
});

check(
  `a pointer block that names itself a million times is declined at once${why}`,
  declined,
  (image: string) => {
    const block = /\(TIND\):(\d+)/.exec(command('debugfs', '-R', 'stat outer/file', image))![1]!;
    const bytes = readFileSync(image);
    for (let at = 0; at < 4096; at += 4) bytes.writeUInt32LE(Number(block), Number(block) * 4096 + at);
    writeFileSync(image, bytes);
  },
  /pointer blocks|more blocks/,
);
check(
  `a folder that claims a gigabyte, and has one block, is declined before it is read${why}`,
  declined,
  (image: string) => debugfs(image, `sif outer size ${1000 * MIB}`),
  /ext directory \d+: size/,
);
check(
  `files that share their blocks, and so hold more than the disk, are declined${why}`,
  declined,
  (image: string) => {
    mounted(image, '', (folder) =>
      command(
        'sh',
        '-ec',
        `cd ${folder}; dd if=/dev/zero of=big bs=1M count=25 status=none; touch second third; stat -c %b big`,
      ),
    );
    const stat = command('debugfs', '-R', 'stat big', image);
    const double = /\(DIND\):(\d+)/.exec(stat)![1]!;
    const blocks = /Blockcount: (\d+)/.exec(stat)![1]!;
    for (const name of ['second', 'third']) {
      debugfs(
        image,
        `sif ${name} block[DIND] ${double}`,
        `sif ${name} size ${25 * MIB}`,
        `sif ${name} blocks ${blocks}`,
      );
    }
  },
  /more than the file system has room for/,
);
check(`a super block that denies its checksums is declined, not believed${why}`, async (t) => {
  const image = emptyImage('denied', 64 * MIB);
  command('mkfs.ext4', '-q', '-F', image);
  mounted(image, '', (folder) => command('sh', '-ec', `cd ${folder}; mkdir etc usr; echo x > etc/passwd`));
  const intact = await openImages([image]);
  await intact.close();
  const bytes = readFileSync(image);
  bytes[1024 + 0x65]! &= ~4;
  writeFileSync(image, bytes);
  const error = await t.throwsAsync(openImages([image]), { code: 'native-declined' });
  t.regex(error.message, /flag of checksums/);
});
check(`btrfs with writes that only its log tree holds is declined, not shown without them${why}`, async (t) => {
  const image = emptyImage('log-tree', 120 * MIB);
  const copy = `${image}.copy`;
  command('mkfs.btrfs', '-q', image);
  mounted(image, 'commit=300', (folder) => {
    command('sh', '-ec', `cd ${folder}; mkdir etc usr; echo x > etc/passwd; sync -f .`);
    command('sh', '-ec', `cd ${folder}; echo late > etc/late; sync etc/late`);
    copyFileSync(image, copy);
  });
  const error = await t.throwsAsync(openImages([copy]), { code: 'native-declined' });
  t.regex(error.message, /log tree/);
});
check(
  `a folder inside of itself is declined${why}`,
  declined,
  (image: string) => debugfs(image, 'link outer outer/inner/again'),
  /twice/,
);
check(
  `a name with a slash is declined${why}`,
  declined,
  (image: string) => replaceBytes(image, 'wicked-name', 'wicked/name'),
  /impossible name/,
);
check(
  `a name that has no inode is declined${why}`,
  declined,
  (image: string) => debugfs(image, 'clri outer/wicked-name'),
  /mode 00/,
);
check(
  `an image that is cut is declined${why}`,
  declined,
  (image: string) => truncateSync(image, 40 * MIB),
  /ext file system of \d+ bytes on \d+/,
);
check(
  `a link to another file system's feature is declined by name${why}`,
  declined,
  (image: string) => {
    const bytes = readFileSync(image);
    bytes.writeUInt32LE(bytes.readUInt32LE(1024 + 0x60) | 0x1000, 1024 + 0x60);
    writeFileSync(image, bytes);
  },
  /features 0x1000/,
);

check(`extended partitions in a ring are declined${why}`, async (t) => {
  const image = emptyImage('ring', 16 * MIB);
  const bytes = Buffer.alloc(4096 * 512);
  bytes.writeUInt16LE(0xaa55, 510);
  bytes[446 + 4] = 5;
  bytes.writeUInt32LE(64, 446 + 8);
  bytes.writeUInt32LE(1000, 446 + 12);
  const record = 64 * 512;
  bytes.writeUInt16LE(0xaa55, record + 510);
  bytes[record + 446 + 4] = 0x83;
  bytes.writeUInt32LE(1, record + 446 + 8);
  bytes.writeUInt32LE(10, record + 446 + 12);
  bytes[record + 462 + 4] = 5;
  bytes.writeUInt32LE(0, record + 462 + 8);
  bytes.writeUInt32LE(1000, record + 462 + 12);
  writeFileSync(image, bytes);
  const error = await t.throwsAsync(openImages([image]), { code: 'native-declined' });
  t.regex(error.message, /logical partitions/);
});

check(`a folder of millions of names ends the reader at its heap's limit, not the program${why}`, async (t) => {
  const image = emptyImage('millions', 96 * MIB);
  command('mkfs.ext4', '-q', '-F', '-t', 'ext2', '-b', '4096', image);
  // What a program wrote as a file becomes a folder: records of twelve bytes, each the name of one file.
  mounted(image, '', (folder) => {
    command('sh', '-ec', `cd ${folder}; mkdir etc usr; echo x > etc/passwd`);
    const block = Buffer.alloc(4096);
    for (let at = 0; at + 24 <= block.length; at += 12) {
      block.writeUInt32LE(statSync(join(folder, 'etc/passwd')).ino, at);
      block.set([12, 0, 1, 1, 0x61], at + 4);
    }
    block.writeUInt16LE(4096 - 340 * 12, 340 * 12 + 4);
    const blocks = Buffer.alloc(MIB, block);
    for (let count = 0; count < 60; count += 1) appendFileSync(join(folder, 'usr/huge'), blocks);
  });
  debugfs(image, 'sif usr/huge mode 040755');
  const thread = startReaderThread(async () => {}, { heapMegabytes: 64 });
  t.teardown(thread.close);
  const error = await t.throwsAsync(
    async () => {
      const machine = { disks: machineOf(image).disks, bridged: new Map() };
      for (let reply = await thread.ask({ kind: 'open', machine }); reply.kind === 'entries'; )
        reply = await thread.ask({ kind: 'next' });
    },
    { code: 'native-declined' },
  );
  t.regex(error.message, /more than 64 MB of memory/);
  // Whoever asks again is told the same.
  await t.throwsAsync(thread.ask({ kind: 'next' }), { code: 'native-declined', message: error.message });
});

test('a reader that says nothing for too long is ended', async (t) => {
  const access = { disk: 0, size: MIB, control: new SharedArrayBuffer(4), data: new SharedArrayBuffer(BRIDGE_BYTES) };
  const { disks } = machineOf('/nowhere');
  const thread = startReaderThread(async () => {}, { silenceSeconds: 4 });
  t.teardown(thread.close);
  const started = performance.now();
  const error = await t.throwsAsync(thread.ask({ kind: 'open', machine: { disks, bridged: new Map([[0, access]]) } }), {
    code: 'native-declined',
  });
  t.regex(error.message, /nothing was read for 4 s/);
  t.true(performance.now() - started < 20_000);
});

test('a disk that is gone is declined, not a crash', async (t) => {
  const error = await t.throwsAsync(openImages(['/nowhere']), { code: 'native-declined' });
  t.regex(error.message, /nowhere/);
});
