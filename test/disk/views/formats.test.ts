import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { Declined } from '../../../src/disk/views/faults.js';
import { openDiskView } from '../../../src/disk/views/open-view.js';
import { type BlockView, readBytes } from '../../../src/disk/views/view.js';
import type { BlockNode, DiskImage } from '../../../src/model/machine.js';

// A pattern with data, zeros and holes, 9 MiB and an odd number of sectors; every image is made of it by qemu-img.
const SIZE = 9 * 2 ** 20 + 7 * 512;
const folder = realpathSync(mkdtempSync(join(tmpdir(), 'views-')));
const source = join(folder, 'source.raw');
const pattern = makePattern();
writeFileSync(source, pattern);
test.after.always(() => rmSync(folder, { recursive: true, force: true }));

const file = (path: string): BlockNode => ({ driver: 'file', filename: path });
const image = (node: BlockNode): DiskImage => ({
  path: '',
  realPath: '',
  format: 'raw',
  virtualSize: SIZE,
  allocatedSize: 0,
  files: readdirSync(folder).map((name) => join(folder, name)),
  node,
});
const qemuImg = (...args: string[]): void => void execFileSync('qemu-img', args, { stdio: 'pipe' });

const converted = test.macro({
  exec(t, driver: string, options: readonly string[]) {
    const path = join(folder, `${t.title.replace(/\W+/g, '-')}.img`);
    qemuImg('convert', '-f', 'raw', '-O', driver, ...options, source, path);
    const disk = openDiskView(image({ driver, file: file(path) }));
    t.teardown(disk.close);
    t.is(digest(readAll(disk.view)), digest(pattern));
    for (const [offset, length] of SCATTERED) {
      // Not deepEqual, which takes seconds for a megabyte.
      t.true(readBytes(disk.view, offset, length).equals(pattern.subarray(offset, offset + length)), `at ${offset}`);
    }
  },
  title: (_, driver: string, options: readonly string[]) =>
    `${driver} ${options.join(' ')} reads as what it was made of`,
});
test(converted, 'raw', []);
test(converted, 'qcow2', []);
test(converted, 'qcow2', ['-c']);
test(converted, 'qcow2', ['-o', 'compat=0.10,cluster_size=512']);
test(converted, 'qcow2', ['-c', '-o', 'cluster_size=2M']);
test(converted, 'qcow2', ['-c', '-o', 'cluster_size=512']);
test(converted, 'qcow2', ['-o', 'cluster_size=4k,preallocation=metadata,refcount_bits=1']);
test(converted, 'qcow2', ['-o', 'lazy_refcounts=on,preallocation=full,refcount_bits=64']);
test(converted, 'vmdk', ['-o', 'subformat=monolithicSparse']);
test(converted, 'vmdk', ['-o', 'subformat=monolithicSparse,zeroed_grain=on']);
test(converted, 'vmdk', ['-o', 'subformat=monolithicFlat']);
test(converted, 'vmdk', ['-o', 'subformat=twoGbMaxExtentSparse']);
test(converted, 'vmdk', ['-o', 'subformat=twoGbMaxExtentFlat']);
test(converted, 'vmdk', ['-o', 'subformat=streamOptimized']);

test('a qcow2 overlay shows its own clusters over those of a shorter backing file', (t) => {
  const base = join(folder, 'base.qcow2');
  const top = join(folder, 'top.qcow2');
  qemuImg('convert', '-f', 'raw', '-O', 'qcow2', source, base);
  qemuImg('create', '-f', 'qcow2', '-b', base, '-F', 'qcow2', top, String(SIZE + 2 ** 20));
  execFileSync('qemu-io', ['-c', 'write -P 7 65536 1000', '-c', 'write -z 1M 64k', top], { stdio: 'pipe' });
  const expected = Buffer.concat([pattern, Buffer.alloc(2 ** 20)]);
  expected.fill(7, 65536, 66536).fill(0, 2 ** 20, 2 ** 20 + 65536);
  const node = { driver: 'qcow2', file: file(top), backing: { driver: 'qcow2', file: file(base) } };
  const disk = openDiskView(image(node));
  t.is(digest(readAll(disk.view)), digest(expected));
  disk.close();
  t.throws(() => openDiskView(image({ driver: 'qcow2', file: file(top) })), { instanceOf: Declined });
});

test('a qcow2 shows its active state, whatever its snapshots and bitmaps hold', (t) => {
  const path = join(folder, 'snapshots.qcow2');
  qemuImg('convert', '-f', 'raw', '-O', 'qcow2', source, path);
  qemuImg('snapshot', '-c', 'first', path);
  execFileSync('qemu-io', ['-c', 'write -P 3 0 1M', '-c', 'write -P 4 7M 64k', path], { stdio: 'pipe' });
  qemuImg('snapshot', '-c', 'second', path);
  qemuImg('bitmap', '--add', path, 'day');
  const expected = Buffer.from(pattern).fill(3, 0, 2 ** 20);
  expected.fill(4, 7 * 2 ** 20, 7 * 2 ** 20 + 65536);
  const changed = openDiskView(image({ driver: 'qcow2', file: file(path) }));
  t.is(digest(readAll(changed.view)), digest(expected));
  changed.close();
  qemuImg('bitmap', '--remove', path, 'day');
  qemuImg('snapshot', '-a', 'first', path);
  const reverted = openDiskView(image({ driver: 'qcow2', file: file(path) }));
  t.is(digest(readAll(reverted.view)), digest(pattern));
  reverted.close();
});

test('a VMDK delta shows its parent where it holds nothing', (t) => {
  const base = join(folder, 'parent.vmdk');
  const top = join(folder, 'delta.vmdk');
  qemuImg('convert', '-f', 'raw', '-O', 'vmdk', source, base);
  qemuImg('create', '-f', 'vmdk', '-b', base, '-F', 'vmdk', top);
  execFileSync('qemu-io', ['-c', 'write -P 9 3M 512', top], { stdio: 'pipe' });
  const expected = Buffer.from(pattern).fill(9, 3 * 2 ** 20, 3 * 2 ** 20 + 512);
  const node = { driver: 'vmdk', file: file(top), backing: { driver: 'vmdk', file: file(base) } };
  const disk = openDiskView(image(node));
  t.teardown(disk.close);
  t.is(digest(readAll(disk.view)), digest(expected));
});

test('a file that the disk room has not checked is not opened', (t) => {
  const disk = { ...image(file(source)), files: [] };
  t.throws(() => openDiskView(disk), { instanceOf: Declined, message: /not checked/ });
});

test('formats that only QEMU reads are declined by name', (t) => {
  t.throws(() => openDiskView(image({ driver: 'vhdx', file: file(source) })), { message: /vhdx/ });
});

const SCATTERED = [
  [0, 1],
  [511, 2],
  [65535, 70000],
  [2 ** 20 - 3, 2 ** 20],
  [SIZE - 513, 513],
] as const;

function makePattern(): Buffer {
  const bytes = Buffer.alloc(SIZE);
  let state = 1;
  for (let at = 0; at < SIZE; at += 4096) {
    // Every seventh block stays a hole, every fifth compresses well.
    if ((at / 4096) % 7 === 0) continue;
    for (let index = at; index < Math.min(at + 4096, SIZE); index += 1) {
      state = (Math.imul(state, 1103515245) + 12345) >>> 0;
      bytes[index] = (at / 4096) % 5 === 0 ? 0x55 : state >>> 24;
    }
  }
  return bytes.fill(0, 4 * 2 ** 20, 6 * 2 ** 20);
}

function readAll(view: BlockView): Buffer {
  return readBytes(view, 0, view.size);
}

function digest(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
