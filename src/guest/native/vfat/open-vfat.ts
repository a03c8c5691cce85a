import { blockCache } from '../../../disk/views/cache.js';
import { damaged, tooLarge } from '../../../disk/views/faults.js';
import type { BlockView } from '../../../disk/views/view.js';
import type { Extent, NativeFileSystem, NativeNode } from '../file-system.js';
import { readBootSector } from './boot-sector.js';
import { type ClusterRun, chainReader } from './chains.js';
import { ATTRIBUTE, countFolders, ENTRY, readNames } from './directory.js';

/** The number of the root; every other node is numbered by the offset of its entry. */
const ROOT = 0;
/** As the kernel has it (FAT_MAX_DIR_SIZE). */
const MAX_FOLDER = 2 ** 21;
const MAX_FILE = 2 ** 32 - 1;

/**
 * FAT12, FAT16 and FAT32 with long names, as Linux shows them when they are mounted by root without options: owner 0,
 * mode 0755 less the write bits of what is read-only, local times taken for UTC; the root has no entry, hence no time.
 */
export function openVfat(view: BlockView): NativeFileSystem {
  const cache = blockCache(view);
  const layout = readBootSector(view);
  const { clusterSize, dataAt } = layout;
  const readChain = chainReader(cache, layout);
  const firstPlace = 'at' in layout.root ? layout.root.at : dataAt;

  const folderRuns = (node: NativeNode): readonly ClusterRun[] => {
    const { root } = layout;
    if (node.id !== ROOT) return readChain(node.id, firstCluster(node.raw, layout.bits), MAX_FOLDER + clusterSize);
    return 'at' in root
      ? [{ offset: root.at, length: root.length }]
      : readChain(ROOT, root.cluster, MAX_FOLDER + clusterSize);
  };
  const folderBytes = (node: NativeNode, runs = folderRuns(node)): Buffer => {
    const total = runs.reduce((sum, { length }) => sum + length, 0);
    if (total > MAX_FOLDER) throw tooLarge(`a FAT folder of ${total} bytes`);
    return Buffer.concat(runs.map(({ offset, length }) => cache.bytes(offset, length)));
  };
  const allocatedFor = (size: number): number => Math.ceil(size / clusterSize) * clusterSize;
  const folder = (node: NativeNode, ownLinks: number): NativeNode => {
    const runs = folderRuns(node);
    const size = runs.reduce((sum, { length }) => sum + length, 0);
    return {
      ...node,
      size,
      allocated: allocatedFor(size),
      links: ownLinks + countFolders(folderBytes(node, runs)),
    };
  };

  return {
    view,
    root: ROOT,
    sharesBlocks: false,
    notes: [],
    node(id) {
      if (id === ROOT) return folder(plainNode(ROOT, Buffer.alloc(ENTRY), 'directory', 0), 2);
      if (id < firstPlace || id % ENTRY !== 0) throw damaged(`FAT entry at ${id}`);
      const raw = Buffer.from(cache.bytes(id, ENTRY));
      const mtime = timeOf(raw.readUInt16LE(24), raw.readUInt16LE(22));
      if ((raw[11]! & ATTRIBUTE.directory) !== 0) return folder(plainNode(id, raw, 'directory', mtime), 0);
      const size = raw.readUInt32LE(28);
      return { ...plainNode(id, raw, 'file', mtime), size, allocated: allocatedFor(size) };
    },
    list(node) {
      const runs = folderRuns(node);
      return readNames(folderBytes(node, runs)).map(({ name, at }) => ({ name, id: placeOf(runs, at) }));
    },
    target: () => Buffer.alloc(0),
    attributes: () => [],
    extents(node): Extent[] {
      if (node.size === 0) return [];
      if (node.size > MAX_FILE) throw damaged(`FAT file of ${node.size} bytes`);
      const extents: Extent[] = [];
      let at = 0;
      for (const { offset, length } of readChain(node.id, firstCluster(node.raw, layout.bits), node.size)) {
        const count = Math.min(length, node.size - at);
        extents.push({ at, length: count, offset });
        at += count;
      }
      if (at < node.size) throw damaged(`FAT file at ${node.id} ends after ${at} of ${node.size} bytes`);
      return extents;
    },
  };
}

function plainNode(id: number, raw: Buffer, type: 'file' | 'directory', mtime: number): NativeNode {
  const isReadOnly = type === 'file' && (raw[11]! & ATTRIBUTE.readOnly) !== 0;
  const mode = isReadOnly ? 0o555 : 0o755;
  return { id, type, mode, uid: 0, gid: 0, size: 0, allocated: 0, mtime, mtimeNanoseconds: 0, links: 1, raw };
}

/** Offset in the view of a byte of a folder. */
function placeOf(runs: readonly ClusterRun[], at: number): number {
  let rest = at;
  for (const { offset, length } of runs) {
    if (rest < length) return offset + rest;
    rest -= length;
  }
  throw damaged('FAT entry beyond its folder');
}

/** The upper half means something else, or nothing, before FAT32. */
function firstCluster(raw: Buffer, bits: number): number {
  return (bits === 32 ? raw.readUInt16LE(20) * 0x10000 : 0) + raw.readUInt16LE(26);
}

/** Seconds since 1970; a date of zeros is the first of January 1980. */
function timeOf(date: number, time: number): number {
  const month = Math.max(1, (date >> 5) & 15);
  const day = Math.max(1, date & 31);
  const seconds = (time >> 11) * 3600 + ((time >> 5) & 63) * 60 + (time & 31) * 2;
  return Date.UTC(1980 + (date >> 9), month - 1, day) / 1000 + seconds;
}
