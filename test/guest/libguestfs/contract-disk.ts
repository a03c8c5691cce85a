import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { DiskImage, MachineSource } from '../../../src/model/machine.js';
import { buildFolder, CONTRACT_TREE } from '../contract-tree.js';

const CACHE = fileURLToPath(new URL('../../../build/test-guests/', import.meta.url));

/** How guestfish(1) is run here: without KVM, which may hang a launch. */
export const EMULATED = {
  ...process.env,
  LIBGUESTFS_BACKEND: 'direct',
  LIBGUESTFS_BACKEND_SETTINGS: 'force_tcg',
  LC_ALL: 'C',
};

/**
 * A raw disk of 96 MiB with the tree of the contract on an ext4 partition: the folder as a tar, unpacked by guestfish.
 * Kept below build/, by the text of its recipe.
 */
export function contractDisk(): string {
  return guestDisk('contract', 96, JSON.stringify(CONTRACT_TREE), (work) => {
    const tree = join(work, 'tree');
    mkdirSync(tree);
    buildFolder(tree);
    execFileSync('tar', ['-S', '--xattrs', '--format=posix', '-C', tree, '-cf', join(work, 'tree.tar'), '.']);
    return [
      'part-disk /dev/sda mbr',
      'mkfs ext4 /dev/sda1 label:contract',
      'mount /dev/sda1 /',
      `tar-in ${join(work, 'tree.tar')} / xattrs:true`,
      'mknod 0140755 0 0 /odd/socket',
      'utimens /odd 1500000000 0 1500000000 0',
    ];
  });
}

/** A disk made by a script of guestfish's own commands; `recipe` must change when what it depends on does. */
export function guestDisk(
  name: string,
  megabytes: number,
  recipe: string,
  script: (work: string) => readonly string[],
  options: { readonly crashes?: boolean } = {},
): string {
  const key = createHash('sha256')
    .update(`${name} ${megabytes} ${recipe} ${script.toString()}`)
    .digest('hex')
    .slice(0, 16);
  const disk = join(CACHE, `${name}-${key}.raw`);
  if (existsSync(disk)) return disk;
  mkdirSync(CACHE, { recursive: true });
  const work = mkdtempSync(join(tmpdir(), 'guest-disk-'));
  try {
    const unfinished = join(CACHE, `${name}-${key}.${process.pid}`);
    writeFileSync(unfinished, '');
    truncateSync(unfinished, megabytes * 1024 * 1024);
    const input = ['run', ...script(work), ''].join('\n');
    const { status } = spawnSync('guestfish', ['--format=raw', '-a', unfinished], {
      input,
      env: EMULATED,
      timeout: 300_000,
      stdio: ['pipe', 'ignore', options.crashes === true ? 'ignore' : 'inherit'],
    });
    if (status !== 0 && options.crashes !== true) throw new Error(`guestfish could not make ${name}`);
    renameSync(unfinished, disk);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  return disk;
}

/** The machine of raw disks, as the disk room would have found it. */
export function sourceOf(...paths: readonly string[]): MachineSource {
  return {
    name: 'machine',
    slug: 'machine',
    argument: paths.join('+'),
    disks: paths.map(rawDisk),
    hardware: {},
    problems: [],
    async release() {},
  };
}

function rawDisk(path: string): DiskImage {
  return {
    path,
    realPath: path,
    format: 'raw',
    virtualSize: 0,
    allocatedSize: 0,
    files: [path],
    node: { driver: 'raw', file: { driver: 'file', filename: path } },
  };
}
