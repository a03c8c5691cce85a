import { blockCache } from '../../../disk/views/cache.js';
import { damaged, exact, tooLarge } from '../../../disk/views/faults.js';
import type { BlockView } from '../../../disk/views/view.js';
import { isSnapshotPath } from '../../roots.js';
import { TOP_LEVEL_SUBVOLUME } from '../../volumes.js';
import { readExtent } from '../content.js';
import { type Extent, type NativeFileSystem, type NativeName, type NativeNode, typeOfMode } from '../file-system.js';
import { LIMITS } from '../limits.js';
import { type ChunkMap, chunkItemSize, chunkMap } from './chunks.js';
import { readFileExtents } from './extents.js';
import { readSubvolumes, type SubvolumeTree, TOP_FOLDER } from './subvolumes.js';
import { type BtrfsSuperBlock, readBtrfsSuperBlock } from './super-block.js';
import { readUInt64, type TreeReader, TYPE, treeReader } from './tree.js';
import { unpacker } from './unpack.js';

/** A node's id is the subvolume's position × this + the inode number. */
const INODES = 2 ** 44;
/** Entry of a folder in a snapshot where a subvolume was: the kernel shows an empty folder (new_simple_dir). */
const EMPTY_FOLDER = 2;
const ENTRY_HEADER = 30;

interface BtrfsNode extends NativeNode {
  readonly tree: SubvolumeTree;
  readonly inode: number;
}

/** btrfs on one device, as of its last commit, which is always whole. */
export function openBtrfs(view: BlockView): NativeFileSystem {
  const cache = blockCache(view);
  const superBlock = readBtrfsSuperBlock(cache);
  const chunks = chunkMap(view.size);
  addSystemChunks(superBlock, chunks);
  const trees = treeReader(cache, superBlock, chunks);
  trees.eachOfType(superBlock.chunkRoot, TYPE.chunk, ({ offset, data }) => chunks.add(offset, data));
  const subvolumes = readSubvolumes(trees, superBlock.root);
  const ordered = [...subvolumes.trees.values()].sort((a, b) => a.id - b.id);
  const positions = new Map(ordered.map(({ id }, index) => [id, index]));
  const idOf = (subvolume: number, inode: number): number => {
    const position = positions.get(subvolume);
    if (position === undefined) throw damaged(`btrfs subvolume ${subvolume} is missing`);
    if (!(inode < INODES)) throw damaged(`btrfs inode ${inode}`);
    return position * INODES + inode;
  };
  const unpack = unpacker(view, superBlock.sectorSize);
  const extentsOf = ({ tree, inode, size }: BtrfsNode): Extent[] =>
    readFileExtents(trees, superBlock, chunks, tree.root, inode, size);

  const fs: NativeFileSystem = {
    view,
    root: idOf(subvolumes.defaultId, TOP_FOLDER),
    sharesBlocks: true,
    notes: [],
    unpack,
    node(id) {
      const tree = ordered[Math.floor(id / INODES)];
      if (tree === undefined) throw damaged(`btrfs inode ${id}`);
      return id % INODES === EMPTY_FOLDER ? emptyFolder(id, tree) : readInode(trees, superBlock.sectorSize, id, tree);
    },
    list(node) {
      const { tree, inode } = node as BtrfsNode;
      if (inode === EMPTY_FOLDER) return [];
      const names: NativeName[] = [];
      trees.each(tree.root, inode, TYPE.directoryIndex, ({ data }) => {
        const { id, type, name } = readEntry(data);
        if (type === TYPE.inode) names.push({ name, id: idOf(tree.id, id) });
        else if (type !== TYPE.root) throw damaged(`btrfs folder ${inode}: entry`);
        else if (subvolumes.isReferenced(tree.id, id, inode, name)) names.push({ name, id: idOf(id, TOP_FOLDER) });
        else names.push({ name, id: idOf(tree.id, EMPTY_FOLDER) });
      });
      return names;
    },
    target(node) {
      if (node.size > LIMITS.linkBytes) throw damaged(`btrfs inode ${node.id}: link of ${node.size} bytes`);
      const target = Buffer.alloc(node.size);
      for (const extent of extentsOf(node as BtrfsNode)) readExtent(fs, extent, target, extent.at);
      return target;
    },
    attributes: (node) => readAttributes(trees, node as BtrfsNode),
    extents: (node) => extentsOf(node as BtrfsNode),
    subvolumes: () => ({
      subvolumes: ordered.flatMap(({ id, path }) => (path === undefined || path === '' ? [] : [{ id, path }])),
      defaultSubvolume: subvolumes.defaultId,
    }),
    rootOfSubvolume(path) {
      const tree = ordered.find((each) => each.path === path);
      return tree && idOf(tree.id, TOP_FOLDER);
    },
    isSnapshot(node) {
      const { tree, inode } = node as BtrfsNode;
      return inode === TOP_FOLDER && tree.id !== TOP_LEVEL_SUBVOLUME && isSnapshotPath(tree.path ?? '');
    },
  };
  return fs;
}

/** The chunks that hold the chunk tree are listed in the super block. */
function addSystemChunks({ raw }: BtrfsSuperBlock, chunks: ChunkMap): void {
  const size = raw.readUInt32LE(0xa0);
  if (size > 2048) throw damaged('btrfs system chunks');
  const array = raw.subarray(0x32b, 0x32b + size);
  for (let at = 0; at < array.length; ) {
    if (at + 17 > array.length) throw damaged('btrfs system chunks');
    const item = array.subarray(at + 17);
    chunks.add(readUInt64(array, at + 9), item);
    at += 17 + chunkItemSize(item);
  }
}

function readInode(trees: TreeReader, sectorSize: number, id: number, tree: SubvolumeTree): BtrfsNode {
  const inode = id % INODES;
  let raw: Buffer | undefined;
  trees.each(tree.root, inode, TYPE.inode, ({ data }) => {
    raw = data;
    return false;
  });
  if (raw === undefined || raw.length < 160) throw damaged(`btrfs inode ${inode} is missing`);
  const mode = raw.readUInt32LE(52);
  const type = typeOfMode(mode);
  if (type === undefined) throw damaged(`btrfs inode ${inode}: mode 0${mode.toString(8)}`);
  const nanoseconds = raw.readUInt32LE(144);
  const device = readUInt64(raw, 56);
  return {
    id,
    type,
    mode: mode & 0o7777,
    uid: raw.readUInt32LE(44),
    gid: raw.readUInt32LE(48),
    size: exact(raw.readBigUInt64LE(16), `btrfs inode ${inode}: size`),
    // Rounded up as the kernel does (btrfs_getattr).
    allocated: Math.ceil(exact(raw.readBigUInt64LE(24), `btrfs inode ${inode}: bytes`) / sectorSize) * sectorSize,
    mtime: raw.readUInt32LE(136) + raw.readInt32LE(140) * 2 ** 32,
    mtimeNanoseconds: nanoseconds,
    links: raw.readUInt32LE(40),
    ...((type === 'character' || type === 'block') && { device: { major: device >>> 20, minor: device & 0xfffff } }),
    raw,
    tree,
    inode,
  };
}

function emptyFolder(id: number, tree: SubvolumeTree): BtrfsNode {
  const facts = { mode: 0o755, uid: 0, gid: 0, size: 0, allocated: 0, mtime: 0, mtimeNanoseconds: 0, links: 1 };
  return { id, type: 'directory', ...facts, raw: Buffer.alloc(0), tree, inode: EMPTY_FOLDER };
}

/** Folder entries and attributes have one form: target, lengths, kind, name, value. */
function readEntry(data: Buffer): { id: number; type: number; name: Buffer; value: Buffer; length: number } {
  if (data.length < ENTRY_HEADER) throw damaged('btrfs folder entry');
  const valueLength = data.readUInt16LE(25);
  const nameEnd = ENTRY_HEADER + data.readUInt16LE(27);
  if (nameEnd + valueLength > data.length) throw damaged('btrfs folder entry');
  return {
    id: readUInt64(data, 0),
    type: data[8]!,
    name: data.subarray(ENTRY_HEADER, nameEnd),
    value: data.subarray(nameEnd, nameEnd + valueLength),
    length: nameEnd + valueLength,
  };
}

function readAttributes(trees: TreeReader, { tree, inode }: BtrfsNode): (readonly [string, Buffer])[] {
  const found: (readonly [string, Buffer])[] = [];
  if (inode === EMPTY_FOLDER) return found;
  let total = 0;
  trees.each(tree.root, inode, TYPE.attribute, ({ data }) => {
    // Names with the same hash share an item.
    for (let at = 0; at < data.length; ) {
      const { name, value, length } = readEntry(data.subarray(at));
      total += length;
      if (total > LIMITS.attributesPerInode * 16) throw tooLarge(`btrfs inode ${inode}: attributes`);
      found.push([name.toString('latin1'), Buffer.from(value)]);
      at += length;
    }
  });
  return found;
}
