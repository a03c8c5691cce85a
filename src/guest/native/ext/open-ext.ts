import { type BlockCache, blockCache } from '../../../disk/views/cache.js';
import { damaged, tooLarge, unsupported } from '../../../disk/views/faults.js';
import { type BlockView, overlayView } from '../../../disk/views/view.js';
import type { Extent, NativeFileSystem, NativeName, NativeNode } from '../file-system.js';
import { LIMITS } from '../limits.js';
import { attributeReader, attributesInInode, isValueInode } from './attributes.js';
import { readDirectoryBlocks, readRecords } from './directory.js';
import { extentReader } from './extents.js';
import { type ExtNode, INODE_FLAG, inodeReader } from './inode.js';
import { replayJournal } from './journal.js';
import { COMPAT, type ExtSuperBlock, INCOMPAT, readExtSuperBlock } from './super-block.js';

const ROOT_INODE = 2;
/** What a directory may claim beyond its blocks: one block of the largest kind. */
const SPARE_BYTES = 65536;
const STATE_ERRORS = 2;

/** ext2, ext3 or ext4 as the kernel would show it after recovering its journal. */
export function openExt(view: BlockView): NativeFileSystem {
  const cache = blockCache(view);
  const superBlock = readExtSuperBlock(cache);
  if ((superBlock.incompatible & INCOMPAT.recover) === 0) return fileSystem(cache, superBlock);
  if ((superBlock.compatible & COMPAT.journal) === 0 || superBlock.journalInode === 0) {
    throw unsupported('ext with an external journal to be replayed');
  }
  const inode = inodeReader(cache, superBlock)(superBlock.journalInode);
  const overlay = replayJournal({
    blockSize: superBlock.blockSize,
    blocks: superBlock.blocks,
    size: inode.size,
    extents: extentReader(cache, superBlock)(inode),
    read: cache.bytes,
  });
  // data=journal puts content into the journal, too: the overlay lies under everything that is read from here on.
  const recovered = blockCache(overlayView(view, superBlock.blockSize, overlay));
  return fileSystem(recovered, readExtSuperBlock(recovered));
}

function fileSystem(cache: BlockCache, superBlock: ExtSuperBlock): NativeFileSystem {
  const readInode = inodeReader(cache, superBlock);
  const readExtents = extentReader(cache, superBlock);

  const content = (node: ExtNode, max: number): Buffer => {
    if (node.size > max) throw tooLarge(`ext inode ${node.id}: ${node.size} bytes`);
    const bytes = Buffer.alloc(node.size);
    // Past the cache: folders lie apart, and each would push out a chunk of the inodes that are asked for next.
    for (const { at, length, offset } of readExtents(node)) cache.view.read(bytes, at, length, offset);
    return bytes;
  };
  const valueOfInode = (id: number, size: number): Buffer => {
    if ((superBlock.incompatible & INCOMPAT.attributeInodes) === 0) throw damaged('ext attribute in an inode');
    const node = readInode(id);
    if (!isValueInode(node) || node.size < size) throw damaged(`ext inode ${id} holds no attribute`);
    return content(node, LIMITS.attributeBytes).subarray(0, size);
  };
  /** The part of inline data that does not fit where block pointers would be. */
  const inlineRest = (node: ExtNode): Buffer => {
    const rest = attributesInInode(node, valueOfInode).find(({ index, name }) => index === 7 && name === 'data');
    return rest?.value ?? Buffer.alloc(0);
  };
  const inlineContent = (node: ExtNode): Buffer => {
    const bytes = Buffer.alloc(Math.min(node.size, superBlock.inodeSize));
    if (bytes.length < node.size) throw damaged(`ext inode ${node.id}: inline data of ${node.size} bytes`);
    node.raw.copy(bytes, 0, 40, 40 + Math.min(60, node.size));
    if (node.size > 60) inlineRest(node).copy(bytes, 60);
    return bytes;
  };
  const isInline = (node: ExtNode): boolean => (node.flags & INODE_FLAG.inlineData) !== 0;
  const plain = (node: NativeNode): ExtNode => {
    const own = node as ExtNode;
    if ((own.flags & INODE_FLAG.encrypted) !== 0) throw unsupported('ext with encrypted folders');
    return own;
  };
  const readAttributes = attributeReader(cache, superBlock, valueOfInode);

  return {
    view: cache.view,
    root: ROOT_INODE,
    sharesBlocks: false,
    notes: (superBlock.state & STATE_ERRORS) === 0 ? [] : ['the kernel recorded errors on this file system'],
    node: readInode,
    attributes: (node) => readAttributes(plain(node)),
    list(node) {
      const directory = plain(node);
      if (!isInline(directory)) {
        // The kernel never leaves holes in a directory: a size that its blocks cannot hold would be a gigabyte of zeros.
        if (directory.size > directory.allocated + SPARE_BYTES) throw damaged(`ext directory ${directory.id}: size`);
        return readDirectoryBlocks(superBlock, directory, content(directory, LIMITS.directoryBytes));
      }
      const names: NativeName[] = [];
      // The parent's number comes first; there are no dots.
      readRecords(superBlock, directory, directory.raw.subarray(40, 100), 4, names);
      readRecords(superBlock, directory, inlineRest(directory), 0, names);
      return names;
    },
    target(node) {
      const link = plain(node);
      if (link.size > LIMITS.linkBytes) throw damaged(`ext inode ${link.id}: link of ${link.size} bytes`);
      if (isInline(link)) return inlineContent(link);
      const isFast = (link.flags & INODE_FLAG.extents) === 0 && link.size < 60;
      return isFast ? Buffer.from(link.raw.subarray(40, 40 + link.size)) : content(link, LIMITS.linkBytes);
    },
    extents(node): Extent[] {
      const file = plain(node);
      if (!isInline(file)) return readExtents(file);
      return file.size === 0 ? [] : [{ at: 0, length: file.size, offset: 0, inline: inlineContent(file) }];
    },
  };
}
