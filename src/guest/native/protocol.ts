import type { ErrorPlace } from '../../errors.js';
import type { Problem } from '../../model/evidence.js';
import type { DiskImage, FileSystem } from '../../model/machine.js';
import type { DigestAlgorithm } from '../../model/packages.js';

import type { BridgeAccess, BridgeRequest } from './bridge-view.js';

/**
 * What the reader's worker is asked, and what it answers: one answer to each request. `open` and `stream` have answers
 * in pieces, each asked for by `next`, so that no more than a few are under way.
 */

/** What the worker reads. */
export interface MachineDisks {
  readonly disks: readonly DiskImage[];
  readonly root?: string;
  /** Access to those disks that the main thread reads, by index. */
  readonly bridged: ReadonlyMap<number, BridgeAccess>;
}

/** A file or folder as the worker knows it: which file system, which inode. */
export interface FileKey {
  readonly fileSystem: number;
  readonly id: number;
}

export type Request =
  | { readonly kind: 'open'; readonly machine: MachineDisks }
  | { readonly kind: 'read'; readonly keys: readonly FileKey[]; readonly maxTotal: number }
  | { readonly kind: 'stream'; readonly keys: EncodedKeys; readonly digests?: EncodedDigests }
  /** `spent`: memory of an earlier batch, for another. */
  | { readonly kind: 'next'; readonly spent?: Uint8Array };

/** Keys of many files: file system and id in turn. */
export type EncodedKeys = Float64Array;

/** For each key, a bit for each of {@link DIGEST_ALGORITHMS} that is wanted of its content. */
export type EncodedDigests = Uint8Array;

export const DIGEST_ALGORITHMS: readonly DigestAlgorithm[] = ['md5', 'sha1', 'sha224', 'sha256', 'sha384', 'sha512'];

export type Reply =
  | { readonly kind: 'entries'; readonly batch: EntryBatch }
  | { readonly kind: 'opened'; readonly filesystems: readonly FileSystem[]; readonly problems: readonly Problem[] }
  /** One after the other in `bytes`; null for what was not read. */
  | { readonly kind: 'contents'; readonly bytes: Uint8Array; readonly lengths: readonly (number | null)[] }
  | { readonly kind: 'batch'; readonly batch: ContentBatch | null }
  | { readonly kind: 'error'; readonly error: SentError };

/** Between an answer and the next the worker may ask for bytes of a disk. */
export type Message = Reply | BridgeRequest;

/** An error on its way through the message port. */
export interface SentError {
  /** `declined`: the other reader may try. `app`: the machine's own fault. `fault`: neither was foreseen. */
  readonly kind: 'declined' | 'app' | 'fault';
  readonly code?: string;
  readonly message: string;
  readonly where?: ErrorPlace;
  readonly todo?: string;
  readonly detail?: string;
}

/** Entries in columns: objects would be copied one by one. */
export interface EntryBatch {
  readonly paths: readonly string[];
  /** Targets of the symbolic links, in order. */
  readonly targets: readonly string[];
  /** {@link NUMBERS_PER_ENTRY} for each entry. */
  readonly numbers: Float64Array;
}

export const NUMBERS_PER_ENTRY = 13;

/** Content and attributes of files, in the order of the disk. A large file goes on in the next batch. */
export interface ContentBatch {
  readonly items: readonly ContentItem[];
  readonly bytes: Uint8Array;
}

export interface ContentItem {
  /** Index among the keys that were asked for. */
  readonly key: number;
  /** Only with the first item of a file. */
  readonly attributes?: readonly (readonly [string, Uint8Array])[];
  /** Offset in the file, start in `bytes`, length; in turn. */
  readonly runs: readonly number[];
  /** Whether the file ends with this item. */
  readonly isLast: boolean;
  /** Hex, with the last item of a file of which digests are wanted. */
  digests?: readonly (readonly [DigestAlgorithm, string])[];
}
