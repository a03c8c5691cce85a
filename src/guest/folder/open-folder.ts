import { type BigIntStats, lstatSync, readdirSync, readlinkSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { AppError } from '../../errors.js';
import type { Entry, EntryType } from '../../model/entry.js';
import type { Problem } from '../../model/evidence.js';
import { decodePath, displayPath, joinPath } from '../../model/path.js';
import type { Guest } from '../guest.js';
import { Tree } from '../tree.js';
import { FolderGuestFs } from './folder-guest-fs.js';
import { hostPath } from './host-path.js';

/** File systems that hold no files of a machine (statfs(2)): proc, sysfs, devtmpfs and tmpfs, devpts, cgroup 1 and 2. */
const KERNEL_FILE_SYSTEMS = new Set([0x9fa0, 0x62656572, 0x01021994, 0x1cd1, 0x27e0eb, 0x63677270]);
const MAX_ENTRIES = 10_000_000;

/**
 * A folder of the host as the root of a machine: what it holds, as `lstat` tells it. Links are followed in the folder
 * alone; mounts of the kernel below it (`/proc`, …) are shown as empty folders.
 * @throws AppError `input-unreadable`.
 */
export async function openFolder(path: string): Promise<Guest> {
  const problems: Problem[] = [];
  const entries: Entry[] = [];
  const root = statOf(path, '/');
  if (root instanceof Error || !root.isDirectory()) {
    throw new AppError('input-unreadable', `${path} cannot be read as a folder`, {
      where: { path },
      todo: 'Check its name, and that you may read it.',
    });
  }
  const pending: { guestPath: string; device: bigint }[] = [{ guestPath: '/', device: root.dev }];
  entries.push(toEntry('/', 'directory', root));
  while (pending.length > 0) {
    const folder = pending.pop()!;
    for (const name of namesIn(path, folder.guestPath, problems)) {
      const guestPath = joinPath(folder.guestPath, name);
      const stats = statOf(path, guestPath);
      const type = stats instanceof Error ? undefined : typeOf(stats);
      if (stats instanceof Error || type === undefined) {
        problems.push(unreadable(guestPath, stats instanceof Error ? stats.message : 'unknown type'));
        continue;
      }
      if (entries.length >= MAX_ENTRIES) throw tooMany(path);
      const target = type === 'symlink' ? targetOf(path, guestPath) : undefined;
      entries.push({ ...toEntry(guestPath, type, stats), ...(target === undefined ? {} : { target }) });
      if (type !== 'directory') continue;
      const isForeign = stats.dev !== folder.device && (await isOfKernel(hostPath(path, guestPath)));
      if (!isForeign) pending.push({ guestPath, device: stats.dev });
    }
  }
  return {
    fs: new FolderGuestFs(path, new Tree(entries), problems),
    filesystems: [],
    problems,
    reader: 'folder',
    async close() {},
  };
}

function namesIn(folder: string, guestPath: string, problems: Problem[]): string[] {
  try {
    return readdirSync(hostPath(folder, guestPath), { encoding: 'buffer' }).map(decodePath);
  } catch (error) {
    problems.push(unreadable(guestPath, (error as Error).message));
    return [];
  }
}

function statOf(folder: string, guestPath: string): BigIntStats | Error {
  try {
    return lstatSync(hostPath(folder, guestPath), { bigint: true });
  } catch (error) {
    return error as Error;
  }
}

function targetOf(folder: string, guestPath: string): string {
  try {
    return decodePath(readlinkSync(hostPath(folder, guestPath), { encoding: 'buffer' }));
  } catch {
    return '';
  }
}

function typeOf(stats: BigIntStats): EntryType | undefined {
  if (stats.isFile()) return 'file';
  if (stats.isDirectory()) return 'directory';
  if (stats.isSymbolicLink()) return 'symlink';
  if (stats.isCharacterDevice()) return 'character';
  if (stats.isBlockDevice()) return 'block';
  if (stats.isFIFO()) return 'fifo';
  return stats.isSocket() ? 'socket' : undefined;
}

function toEntry(path: string, type: EntryType, stats: BigIntStats): Entry {
  const billion = 1_000_000_000n;
  const nanoseconds = ((stats.mtimeNs % billion) + billion) % billion;
  return {
    path,
    type,
    mode: Number(stats.mode) & 0o7777,
    uid: Number(stats.uid),
    gid: Number(stats.gid),
    size: type === 'file' ? Number(stats.size) : 0,
    allocated: Number(stats.blocks) * 512,
    mtime: Number((stats.mtimeNs - nanoseconds) / billion),
    mtimeNanoseconds: Number(nanoseconds),
    links: Number(stats.nlink),
    fileId: `${stats.dev}:${stats.ino}`,
    ...(type === 'character' || type === 'block' ? { device: deviceNumber(stats.rdev) } : {}),
  };
}

/** As makedev(3) of Linux packs them: 12 bits of major and 20 of minor interleaved, the rest above. */
function deviceNumber(packed: bigint): { major: number; minor: number } {
  const major = ((packed >> 8n) & 0xfffn) | ((packed >> 32n) & ~0xfffn);
  const minor = (packed & 0xffn) | ((packed >> 12n) & ~0xffn);
  return { major: Number(major & 0xffffffffn), minor: Number(minor & 0xffffffffn) };
}

async function isOfKernel(path: Buffer): Promise<boolean> {
  try {
    return KERNEL_FILE_SYSTEMS.has((await statfs(path)).type);
  } catch {
    return false;
  }
}

function unreadable(path: string, reason: string): Problem {
  return { code: 'file-unreadable', path: displayPath(path), reason };
}

function tooMany(path: string): AppError {
  return new AppError('input-unsupported', `${path} holds more than ${MAX_ENTRIES} files`, {
    where: { path },
    todo: 'Name a folder that holds one machine.',
  });
}
