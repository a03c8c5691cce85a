import type { Entry, ExtendedAttributes } from './entry.js';
import type { DigestAlgorithm } from './packages.js';
import type { RandomAccess } from './random-access.js';

/**
 * The file tree of one guest as it would see itself: its file systems mounted where its `fstab` says.
 *
 * Metadata is in memory, so questions about it are synchronous. Content is not: {@link GuestFs.readFile} answers for
 * single small files (configuration, databases), {@link GuestFs.stream} passes over the content of the whole tree once.
 * Paths given to a GuestFs may run through symbolic links; they are resolved inside the guest, never outside of it.
 */
export interface GuestFs {
  /** Every entry, parents before children, in the order of `comparePaths`. The first is `/`. */
  entries(): Iterable<Entry>;
  readonly entryCount: number;
  /** The entry at the path after all symbolic links; undefined when absent, dangling or looping (40 hops). */
  stat(path: string): Entry | undefined;
  /** As `stat`, but the last component is not followed. */
  lstat(path: string): Entry | undefined;
  exists(path: string): boolean;
  /** Names in a folder, sorted; empty when there is no such folder. */
  list(path: string): readonly string[];
  /**
   * Content of a regular file (links followed).
   * @throws AppError `guest-file-missing`, `guest-file-too-large` (above `maxBytes`, default 64 MiB), `guest-read-failed`.
   */
  readFile(path: string, options?: { maxBytes?: number }): Promise<Buffer>;
  /**
   * A regular file (links followed) to be read here and there: a large one lies on the host meanwhile, not in memory.
   * @throws AppError as `readFile`, and `disk-space`.
   */
  openFile(path: string, options: { maxBytes: number }): Promise<OpenGuestFile>;
  /**
   * Fetches files into memory for `readFile`, in the order of the paths: what is asked first is best named first. Some
   * readers go on with it after this has returned. Folders count with all that is below them.
   * Files above the size limit and files that are mostly holes stay outside. Paths that do not exist are ignored.
   */
  prefetch(paths: readonly string[]): Promise<void>;
  /**
   * One pass over the tree: `visit` is called once for each entry that `select` chooses (default: all), in the order
   * of the disk, one after the other. Regular files bring their content, which must be consumed or skipped before
   * `visit` resolves. Files with holes bring `segments` instead of zeros.
   * @param digests What the visitor wants to know of a regular file's content. A reader with a thread of its own
   *   computes that there; others leave it to the visitor.
   */
  stream(
    visit: (item: StreamItem) => Promise<void>,
    select?: (entry: Entry) => boolean,
    digests?: (entry: Entry) => ReadonlySet<DigestAlgorithm>,
  ): Promise<void>;
}

export interface OpenGuestFile extends RandomAccess {
  /** Frees what it holds. Idempotent. */
  close(): Promise<void>;
}

export interface StreamItem {
  readonly entry: Entry;
  readonly attributes: ExtendedAttributes;
  /**
   * Content of a regular file as runs of data in rising order; bytes between them are zeros (holes). A hard-linked
   * file brings its content once, at whichever of its names comes first; its other names have no content.
   */
  readonly content?: AsyncIterable<DataRun>;
  /**
   * Present when the reader computes the digests that were asked for: hex by algorithm, holes as zeros, once the content
   * was consumed.
   */
  readonly digests?: () => ReadonlyMap<DigestAlgorithm, string>;
}

export interface DataRun {
  readonly offset: number;
  /** Valid until the next run is asked for; who keeps it copies it. */
  readonly data: Buffer;
}
