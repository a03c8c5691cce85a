import { spawnSync } from 'node:child_process';
import { closeSync, openSync, readSync, rmSync } from 'node:fs';
import type { ExecutionContext } from 'ava';
import { differences, type Seen, seenByReader } from './compare.js';
import { command, emptyImage, kernelView, mounted, openImages, script } from './images.js';

/** A file system that is copied while it is mounted and busy, as a snapshot of a running machine is. */
export interface Crash {
  readonly name: string;
  readonly bytes: number;
  readonly make: readonly string[];
  readonly mount: string;
  readonly rounds: number;
  /** Freeze it first, as a quiesced snapshot does. */
  readonly isFrozen?: boolean;
}

const MIB = 2 ** 20;
const ext = (name: string, mount: string, ...options: string[]): Crash => ({
  name,
  bytes: 320 * MIB,
  make: ['mkfs.ext4', '-q', '-F', ...options],
  mount: ['commit=300', mount].filter((option) => option !== '').join(','),
  rounds: 3,
});
const xfs = (name: string, ...options: string[]): Crash => ({
  name,
  bytes: 400 * MIB,
  make: ['mkfs.xfs', '-q', ...options],
  mount: '',
  rounds: 3,
});

export const CRASHES: readonly Crash[] = [
  ext('ext4', ''),
  ext('ext4-1k', '', '-b', '1024'),
  ext('ext4-data-journal', 'data=journal'),
  ext('ext4-no-checksums', '', '-O', '^metadata_csum'),
  ext('ext4-orphan-file', '', '-O', 'orphan_file'),
  ext('ext4-short-journal', '', '-J', 'size=4'),
  ext('ext3', '', '-t', 'ext3'),
  xfs('xfs'),
  xfs('xfs-no-bigtime', '-m', 'bigtime=0'),
  xfs('xfs-1k', '-b', 'size=1024'),
  xfs('xfs-64k-folders', '-n', 'size=65536'),
  // Records of more than 32 KiB have further headers; a stripe of the log fills records up.
  { ...xfs('xfs-large-records', '-l', 'su=65536'), mount: 'logbsize=256k' },
  { ...xfs('xfs-frozen'), isFrozen: true },
  { ...ext('ext4-frozen', ''), isFrozen: true },
];

/** Compares what we make of the copy with what the kernel makes of it when it recovers it. */
export async function recoversAsKernel(t: ExecutionContext, crash: Crash, operations: number): Promise<void> {
  const image = emptyImage(`crash-${crash.name}`, crash.bytes);
  command(crash.make[0]!, ...crash.make.slice(1), image);
  const copies = mounted(image, crash.mount, (folder) =>
    Array.from({ length: crash.rounds }, (_, round) => {
      // The first copy also holds all that populate.py knows: trees of extents, values of attributes in blocks.
      if (round === 0) command('python3', script('populate.py'), folder, 'small');
      command('python3', script('stress.py'), folder, String(round), String(operations));
      if (crash.isFrozen === true) command('fsfreeze', '-f', folder);
      const copy = `${image}.${round}`;
      copyAtOnce(image, copy);
      if (crash.isFrozen === true) command('fsfreeze', '-u', folder);
      return copy;
    }),
  );
  // Space for them is memory.
  rmSync(image);
  for (const copy of copies) {
    if (crash.isFrozen !== true) t.true(isDirty(copy), 'there is nothing to recover');
    const guest = await openImages([copy]);
    const actual = await seenByReader(guest.fs);
    await guest.close();
    // A loop device for a read-only mount is read-only, too, so the copy is recovered by mounting it once.
    const uuid = crash.make[0] === 'mkfs.xfs' ? ',nouuid' : '';
    mounted(copy, `noatime${uuid}`, () => {});
    const expected: Map<string, Seen> = kernelView(copy, `ro${uuid}`);
    t.true(expected.size > 100, `only ${expected.size} entries`);
    t.deepEqual(differences(expected, actual).slice(0, 20), []);
    rmSync(copy);
  }
}

/**
 * A copy of one moment, as a crash leaves it: the kernel writes back while a copy is made, on a busy host for seconds,
 * and a mixture of two moments is no state that any machine was in.
 */
function copyAtOnce(image: string, copy: string): void {
  for (let tries = 0; tries < 20; tries += 1) {
    command('cp', '--sparse=always', image, copy);
    if (spawnSync('cmp', ['-s', image, copy]).status === 0) return;
  }
  throw new Error(`${image} changed while it was copied, again and again`);
}

/** Of ext: the feature bit says so. XFS writes its log as it goes, and says nothing. */
function isDirty(image: string): boolean {
  const head = Buffer.alloc(2048);
  const file = openSync(image, 'r');
  readSync(file, head, 0, head.length, 0);
  closeSync(file);
  return head.readUInt16LE(1024 + 0x38) !== 0xef53 || (head.readUInt32LE(1024 + 0x60) & 4) !== 0;
}
