import { execFileSync } from 'node:child_process';
import { readFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { sourceOf } from '../../../src/disk/byte-source.js';
import { findStructures } from '../../../src/disk/formats/raw-structures.js';
import { MIB, partitionTable, temporaryFolder } from '../sample.js';

/** The first bytes of a disk, with these written into them. */
function disk(...parts: readonly [offset: number, bytes: Buffer | string][]): Buffer {
  const image = Buffer.alloc(128 * 1024);
  for (const [offset, bytes] of parts) Buffer.from(bytes as string, 'latin1').copy(image, offset);
  return image;
}

const le64 = (value: bigint): Buffer => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(value);
  return bytes;
};

const be64 = (value: bigint): Buffer => Buffer.from(le64(value)).reverse();

const ends = test.macro({
  title: (_, what: string) => `the end of ${what}`,
  async exec(t, _what: string, image: Buffer, expected: readonly { name: string; end: number | null }[]) {
    t.deepEqual(await findStructures(sourceOf(image)), [...expected]);
  },
});

test(ends, 'nothing', disk(), []);
test(ends, 'partitions', partitionTable(8 * MIB), [{ name: 'partition 1', end: 8 * MIB }]);
test(ends, 'a GPT', disk([0, partitionTable(8 * MIB)], [512, 'EFI PART'], [544, le64(16383n)]), [
  { name: 'GPT partition table (its copy at the end)', end: 8 * MIB },
]);
test(ends, 'a GPT with sectors of 4 KiB', disk([4096, 'EFI PART'], [4128, le64(2047n)]), [
  { name: 'GPT partition table (its copy at the end)', end: 8 * MIB },
]);
test(ends, 'a GPT beyond all numbers', disk([512, 'EFI PART'], [544, le64(2n ** 64n - 2n)]), [
  { name: 'GPT partition table (its copy at the end)', end: null },
]);
test(ends, 'XFS', disk([0, 'XFSB\0\0\x10\0'], [8, be64(512n)]), [{ name: 'XFS file system', end: 2 * MIB }]);
test(ends, 'btrfs', disk([0x10040, '_BHRfS_M'], [0x100d1, le64(BigInt(2 * MIB))]), [
  { name: 'btrfs file system', end: 2 * MIB },
]);
test(ends, 'an LVM volume', disk([512, 'LABELONE'], [532, '\x20\0\0\0'], [576, le64(BigInt(3 * MIB))]), [
  { name: 'LVM physical volume', end: 3 * MIB },
]);
test(ends, 'an LVM volume with its label in nowhere', disk([512, 'LABELONE'], [532, '\xff\xff\xff\xff']), [
  { name: 'LVM physical volume', end: null },
]);

test('the end of ext4 is where mke2fs put it', async (t) => {
  const path = join(await temporaryFolder(t), 'ext4.img');
  await writeFile(path, '');
  await truncate(path, 16 * MIB);
  execFileSync('mke2fs', ['-q', '-t', 'ext4', '-F', path, '12M'], {
    env: { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin` },
  });
  t.deepEqual(await findStructures(sourceOf(await readFile(path))), [{ name: 'ext file system', end: 12 * MIB }]);
});
