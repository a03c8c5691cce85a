import type { MachineSource } from '../model/machine.js';
import type { Progress } from '../model/progress.js';
import { openFolder } from './folder/open-folder.js';
import type { Guest, GuestOptions } from './guest.js';
import { openLibguestfs } from './libguestfs/open-libguestfs.js';
import { openTar } from './tar/open-tar.js';

export type Reader = 'auto' | 'libguestfs' | 'native';

export interface OpenGuestOptions extends GuestOptions {
  readonly reader: Reader;
  readonly progress: Progress;
}

/**
 * Opens the machine for reading, by the reader that was asked for; a folder or an archive is read as it is.
 * @throws AppError `guest-…`, and those of the reader. Nothing that was started is left when it throws.
 */
export async function openGuest(source: MachineSource, options: OpenGuestOptions): Promise<Guest> {
  const { progress, signal } = options;
  if (source.root !== undefined) {
    progress.step(source.name, 'Reading metadata', undefined, 'entries');
    return source.root.kind === 'folder'
      ? await openFolder(source.root.path)
      : await openTar(source.root.path, signal === undefined ? {} : { signal });
  }
  return await openLibguestfs(source, options);
}
