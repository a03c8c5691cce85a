import { constants, type Stats } from 'node:fs';
import { type FileHandle, lstat, open, realpath } from 'node:fs/promises';
import { AppError } from '../errors.js';
import type { ByteSource } from './byte-source.js';
import { notADisk } from './failures.js';

/** A regular file of the host, open for reading. */
export interface HostFile extends ByteSource {
  readonly realPath: string;
  /** Bytes allocated on the host. */
  readonly allocated: number;
  close(): Promise<void>;
}

/**
 * Opens a regular file and nothing else: a FIFO would block, a device or socket may act when it is opened, so the type
 * is looked at first, and again on what was opened.
 * @throws AppError `input-missing`, `input-unreadable`, `input-not-a-disk`.
 */
export async function openHostFile(path: string, disk: string = path): Promise<HostFile> {
  const { realPath, stats } = await lookAt(path, disk);
  if (!stats.isFile()) throw notRegular(stats, path, disk);
  let handle: FileHandle;
  try {
    handle = await open(realPath, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW);
  } catch (cause) {
    throw hostFailure(cause, path, disk);
  }
  const opened = await handle.stat();
  if (!opened.isFile()) {
    await handle.close();
    throw notRegular(opened, path, disk);
  }
  return {
    realPath,
    size: opened.size,
    allocated: opened.blocks * 512,
    read: (offset, length) => readAt(handle, offset, length, opened.size, path, disk),
    close: () => handle.close(),
  };
}

/** The real path and type of what the path names, symbolic links followed; nothing is opened. */
export async function lookAt(path: string, disk: string = path): Promise<{ realPath: string; stats: Stats }> {
  if (path.includes('\0')) throw hostFailure({ code: 'ENOENT' }, path.replaceAll('\0', '?'), disk);
  try {
    const realPath = await realpath(path);
    return { realPath, stats: await lstat(realPath) };
  } catch (cause) {
    throw hostFailure(cause, path, disk);
  }
}

/** What kind of thing a path is, for messages. */
export function kindOf(stats: Stats): string {
  if (stats.isDirectory()) return 'a folder';
  if (stats.isFIFO()) return 'a named pipe';
  if (stats.isSocket()) return 'a socket';
  if (stats.isBlockDevice()) return 'a block device';
  if (stats.isCharacterDevice()) return 'a character device';
  return 'not a regular file';
}

async function readAt(
  handle: FileHandle,
  offset: number,
  length: number,
  size: number,
  path: string,
  disk: string,
): Promise<Buffer> {
  const wanted = Math.max(0, Math.min(length, size - offset));
  const buffer = Buffer.allocUnsafe(wanted);
  let filled = 0;
  try {
    while (filled < wanted) {
      const { bytesRead } = await handle.read(buffer, filled, wanted - filled, offset + filled);
      if (bytesRead === 0) break;
      filled += bytesRead;
    }
  } catch (cause) {
    throw hostFailure(cause, path, disk);
  }
  return buffer.subarray(0, filled);
}

function notRegular(stats: Stats, path: string, disk: string): AppError {
  const which = path === disk ? 'is' : `refers to ${path}, which is`;
  const todo = stats.isBlockDevice()
    ? 'Copy the device into an image file first (dd if=DEVICE of=disk.img bs=4M conv=noerror), then name the file.'
    : 'Name a disk image or a descriptor: a regular file. It was not opened.';
  return notADisk(disk, `${which} ${kindOf(stats)}, not a regular file`, todo);
}

function hostFailure(cause: unknown, path: string, disk: string): AppError {
  const code = (cause as NodeJS.ErrnoException).code ?? 'unknown error';
  const where = { disk, ...(path === disk ? {} : { path }) };
  if (code === 'ENOENT' || code === 'ENOTDIR') {
    return new AppError('input-missing', `${path} does not exist`, {
      where,
      todo: 'Check the path. A relative path starts from the folder the command runs in.',
      cause,
    });
  }
  if (code === 'EACCES' || code === 'EPERM') {
    return new AppError('input-unreadable', `${path} may not be read by this user`, {
      where,
      todo: `Give yourself read access (for example: sudo setfacl -m u:$USER:r ${JSON.stringify(path)}), or run as a user who has it.`,
      cause,
    });
  }
  if (code === 'ELOOP') {
    return new AppError('input-unreadable', `${path} is a symbolic link that leads to itself`, {
      where,
      todo: 'Name the file itself.',
      cause,
    });
  }
  return new AppError('input-unreadable', `${path} cannot be read (${code})`, {
    where,
    todo: 'See whether the storage below it is healthy, and copy the disk elsewhere if it is not.',
    cause,
  });
}
