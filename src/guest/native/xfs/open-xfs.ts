import { blockCache } from '../../../disk/views/cache.js';
import { damaged, unsupported } from '../../../disk/views/faults.js';
import { type BlockView, overlayView } from '../../../disk/views/view.js';
import type { Extent, NativeFileSystem, NativeNode } from '../file-system.js';
import { LIMITS } from '../limits.js';
import { readAttributes } from './attributes.js';
import { listFolder } from './directory.js';
import { readRuns } from './extents.js';
import { FORK, readInode, type XfsNode } from './inode.js';
import { replayLog } from './replay.js';
import { readXfsSuperBlock } from './super-block.js';
import { sealedBytes, type XfsVolume } from './volume.js';

const SECTOR = 512;
const LINK_MAGIC = 0x58534c4d;
const LINK_SEAL = { checksumAt: 12, ownerAt: 32 };
const LINK_MAX_BLOCKS = 64;

/** XFS, version 4 or 5, as the kernel would show it after recovering its log. */
export function openXfs(view: BlockView): NativeFileSystem {
  const sectors = replayLog(readXfsSuperBlock(blockCache(view)), view);
  const cache = blockCache(overlayView(view, SECTOR, sectors));
  const isReplayed = (offset: number, length: number): boolean => {
    for (let at = Math.floor(offset / SECTOR); at * SECTOR < offset + length; at += 1) if (sectors.has(at)) return true;
    return false;
  };
  // A super block from the log is as old as its checksum is wrong; its geometry does not change.
  const superBlock = readXfsSuperBlock(isReplayed(0, SECTOR) ? blockCache(view) : cache);
  const volume: XfsVolume = { superBlock, cache, isReplayed };
  return {
    view: cache.view,
    root: superBlock.rootInode,
    sharesBlocks: true,
    notes: [],
    node: (id) => readInode(volume, id),
    list: (node) => listFolder(volume, node as XfsNode),
    target: (node) => readLink(volume, node as XfsNode),
    attributes: (node) => readAttributes(volume, node as XfsNode),
    extents: (node) => readExtents(volume, node as XfsNode),
  };
}

function readExtents(volume: XfsVolume, node: XfsNode): Extent[] {
  const { blockSize } = volume.superBlock;
  if (node.isRealtime) throw unsupported('XFS with files on a realtime device');
  if (node.data.format === FORK.local) {
    if (node.size > node.data.bytes.length) throw damaged(`XFS inode ${node.id}: local content`);
    return node.size === 0
      ? []
      : [{ at: 0, length: node.size, offset: 0, inline: Buffer.from(node.data.bytes.subarray(0, node.size)) }];
  }
  const extents: { at: number; length: number; offset: number }[] = [];
  for (const { logical, count, offset, isUnwritten } of readRuns(volume, node.id, node.data)) {
    const at = logical * blockSize;
    if (isUnwritten || at >= node.size) continue;
    const length = Math.min(count * blockSize, node.size - at);
    const last = extents.at(-1);
    if (last !== undefined && last.at + last.length === at && last.offset + last.length === offset)
      last.length += length;
    else extents.push({ at, length, offset });
  }
  return extents;
}

/** In the inode, or in blocks: in version 5 each run of blocks has a header. */
function readLink(volume: XfsVolume, node: NativeNode & XfsNode): Buffer {
  if (node.size > LIMITS.linkBytes) throw damaged(`XFS inode ${node.id}: link of ${node.size} bytes`);
  if (node.data.format === FORK.local) return Buffer.from(node.data.bytes.subarray(0, node.size));
  const { isV5, blockSize } = volume.superBlock;
  const header = isV5 ? 56 : 0;
  const target = Buffer.alloc(node.size);
  let done = 0;
  for (const { count, offset } of readRuns(volume, node.id, node.data)) {
    if (done >= target.length) break;
    if (count > LINK_MAX_BLOCKS) throw damaged(`XFS inode ${node.id}: link`);
    const bytes = sealedBytes(volume, offset, count * blockSize, LINK_SEAL, node.id);
    if (isV5 && bytes.readUInt32BE(0) !== LINK_MAGIC) throw damaged(`XFS inode ${node.id}: link magic`);
    done += bytes.copy(target, done, header);
  }
  if (done < target.length) throw damaged(`XFS inode ${node.id}: link is cut`);
  return target;
}
