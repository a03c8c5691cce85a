import { realpathSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { BlockNode, DiskImage } from '../../model/machine.js';
import { damaged, unsupported } from './faults.js';
import { qcow2View } from './qcow2.js';
import { openRawFile, type RawFile } from './raw-file.js';
import { type BlockView, mappedView, type Piece, readUpTo, sliceView } from './view.js';
import { parseVmdkDescriptor, type VmdkExtent } from './vmdk-descriptor.js';
import { embeddedDescriptor, vmdkSparseView } from './vmdk-sparse.js';

export interface OpenDisk {
  readonly view: BlockView;
  close(): void;
}

const MAX_CHAIN = 64;

/**
 * The content of a disk, read by ourselves: raw, qcow2 and VMDK with all that lies below them.
 * Opens the files of `disk.files` and no other, whatever a header names.
 * @throws Declined for formats that only QEMU reads.
 */
export function openDiskView(disk: DiskImage): OpenDisk {
  const opened: RawFile[] = [];
  const close = (): void => {
    for (const file of opened.splice(0)) file.close();
  };
  const openFile = (path: string): BlockView => {
    const file = openRawFile(checkedPath(path, disk));
    opened.push(file);
    return file;
  };
  try {
    return { view: openNode(disk.node, openFile, disk, 0), close };
  } catch (error) {
    close();
    throw error;
  }
}

type OpenFile = (path: string) => BlockView;

function openNode(node: BlockNode, openFile: OpenFile, disk: DiskImage, depth: number): BlockView {
  if (depth > MAX_CHAIN) throw unsupported(`a chain of more than ${MAX_CHAIN} images`);
  const below = (key: string): BlockView | null => {
    const child = node[key];
    return isNode(child) ? openNode(child, openFile, disk, depth + 1) : null;
  };
  switch (node.driver) {
    case 'file':
      return openFile(String(node.filename));
    case 'raw': {
      const file = below('file');
      if (file === null) throw unsupported('a raw node without a file');
      const offset = Number(node.offset ?? 0);
      return node.offset === undefined && node.size === undefined
        ? file
        : sliceView(file, offset, Number(node.size ?? file.size - offset));
    }
    case 'qcow2': {
      const file = below('file');
      if (file === null) throw unsupported('a qcow2 node without a file');
      return qcow2View(file, below('backing'));
    }
    case 'vmdk':
      return openVmdk(node, openFile, below('backing'));
    default:
      throw unsupported(`images of format ${node.driver}`);
  }
}

function openVmdk(node: BlockNode, openFile: OpenFile, backing: BlockView | null): BlockView {
  const fileNode = node.file;
  if (!isNode(fileNode) || fileNode.driver !== 'file') throw unsupported('a VMDK that is not in a file');
  const path = String(fileNode.filename);
  const file = openFile(path);
  const magic = readUpTo(file, 0, 4).toString('latin1');
  if (magic === 'COWD') return vmdkSparseView(file, backing, 0);
  const embedded = magic === 'KDMV' ? embeddedDescriptor(file) : undefined;
  if (magic === 'KDMV' && embedded === undefined) return vmdkSparseView(file, backing, 0);
  const descriptor = parseVmdkDescriptor(embedded ?? readUpTo(file, 0, 2 ** 20).toString('latin1'));
  if ((descriptor.parentCid !== undefined) !== (backing !== null))
    throw unsupported('a VMDK whose parent was not checked');
  if (embedded !== undefined) return vmdkSparseView(file, backing, 0);
  const pieces: Piece[] = [];
  let start = 0;
  for (const extent of descriptor.extents) {
    pieces.push(openExtent(extent, start, path, openFile, backing));
    start += extent.sectors * 512;
  }
  return mappedView(pieces);
}

function openExtent(
  { kind, file, sectors, offset }: VmdkExtent,
  start: number,
  descriptorPath: string,
  openFile: OpenFile,
  backing: BlockView | null,
): Piece {
  const length = sectors * 512;
  if (kind === 'ZERO') return { view: null, offset: 0, length };
  if (file === undefined) throw unsupported(`a VMDK extent ${kind} without a file`);
  const path = resolve(dirname(descriptorPath), Buffer.from(file, 'latin1').toString('utf8'));
  if (kind === 'FLAT' || kind === 'VMFS') return { view: openFile(path), offset: offset * 512, length };
  if (kind !== 'SPARSE' && kind !== 'VMFSSPARSE') throw unsupported(`VMDK extents of kind ${kind}`);
  const view = vmdkSparseView(openFile(path), backing, start);
  if (view.size < length) throw unsupported('a VMDK extent shorter than its descriptor says');
  return { view, offset: 0, length };
}

function checkedPath(path: string, disk: DiskImage): string {
  if (disk.written?.includes(path) === true) return path;
  let real: string;
  try {
    real = realpathSync(path);
  } catch {
    throw damaged(`${path} is not there`);
  }
  if (!disk.files.includes(real)) throw damaged(`${path} was not checked`);
  return real;
}

function isNode(value: unknown): value is BlockNode {
  return typeof value === 'object' && value !== null;
}
