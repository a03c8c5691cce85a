import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { encodePath } from '../../model/path.js';

/** The path on the host, as bytes: names need not be UTF-8. `guestPath` has no links before its last component. */
export function hostPath(folder: string, guestPath: string): Buffer {
  return Buffer.concat([Buffer.from(folder === '/' ? '' : folder), encodePath(guestPath)]);
}

/** Opens a file of the folder that was a regular file when it was listed; a link put in its place since is refused. */
export async function openInFolder(folder: string, guestPath: string): Promise<FileHandle> {
  return await open(hostPath(folder, guestPath), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
}
