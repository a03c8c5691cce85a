import { rmSync } from 'node:fs';
import type { ExecutionContext } from 'ava';
import { differences, seenByReader } from './compare.js';
import { command, emptyImage, kernelView, openImages, populate } from './images.js';

/** One way to make a file system, and what the host's kernel needs to mount it. */
export interface Variant {
  readonly name: string;
  readonly bytes: number;
  readonly make: readonly string[];
  readonly mount?: string;
}

const MIB = 2 ** 20;
const ext = (name: string, ...options: string[]): Variant => ({
  name,
  bytes: 320 * MIB,
  make: ['mkfs.ext4', '-q', '-F', ...options],
});
const xfs = (name: string, ...options: string[]): Variant => ({
  name,
  bytes: 400 * MIB,
  make: ['mkfs.xfs', '-q', ...options],
});
const btrfs = (name: string, mount: string, ...options: string[]): Variant => ({
  name,
  bytes: 400 * MIB,
  make: ['mkfs.btrfs', '-q', ...options],
  mount,
});

export const EXT_VARIANTS: readonly Variant[] = [
  ext('ext4'),
  ext('ext3', '-t', 'ext3'),
  ext('ext2', '-t', 'ext2'),
  ext('ext2-revision-0', '-t', 'ext2', '-r', '0'),
  ext('ext4-128-byte-inodes', '-I', '128'),
  ext('ext4-1k', '-b', '1024'),
  ext('ext4-2k', '-b', '2048'),
  ext('ext4-inline-256', '-O', 'inline_data'),
  ext('ext4-inline-512', '-O', 'inline_data', '-I', '512'),
  ext('ext4-bigalloc', '-O', 'bigalloc', '-C', '16384'),
  ext('ext4-1k-bigalloc', '-b', '1024', '-O', 'bigalloc', '-C', '16384'),
  ext('ext4-attribute-inodes', '-O', 'ea_inode'),
  ext('ext4-meta-groups', '-O', 'meta_bg,^resize_inode'),
  ext('ext4-sparse-super2', '-O', 'meta_bg,sparse_super2,^resize_inode', '-b', '1024'),
  ext('ext4-small-descriptors', '-O', '^64bit'),
  ext('ext4-no-checksums', '-O', '^metadata_csum'),
  ext('ext4-checksum-seed', '-O', 'metadata_csum_seed'),
  ext('ext4-no-extents', '-O', '^extents,^64bit,^metadata_csum'),
  ext('ext4-no-journal', '-O', '^has_journal'),
  ext('ext4-no-index', '-O', '^dir_index'),
  ext('ext4-no-types', '-O', '^filetype'),
  ext('ext4-orphan-file', '-O', 'orphan_file'),
  ext('ext4-no-flex-groups', '-O', '^flex_bg'),
];

export const XFS_VARIANTS: readonly Variant[] = [
  xfs('xfs'),
  xfs('xfs-no-bigtime', '-m', 'bigtime=0'),
  xfs('xfs-1k', '-b', 'size=1024'),
  xfs('xfs-512', '-b', 'size=1024', '-i', 'size=512'),
  xfs('xfs-2k-inodes', '-i', 'size=2048'),
  xfs('xfs-64k-folders', '-n', 'size=65536'),
  xfs('xfs-8k-folders', '-n', 'size=8192'),
  xfs('xfs-no-sparse-inodes', '-i', 'sparse=0'),
  xfs('xfs-wide-counters', '-i', 'nrext64=1'),
  xfs('xfs-4k-sectors', '-s', 'size=4096'),
  xfs('xfs-no-reverse-map', '-m', 'rmapbt=0,reflink=0,finobt=0'),
];

export const BTRFS_VARIANTS: readonly Variant[] = [
  btrfs('btrfs', ''),
  btrfs('btrfs-zlib', 'compress-force=zlib'),
  btrfs('btrfs-lzo', 'compress-force=lzo'),
  btrfs('btrfs-zstd', 'compress-force=zstd'),
  btrfs('btrfs-4k-nodes', '', '-n', '4096', '-m', 'single'),
  btrfs('btrfs-mixed', '', '--mixed'),
  btrfs('btrfs-holes', '', '-O', '^no-holes'),
  btrfs('btrfs-old-refs', 'compress=zstd', '-O', '^extref,^skinny-metadata'),
];

/** Makes and fills the variant, then compares every field of every entry with what the kernel shows. */
export async function agreesWithKernel(t: ExecutionContext, variant: Variant, size: 'small' | 'full'): Promise<void> {
  const image = emptyImage(variant.name, variant.bytes * (size === 'full' ? 2 : 1));
  command(variant.make[0]!, ...variant.make.slice(1), image);
  populate(image, variant.mount, size);
  const guest = await openImages([image]);
  t.teardown(guest.close);
  const actual = await seenByReader(guest.fs);
  const expected = kernelView(image);
  t.true(expected.size > 1500, `only ${expected.size} entries`);
  t.deepEqual(differences(expected, actual).slice(0, 20), []);
  t.is(actual.size, expected.size);
  rmSync(image);
}
