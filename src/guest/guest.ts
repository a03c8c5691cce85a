import type { Problem } from '../model/evidence.js';
import type { GuestFs } from '../model/guest-fs.js';
import type { FileSystem } from '../model/machine.js';

/** A guest that is open for reading, whichever reader opened it. */
export interface Guest {
  readonly fs: GuestFs;
  readonly filesystems: readonly FileSystem[];
  /** What the reader could not do or had to decide. */
  readonly problems: readonly Problem[];
  /** The reader that opened it, and its versions (for `run` in the report). */
  readonly reader: 'libguestfs' | 'native' | 'folder' | 'tar' | 'layers' | 'memory';
  /** Ends every process and removes every temporary file that reading needed. Idempotent. */
  close(): Promise<void>;
}

export interface GuestOptions {
  /** The device of the system to read when there are several. */
  readonly root?: string;
  /** Keys of encrypted devices; the secrets never appear on a command line. */
  readonly keys: readonly { readonly device: string; readonly secret: Buffer }[];
  /** Stops the work; everything is ended and removed. */
  readonly signal?: AbortSignal;
}
