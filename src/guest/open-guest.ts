import { AppError } from '../errors.js';
import type { MachineSource } from '../model/machine.js';
import type { Progress } from '../model/progress.js';
import type { Guest, GuestOptions } from './guest.js';
import { openLibguestfs } from './libguestfs/open-libguestfs.js';

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
  if (source.root !== undefined) throw notYet();
  return await openLibguestfs(source, options);
}

function notYet(): AppError {
  return new AppError('input-unsupported', 'x', { todo: '' });
}
