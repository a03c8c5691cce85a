/** What one path of a guest is, without its content. */

export type EntryType = 'file' | 'directory' | 'symlink' | 'character' | 'block' | 'fifo' | 'socket';

export interface Entry {
  /** Absolute canonical path: no component before the last is a symbolic link. See `path.ts` for the encoding. */
  readonly path: string;
  readonly type: EntryType;
  /** Permission bits with setuid, setgid and sticky: `0o0000`…`0o7777`. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Bytes of content of a regular file; 0 for everything else. */
  readonly size: number;
  /** Bytes allocated on the disk; far below `size` when the file has holes. */
  readonly allocated: number;
  /** Modification time: whole seconds since 1970 UTC (may be negative), and nanoseconds 0…999999999. */
  readonly mtime: number;
  readonly mtimeNanoseconds: number;
  /** Number of names, and an identity that hard links of one file share (file system and inode number). */
  readonly links: number;
  readonly fileId: string;
  /** Target of a symbolic link, as stored. */
  readonly target?: string;
  /** Device number of a character or block device. */
  readonly device?: { readonly major: number; readonly minor: number };
}

/**
 * Whether layers keep the names of the entry as names of one file. Folders have one. Of a symbolic link each name becomes a
 * link of its own: builders that are told to make another name of it follow it first.
 */
export function isHardLinked({ links, type }: Pick<Entry, 'links' | 'type'>): boolean {
  return links > 1 && type !== 'directory' && type !== 'symlink';
}

/** Extended attributes as stored on the disk: name (`security.capability`, `user.x`, …) → value. */
export type ExtendedAttributes = ReadonlyMap<string, Buffer>;
