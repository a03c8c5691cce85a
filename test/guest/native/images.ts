import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Guest, GuestOptions } from '../../../src/guest/guest.js';
import { openNative } from '../../../src/guest/native/open-native.js';
import type { BlockNode, MachineSource } from '../../../src/model/machine.js';
import { silentProgress } from '../../../src/model/progress.js';
import { type Seen, seenByKernel } from './compare.js';

/** Whether file systems can be made and mounted here: root, loop devices, the tools. */
export const whyNoMount = reasonAgainstMounting();

/** A folder that is gone when the process ends; in memory where possible, as populating syncs hundreds of times. */
export const scratch = realpathSync(mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'native-')));
process.on('exit', () => rmSync(scratch, { recursive: true, force: true }));

export function command(program: string, ...args: string[]): string {
  return execFileSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], maxBuffer: 2 ** 28 });
}

export function emptyImage(name: string, bytes: number): string {
  const path = join(scratch, `${name}.img`);
  writeFileSync(path, '');
  truncateSync(path, bytes);
  return path;
}

/** Mounts an image for as long as `work` takes. */
export function mounted<T>(image: string, options: string, work: (folder: string) => T): T {
  const folder = `${image}.mount`;
  mkdirSync(folder, { recursive: true });
  command('mount', '-o', `loop${options === '' ? '' : `,${options}`}`, image, folder);
  try {
    return work(folder);
  } finally {
    // A program that made a mount namespace of its own meanwhile keeps the file system mounted there beyond this: its
    // journal would stay open, and writes could follow while the image is compared.
    command('mount', '-o', 'remount,ro', folder);
    command('umount', folder);
  }
}

/** Fills a fresh file system with all that populate.py knows. */
export function populate(image: string, options = '', size: 'small' | 'full' = 'small'): void {
  mounted(image, options, (folder) => command('python3', script('populate.py'), folder, size));
}

export function kernelView(image: string, options = 'ro'): Map<string, Seen> {
  return mounted(image, options, seenByKernel);
}

/** The machine whose disks are the given raw images. */
export function machineOf(...images: string[]): MachineSource {
  const disks = images.map((path) => ({
    path,
    realPath: path,
    format: 'raw' as const,
    virtualSize: 0,
    allocatedSize: 0,
    files: [path],
    node: { driver: 'raw', file: { driver: 'file', filename: path } } satisfies BlockNode,
  }));
  return { name: 'test', slug: 'test', argument: '', disks, hardware: {}, problems: [], release: async () => {} };
}

export function openImages(images: readonly string[], options: Partial<GuestOptions> = {}): Promise<Guest> {
  return openNative(machineOf(...images), { keys: [], ...options, progress: silentProgress });
}

export function script(name: string): string {
  return fileURLToPath(new URL(name, import.meta.url));
}

function reasonAgainstMounting(): string | null {
  if (process.getuid?.() !== 0) return 'needs root to mount';
  for (const program of ['losetup', 'mkfs.ext4', 'mkfs.xfs', 'mkfs.btrfs', 'python3']) {
    try {
      command('which', program);
    } catch {
      return `needs ${program}`;
    }
  }
  try {
    command('losetup', '-f');
    return null;
  } catch {
    return 'needs loop devices';
  }
}
