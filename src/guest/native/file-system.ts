import type { BlockView } from '../../disk/views/view.js';
import type { Entry, EntryType } from '../../model/entry.js';
import type { Volume } from '../volumes.js';

/** What each reader of a file system offers; the walk and the streams are written once over it. */
export interface NativeFileSystem {
  /** Where the offsets of extents point, journal replayed. */
  readonly view: BlockView;
  readonly root: number;
  /** Whether files may have blocks in common or packed, so that they hold more than the disk. */
  readonly sharesBlocks: boolean;
  /** Things that whoever reads the report should know (errors recorded in the super block, …). */
  readonly notes: readonly string[];
  /** @throws Declined when the number or what is stored there is impossible. */
  node(id: number): NativeNode;
  /** Names in a folder, without `.` and `..`, as bytes. */
  list(node: NativeNode): NativeName[];
  /** Bytes of a symbolic link. */
  target(node: NativeNode): Buffer;
  /** All extended attributes, with the names and values that the kernel would give. */
  attributes(node: NativeNode): (readonly [name: string, value: Buffer])[];
  /** Where the content of a regular file is: rising, without overlap, within `size`; what is missing is zeros. */
  extents(node: NativeNode): Extent[];
  /** Bytes of an extent that is packed. */
  unpack?(extent: Extent): Buffer;
  /** Of btrfs: its subvolumes, and the id of the folder at the top of one (path from the top level; '' for that). */
  subvolumes?(): Pick<Volume, 'subvolumes' | 'defaultSubvolume'>;
  rootOfSubvolume?(path: string): number | undefined;
  /** Of btrfs: whether the node is the top of a subvolume that holds a snapshot (see `isSnapshotPath`). */
  isSnapshot?(node: NativeNode): boolean;
}

/** What an inode says of an entry, whatever its names are. */
export interface NativeNode extends Omit<Entry, 'path' | 'fileId' | 'target' | 'size'> {
  /** Unique within the file system: the inode number, of btrfs with the subvolume. */
  readonly id: number;
  /** As stored, of folders and links too. */
  readonly size: number;
  /** The inode as it is on the disk, for the file system's own use; shares the cache's memory. */
  readonly raw: Buffer;
}

export interface NativeName {
  readonly name: Buffer;
  readonly id: number;
}

export interface Extent {
  /** Offset in the file, and length there. */
  readonly at: number;
  readonly length: number;
  /** Offset in the view of the first byte, or of the packed bytes. */
  readonly offset: number;
  /** Bytes that are in the inode itself. */
  readonly inline?: Buffer;
  /** Compressed: `stored` bytes at `offset` unpack to `unpacked` bytes, of which those from `skip` on are meant. */
  readonly packed?: {
    readonly method: 'zlib' | 'lzo' | 'zstd';
    readonly stored: number;
    readonly unpacked: number;
    readonly skip: number;
  };
}

const TYPES = new Map<number, EntryType>([
  [0x1000, 'fifo'],
  [0x2000, 'character'],
  [0x4000, 'directory'],
  [0x6000, 'block'],
  [0x8000, 'file'],
  [0xa000, 'symlink'],
  [0xc000, 'socket'],
]);

/** The type in st_mode; undefined for a number that is none. */
export function typeOfMode(mode: number): EntryType | undefined {
  return TYPES.get(mode & 0xf000);
}
