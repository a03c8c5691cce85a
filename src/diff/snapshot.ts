import type { EntryType, ExtendedAttributes } from '../model/entry.js';

/** What equality looks at, of one path of a machine or of an image. */
export interface SnapshotEntry {
  readonly type: EntryType;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Bytes of a regular file, 0 otherwise. */
  readonly size: number;
  /** Hex, of the apparent content of a regular file; null otherwise, and for content that nobody read. */
  readonly sha256: string | null;
  readonly target?: string;
  readonly device?: { readonly major: number; readonly minor: number };
  /** Only attributes that layers can hold. */
  readonly attributes: ExtendedAttributes;
  /** Whole seconds; null when nothing says. */
  readonly mtime: number | null;
  /** Names of one file have the same. */
  readonly group: string;
  /** Number of the layer that the entry comes from, 0 the lowest; -1 for a machine's. */
  readonly layer: number;
}

/** A file tree by path (`model/path.ts`). */
export type Snapshot = ReadonlyMap<string, SnapshotEntry>;
