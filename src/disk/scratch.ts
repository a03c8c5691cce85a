import { mkdtemp, rm, statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AppError } from '../errors.js';
import { type Guard, startGuard } from '../tools/guard.js';

/** A private folder that comes into being when it is first needed, and goes when we do, however we go. */
export interface Scratch {
  folder(): Promise<string>;
  /** @throws AppError `disk-space` when the file system has no room for so many more bytes. */
  reserve(bytes: number): Promise<void>;
  /** Removes the folder with all that is in it. Idempotent. */
  remove(): Promise<void>;
}

const SPARE_BYTES = 64 * 1024 * 1024;

export function createScratch(parent: string = tmpdir()): Scratch {
  let made: Promise<{ path: string; guard: Guard }> | undefined;
  const folder = async (): Promise<string> => {
    made ??= makeGuarded(parent);
    return (await made).path;
  };
  return {
    folder,
    async reserve(bytes) {
      const place = await folder();
      const { bavail, bsize } = await statfs(place);
      if (bavail * bsize < bytes + SPARE_BYTES) {
        throw new AppError(
          'disk-space',
          `${place} has ${bavail * bsize} bytes free, and ${bytes} are needed to unpack a disk`,
          {
            where: { path: place },
            todo: 'Make room there, or set TMPDIR to a folder on a larger file system.',
          },
        );
      }
    },
    async remove() {
      const place = await made?.catch(() => undefined);
      made = undefined;
      if (place === undefined) return;
      await rm(place.path, { recursive: true, force: true });
      await place.guard.close();
    },
  };
}

async function makeGuarded(parent: string): Promise<{ path: string; guard: Guard }> {
  let path: string;
  try {
    path = await mkdtemp(join(parent, 'vm2docker-image-'));
  } catch (cause) {
    throw new AppError('output-unwritable', `No temporary folder can be made in ${parent}`, {
      where: { path: parent },
      todo: 'Set TMPDIR to a folder that this user may write to.',
      cause,
    });
  }
  const guard = startGuard();
  guard.registerFolder(path);
  return { path, guard };
}
