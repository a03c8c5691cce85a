import type { Entry, ExtendedAttributes } from './entry.js';
import type { FileAspect } from './packages.js';

/** Why a path is left out of the images; the names are those of `--keep`. */
export type ExcludedClass =
  | 'kernel'
  | 'package-cache'
  | 'swap'
  | 'lost+found'
  | 'container-store'
  | 'sparse'
  | 'volatile'
  | 'secret'
  | 'user';

export const EXCLUDED_CLASSES: readonly ExcludedClass[] = [
  'kernel',
  'package-cache',
  'swap',
  'lost+found',
  'container-store',
  'sparse',
  'volatile',
  'secret',
  'user',
];

/**
 * - `unchanged`: belongs to a package, and its content is the packaged one;
 * - `changed`: belongs to a package, and differs from it;
 * - `unverified`: belongs to a package, and nothing tells (no digest recorded, or content not read: `--quick`);
 * - `unowned`: belongs to no package.
 */
export type OwnershipState = 'unchanged' | 'changed' | 'unverified' | 'unowned';

/** One path of the guest, with all that was found out about it. */
export interface FileRecord {
  readonly entry: Entry;
  /** Keys (`packageKey`) of the packages that list the path, sorted. */
  readonly owners: readonly string[];
  readonly configuration: boolean;
  readonly state: OwnershipState;
  /**
   * In what it differs from its package's record, as far as the database tells (rpm, apk, pacman); of ghosts, whose
   * content is nobody's, owner and mode alone. A time alone leaves the state as it is. Absent when nothing differs.
   */
  readonly changes?: readonly FileAspect[];
  /** Its package lists it without bringing it: what lies there, the machine made. */
  readonly ghost?: true;
  readonly excluded?: { readonly class: ExcludedClass; readonly reason: string };
  /** Kind of a secret (`private-key`, `password-hash`, …): its holder can act as somebody else. */
  readonly secret?: string;
  /** Kind of an identity (`machine-id`, `hostname`, …): tells machines apart, gives no power. */
  readonly identity?: string;
}

export interface ContentDigest {
  /** Hex. Of the apparent content: holes count as zeros. */
  readonly sha256: string;
  readonly md5?: string;
}

export interface MissingFile {
  readonly path: string;
  readonly owner: string;
  readonly configuration: boolean;
  /** Why it was never unpacked, when the package manager was told to leave it out. */
  readonly reason?: string;
}

/** A folder whose content is the machine's data rather than its programs: a volume, when it runs as containers. */
export interface DataDirectory {
  readonly path: string;
  readonly kind: string;
  readonly size: number;
  readonly reason: string;
}

export interface FileInventory {
  /** Every path of the guest, in the order of `comparePaths`. */
  readonly records: ReadonlyMap<string, FileRecord>;
  /** By path of a regular file; empty when no content was read. Hard links of one file share one value. */
  readonly digests: ReadonlyMap<string, ContentDigest>;
  /** Extended attributes by path, only of paths that have any; absent when nothing was streamed. */
  readonly attributes?: ReadonlyMap<string, ExtendedAttributes>;
  /** Recorded by a package, absent from the disk. */
  readonly missing: readonly MissingFile[];
  readonly dataDirectories: readonly DataDirectory[];
  /** Regular files with holes (allocated far below size), and files of more than 100 MiB. */
  readonly sparse: readonly Entry[];
  readonly large: readonly Entry[];
  /** Canonical folders whose contents are left out, whatever lies in them: an image may hold what the machine has not. */
  readonly excludedFolders?: ReadonlyMap<string, { readonly class: ExcludedClass; readonly reason: string }>;
}
