import type { Acceleration } from '../acceleration.js';
import type { Guard } from '../guard.js';

/**
 * One running appliance of libguestfs: guestfish(1) as a server (`--listen`), one short client process for each call.
 * Arguments of a call are passed as they are, never parsed again; a call that fails leaves the server running (the `-`
 * before the command). Calls wait for each other.
 */
export interface Appliance {
  /** Calls made so far, the launch included. */
  readonly calls: number;
  /** Runs a command of guestfish. @returns what it printed. @throws AppError `appliance-failed`, `appliance-timeout`. */
  call(command: string, args: readonly string[], options?: CallOptions): Promise<Buffer>;
  /** Runs a command that writes to standard output (`-` as its file name) and passes its bytes on as they come. */
  stream(command: string, args: readonly string[], options?: StreamOptions): AsyncGenerator<Buffer>;
  /** Writes a file of the appliance: `path` is below its sysroot. */
  upload(content: Uint8Array, path: string): Promise<void>;
  /** As `upload`, by way of the host's memory rather than its disk. */
  uploadSecret(content: Uint8Array, path: string): Promise<void>;
  /** Ends the appliance at once and removes its files. Idempotent. */
  close(): Promise<void>;
}

export interface CallOptions {
  /** Default 120 s: an emulated appliance on a busy host is slow. */
  readonly timeoutMs?: number;
  /** More output than this is an error. Default 64 MiB. */
  readonly maxBytes?: number;
}

export interface StreamOptions {
  /** How long no byte may come while we wait for one. Default 120 s. */
  readonly idleTimeoutMs?: number;
}

export interface ApplianceOptions {
  /** `nbd://?socket=…` of each disk, in the order of the machine. */
  readonly disks: readonly string[];
  readonly acceleration: Acceleration;
  /** From the start of QEMU to an appliance that answers. What is built before, once for a host, does not count. */
  readonly launchTimeoutMs: number;
  readonly guard: Guard;
  readonly signal?: AbortSignal;
}
