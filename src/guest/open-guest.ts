import { AppError } from '../errors.js';
import type { MachineSource } from '../model/machine.js';
import type { Progress } from '../model/progress.js';
import { chooseAcceleration } from '../tools/acceleration.js';
import { openFolder } from './folder/open-folder.js';
import type { Guest, GuestOptions } from './guest.js';
import { openLibguestfs } from './libguestfs/open-libguestfs.js';
import { openNative } from './native/open-native.js';
import { openTar } from './tar/open-tar.js';

/** `auto`: our own reader where KVM is not known to work and everything on the disks is understood. */
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
  const { progress, signal, reader } = options;
  if (source.root !== undefined) {
    progress.step(source.name, 'reading metadata', undefined, 'entries');
    return source.root.kind === 'folder'
      ? await openFolder(source.root.path)
      : await openTar(source.root.path, signal === undefined ? {} : { signal });
  }
  if (reader === 'native') return await openNative(source, options);
  if (reader === 'auto' && (await isApplianceSlow())) {
    const guest = await openNativeIfUnderstood(source, options);
    if (guest !== null) return guest;
  }
  return await openLibguestfs(source, options);
}

async function isApplianceSlow(): Promise<boolean> {
  const { acceleration, onTrial } = await chooseAcceleration();
  return acceleration === 'emulation' || onTrial;
}

async function openNativeIfUnderstood(source: MachineSource, options: OpenGuestOptions): Promise<Guest | null> {
  try {
    const guest = await openNative(source, options);
    options.progress.note(`${source.name}: read without an appliance, because there is no KVM that is known to work`);
    return guest;
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'native-declined') throw error;
    options.progress.note(`${source.name}: read with libguestfs, because ${lowerFirst(error.message)}`);
    return null;
  }
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
