import { statfs } from 'node:fs/promises';
import { AppError } from '../errors.js';

/**
 * To be asked before a step that writes much, so that it is not begun in vain. Holes of sparse files are not written and
 * do not count.
 * @param what Whatever needs the room, as a plural that begins the message.
 * @throws AppError `disk-space`.
 */
export async function requireSpace(folder: string, bytes: number, what: string): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  if (bavail * bsize >= bytes) return;
  throw new AppError('disk-space', `${what} need up to ${bytes} bytes, and ${bavail * bsize} are free`, {
    where: { path: folder },
    todo: 'Free some room, or name folders on a larger disk with --output and --work-dir.',
  });
}
