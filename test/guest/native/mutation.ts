import { createHash } from 'node:crypto';
import { copyFileSync } from 'node:fs';
import type { ExecutionContext } from 'ava';
import { Declined } from '../../../src/disk/views/faults.js';
import { openRawFile } from '../../../src/disk/views/raw-file.js';
import type { BlockView } from '../../../src/disk/views/view.js';
import { contentBatches } from '../../../src/guest/native/content-batches.js';
import { DRIVERS, prepareDrivers } from '../../../src/guest/native/drivers.js';
import type { NativeFileSystem } from '../../../src/guest/native/file-system.js';
import { walkFileSystem } from '../../../src/guest/native/walk.js';
import { command, emptyImage, mounted, script } from './images.js';

/** A file system that is damaged at random. */
export interface Victim {
  readonly name: string;
  readonly type: string;
  readonly bytes: number;
  readonly make: readonly string[];
  /** Every structure has a checksum, that of the journal as well: no change of one may go unnoticed. */
  readonly isSealed: boolean;
  /** Taken while busy, so that its journal is damaged, too. */
  readonly isDirty?: boolean;
  /** The log has been round so often before. */
  readonly logCycle?: number;
}

const MIB = 2 ** 20;

export const VICTIMS: readonly Victim[] = [
  { name: 'ext4', type: 'ext4', bytes: 32 * MIB, make: ['mkfs.ext4', '-q', '-F'], isSealed: true },
  {
    name: 'ext4-1k-inline',
    type: 'ext4',
    bytes: 32 * MIB,
    make: ['mkfs.ext4', '-q', '-F', '-b', '1024', '-O', 'inline_data'],
    isSealed: true,
  },
  { name: 'ext3', type: 'ext3', bytes: 32 * MIB, make: ['mkfs.ext4', '-q', '-F', '-t', 'ext3'], isSealed: false },
  { name: 'ext2', type: 'ext2', bytes: 32 * MIB, make: ['mkfs.ext4', '-q', '-F', '-t', 'ext2'], isSealed: false },
  {
    name: 'ext4-dirty',
    type: 'ext4',
    bytes: 64 * MIB,
    make: ['mkfs.ext4', '-q', '-F'],
    isSealed: true,
    isDirty: true,
  },
  { name: 'xfs', type: 'xfs', bytes: 320 * MIB, make: ['mkfs.xfs', '-q'], isSealed: true },
  { name: 'xfs-dirty', type: 'xfs', bytes: 320 * MIB, make: ['mkfs.xfs', '-q'], isSealed: true, isDirty: true },
  {
    name: 'xfs-dirty-later-cycle',
    type: 'xfs',
    bytes: 320 * MIB,
    make: ['mkfs.xfs', '-q'],
    isSealed: true,
    isDirty: true,
    logCycle: 7,
  },
  { name: 'btrfs', type: 'btrfs', bytes: 120 * MIB, make: ['mkfs.btrfs', '-q'], isSealed: true },
  { name: 'vfat', type: 'vfat', bytes: 32 * MIB, make: ['mkfs.vfat', '-F', '16'], isSealed: false },
  { name: 'vfat-32', type: 'vfat', bytes: 64 * MIB, make: ['mkfs.vfat', '-F', '32'], isSealed: false },
];

/** Of processor time: twenty times that of the slowest mutant seen, as the collector of garbage takes part. */
const MAX_MILLISECONDS = 2000;

/** Changes one to four words where there is something, `count` times; what comes of it must be classified, soon. */
export async function survivesMutation(t: ExecutionContext, victim: Victim, count: number): Promise<void> {
  await prepareDrivers();
  const file = openRawFile(makeVictim(victim));
  t.teardown(() => file.close());
  const places = await wordsRead(file, victim);
  t.true(places.length > 1000, `only ${places.length} words to change`);
  const original = digestTree(DRIVERS.get(victim.type)!(file));
  const random = randomSource(victim.name.length * 7919 + count);
  const outcome = { declined: 0, same: 0, other: 0, slowest: 0 };
  let slowest = '';
  for (let round = 0; round < count; round += 1) {
    const patches = new Map<number, number>();
    for (let change = 0; change <= random(4); change += 1) {
      patches.set(places[random(places.length)]! + random(4), [0, 0xff, 1, random(256)][random(4)]!);
    }
    const started = process.cpuUsage();
    try {
      const fs = DRIVERS.get(victim.type)!(patched(file, patches));
      const digest = digestTree(fs);
      readEverything(fs);
      if (digest === original) outcome.same += 1;
      else {
        outcome.other += 1;
        if (victim.isSealed) t.log(`unnoticed: ${JSON.stringify([...patches])}`);
      }
    } catch (error) {
      if (!(error instanceof Declined)) {
        t.log(`patches ${JSON.stringify([...patches])}`);
        throw error;
      }
      outcome.declined += 1;
    }
    const { user, system } = process.cpuUsage(started);
    const took = (user + system) / 1000;
    if (took > outcome.slowest) slowest = `patches ${JSON.stringify([...patches])}`;
    outcome.slowest = Math.max(outcome.slowest, took);
    if (took > MAX_MILLISECONDS) t.fail(`patches ${JSON.stringify([...patches])} took ${took.toFixed(0)} ms`);
  }
  t.log(
    `${count} mutants: ${outcome.declined} declined, ${outcome.same} unchanged, ${outcome.other} other, slowest ${outcome.slowest.toFixed(0)} ms: ${slowest}`,
  );
  if (victim.isSealed) t.is(outcome.other, 0, 'a change went unnoticed in spite of checksums');
  t.true(outcome.declined > 0);
}

/** Names, links, attributes and holes, and hardly any content: what is not zero is metadata. */
export function makeVictim({ name, type, bytes, make, isDirty, logCycle }: Victim): string {
  const image = emptyImage(`victim-${name}`, bytes);
  command(make[0]!, ...make.slice(1), image);
  if (logCycle !== undefined) command('xfs_db', '-x', '-c', `logformat -c ${logCycle} -s 4096`, image);
  if (type === 'vfat') {
    fillVfat(image);
    return image;
  }
  mounted(image, '', (folder) => fillFolder(folder, type));
  if (isDirty !== true) return image;
  // What is there already is changed in part: the journal of XFS holds no more of a block than that. Another file, as
  // the first may still be mounted in a name space of someone else, and would be read-only there.
  const [filled, copy] = [`${image}.filled`, `${image}.copy`];
  command('cp', '--sparse=always', image, filled);
  mounted(filled, type === 'xfs' ? 'nouuid' : '', (folder) => {
    command('sh', '-c', CHANGES, 'sh', folder);
    command('python3', script('stress.py'), folder, '3', '150');
    copyFileSync(filled, copy);
  });
  return copy;
}

function fillFolder(folder: string, type: string): void {
  const lines = [
    'mkdir -p a/b/c many; touch a/empty; ln -s short a/link',
    // On ext a link of this length is content, which has no checksum.
    ...(type.startsWith('ext') ? [] : ['ln -s "$(head -c 300 /dev/zero | tr "\\0" x)" a/longlink']),
    'for i in $(seq 150); do touch many/file-with-a-long-name-$i; done; ln many/file-with-a-long-name-1 a/b/hard',
    'setfattr -n user.a -v value a/empty; setfattr -n user.b -v "$(head -c 900 /dev/zero | tr "\\0" y)" a/b',
    'truncate -s 1M a/hole; for i in $(seq 0 8 200); do printf z | dd of=a/hole bs=4096 seek=$i conv=notrunc status=none; done',
    'mknod a/device c 1 3; mkfifo a/fifo',
  ];
  command('sh', '-c', `cd ${folder} && ${lines.join(' && ')}`);
}

/** A name that takes another's place, times and modes alone, one name more in a long folder, one extent more. */
const CHANGES = `set -e; cd "$1"; touch new; mv -f new many/file-with-a-long-name-77; chmod 600 a/hole a/empty
touch -d 2001-01-01 a/b/hard a/fifo; touch many/one-more; printf z | dd of=a/hole bs=4096 seek=3 conv=notrunc status=none`;

/** Long and short names, folders of several clusters. Not every kernel mounts FAT, so mtools fills it. */
function fillVfat(image: string): void {
  const folder = `${image}.content`;
  const lines = [
    'mkdir -p a/b/c many; touch a/empty a/UPPER.TXT; printf text > "a/b/a long name with blanks.conf"',
    'for i in $(seq 150); do printf z > many/file-with-a-long-name-$i; done; head -c 100000 /dev/zero > a/zeros',
  ];
  command('sh', '-ec', `mkdir ${folder}; cd ${folder}; ${lines.join('; ')}`);
  command('env', 'LC_ALL=C.UTF-8', 'mcopy', '-s', '-i', image, `${folder}/a`, `${folder}/many`, '::');
}

/** Offsets of the words that are not zero in what a walk reads. */
async function wordsRead(file: BlockView, { type }: Victim): Promise<number[]> {
  const ranges = new Map<number, number>();
  const spied: BlockView = {
    size: file.size,
    read(target, at, length, offset) {
      ranges.set(offset, Math.max(ranges.get(offset) ?? 0, length));
      file.read(target, at, length, offset);
    },
  };
  digestTree(DRIVERS.get(type)!(spied));
  const places = new Set<number>();
  for (const [offset, length] of ranges) {
    const bytes = Buffer.alloc(length);
    file.read(bytes, 0, length, offset);
    for (let at = 0; at + 4 <= length; at += 4) if (bytes.readUInt32LE(at) !== 0) places.add(offset + at);
  }
  return [...places].sort((a, b) => a - b);
}

/** The view with bytes changed: place → value. */
export function patched(file: BlockView, patches: ReadonlyMap<number, number>): BlockView {
  return {
    size: file.size,
    read(target, at, length, offset) {
      file.read(target, at, length, offset);
      for (const [place, value] of patches) {
        if (place >= offset && place < offset + length) target[at + place - offset] = value;
      }
    },
  };
}

function digestTree(fs: NativeFileSystem): string {
  const hash = createHash('sha256');
  for (const { path, node, target } of walkFileSystem(fs, { mountpoint: '/', root: fs.root, covered: new Set() })) {
    const { type, mode, uid, gid, size, allocated, mtime, mtimeNanoseconds, links, device } = node;
    hash.update(
      JSON.stringify([path, type, mode, uid, gid, size, allocated, mtime, mtimeNanoseconds, links, device, target]),
    );
    for (const [name, value] of fs.attributes(node)) hash.update(name).update(value);
    if (node.type === 'file')
      hash.update(JSON.stringify(fs.extents(node).map(({ at, length, offset }) => [at, length, offset])));
  }
  return hash.digest('hex');
}

const MAX_CONTENT = 64 * MIB;

function readEverything(fs: NativeFileSystem): void {
  const ids: number[] = [];
  for (const { node } of walkFileSystem(fs, { mountpoint: '/', root: fs.root, covered: new Set() }))
    ids.push(0, node.id);
  let total = 0;
  const spent: Uint8Array[] = [];
  for (const { bytes } of contentBatches([fs], Float64Array.from(ids), undefined, spent)) {
    spent.push(bytes);
    total += bytes.length;
    if (total > MAX_CONTENT) return;
  }
}

/** Numbers below the bound; the same for the same seed. */
function randomSource(seed: number): (bound: number) => number {
  let state = seed >>> 0;
  return (bound) => {
    state = (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9) >>> 0;
    return Math.floor((state / 2 ** 32) * bound);
  };
}
