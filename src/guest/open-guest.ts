import { AppError } from '../errors.js';
import type { MachineSource } from '../model/machine.js';
import type { Progress } from '../model/progress.js';
import { chooseAcceleration } from '../tools/acceleration.js';
import { openFolder } from './folder/open-folder.js';
import type { Guest, GuestOptions } from './guest.js';
import { openLibguestfs } from './libguestfs/open-libguestfs.js';
import { openNative } from './native/open-native.js';
import { isReadNatively, type Reader } from './reader-choice.js';
import { openTar } from './tar/open-tar.js';

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
  if (await isReadNatively(reader)) {
    try {
      return await openNative(source, options);
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== 'native-declined') throw error;
      progress.note(`${source.name}: ${error.message}; libguestfs reads it instead.`);
    }
  }
  return await openLibguestfs(source, options);
}

/** What `--reader auto` takes for a machine. */
export interface ReaderChoice {
  readonly reader: Guest['reader'];
  readonly reason: string;
}

/**
 * Says which reader `auto` would take, and why; all metadata is read for that, and no appliance is started.
 * @throws AppError as the in-process reader does, for what is no matter of the reader.
 */
export async function explainReader(
  source: MachineSource,
  options: GuestOptions & { readonly progress: Progress },
): Promise<ReaderChoice> {
  if (source.root !== undefined) return { reader: source.root.kind, reason: 'no disk is to be read' };
  let refusal: string | undefined;
  let types = '';
  try {
    const guest = await openNative(source, options);
    const mounted = guest.filesystems.filter(({ mountpoint }) => mountpoint !== null);
    types = [...new Set(mounted.map(({ type }) => type))].join(', ');
    await guest.close();
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'native-declined') throw error;
    refusal = error.message;
  }
  const { acceleration, onTrial } = await chooseAcceleration();
  if (refusal !== undefined) return { reader: 'libguestfs', reason: refusal };
  if (acceleration === 'kvm' && !onTrial)
    return { reader: 'libguestfs', reason: `KVM works here; the reader without an appliance knows ${types}, too` };
  const kvm = acceleration === 'kvm' ? 'KVM was not yet seen to work here' : 'KVM does not work here';
  return { reader: 'native', reason: `${kvm}, and all of the machine is understood (${types})` };
}
