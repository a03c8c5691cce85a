import { AppError } from '../errors.js';
import type { MachineSource } from '../model/machine.js';
import type { Progress } from '../model/progress.js';
import { chooseAcceleration } from '../tools/acceleration.js';
import { openFolder } from './folder/open-folder.js';
import type { Guest, GuestOptions } from './guest.js';
import { openLibguestfs } from './libguestfs/open-libguestfs.js';
import { openNative } from './native/open-native.js';
import { openTar } from './tar/open-tar.js';

/** `auto`: without an appliance where KVM is not known to work, and with one where it works or where that is needed. */
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
  const { reader, progress, signal } = options;
  if (source.root !== undefined) {
    progress.step(source.name, 'Reading metadata', undefined, 'entries');
    return source.root.kind === 'folder'
      ? await openFolder(source.root.path)
      : await openTar(source.root.path, signal === undefined ? {} : { signal });
  }
  if (reader === 'native') return await openNative(source, options);
  if (reader === 'auto' && !(await isKvmKnownToWork())) {
    try {
      return await openNative(source, options);
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== 'native-declined') throw error;
      progress.note(`${source.name}: ${error.message}; libguestfs reads it instead.`);
    }
  }
  return await openLibguestfs(source, options);
}

async function isKvmKnownToWork(): Promise<boolean> {
  const { acceleration, onTrial } = await chooseAcceleration();
  return acceleration === 'kvm' && !onTrial;
}
