import { mkdtemp, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '../../errors.js';
import type { BlockNode } from '../../model/machine.js';
import type { ByteSource } from '../byte-source.js';
import { corrupt, excerpt, truncated, unsupported } from '../failures.js';
import type { HostFile } from '../host-file.js';
import { fileNode, type Layer, type LayerContext } from '../layer.js';
import {
  isVmdkDescriptor,
  MAX_DESCRIPTOR_BYTES,
  parseVmdkDescriptor,
  type VmdkDescriptor,
  type VmdkExtentLine,
} from './vmdk-descriptor.js';
import { checkSeSparseExtent } from './vmdk-sesparse.js';
import { checkSparseExtent, HOSTED_MAGIC, type SparseCheck, type SparseExtent } from './vmdk-sparse.js';

const SECTOR = 512;
/** 8 TiB in extents of 2 GiB; QEMU keeps each of them open. */
const MAX_EXTENTS = 4096;

/**
 * Checks a VMDK of any kind, all its extents and all its parents.
 *
 * QEMU takes the names of extents from the descriptor alone, skips lines that it does not know, and no option overrides
 * either. So it is never given a foreign descriptor file: it gets one that is written here, which names exactly the
 * files that were checked. A disk with its descriptor inside has one extent, itself, and is given as it is; the parent
 * is named by option in either case.
 */
export async function openVmdk(context: LayerContext, position: 'top' | 'below'): Promise<Layer> {
  const { source, shown } = context;
  const magic = await source.read(0, 4096);
  if (isVmdkDescriptor(magic)) return openDescriptorFile(context, position);
  if (magic.length >= 4 && magic.readUInt32BE(0) === HOSTED_MAGIC) return openMonolithic(context);
  throw unsupported(
    shown,
    'it is one part of a disk, without the descriptor that says where it belongs',
    'Name the descriptor instead: the small text file beside it, of the same name without -s001, -delta, -sesparse or -flat.',
  );
}

async function openMonolithic(context: LayerContext): Promise<Layer> {
  const { source, shown } = context;
  const extent = await checkSparseExtent(source, sparseCheck(context, shown));
  const text = await embeddedDescriptor(extent, source, shown);
  if (text === null) {
    throw unsupported(
      shown,
      'it is one part of a split disk',
      'Name the descriptor instead: the small text file beside it, of the same name without -s001.',
    );
  }
  const descriptor = parseVmdkDescriptor(text, shown);
  if (descriptor.extents.length !== 1 || descriptor.extents[0]!.type !== 'SPARSE') {
    throw corrupt(shown, 'the descriptor inside of it names other extents than itself');
  }
  const backing = await openParent(descriptor, context);
  return {
    format: 'vmdk',
    subformat: descriptor.createType,
    virtualSize: extent.capacitySectors * SECTOR,
    contentId: descriptor.contentId,
    node: { driver: 'vmdk', 'read-only': true, file: context.protocolNode, backing },
  };
}

/** The text inside of a sparse extent; null in a part of a split disk, which has no room for it or leaves it empty. */
async function embeddedDescriptor(extent: SparseExtent, source: ByteSource, shown: string): Promise<Buffer | null> {
  if (extent.descriptor === undefined) return null;
  const { offset, length } = extent.descriptor;
  if (length > MAX_DESCRIPTOR_BYTES) throw corrupt(shown, `a descriptor of ${length} bytes`);
  const text = await source.read(offset, length);
  if (text.length < length) throw truncated(shown, 'its descriptor lies beyond the end');
  return text[0] === 0 ? null : text;
}

async function openDescriptorFile(context: LayerContext, position: 'top' | 'below'): Promise<Layer> {
  const { source, shown } = context;
  if (source.size > MAX_DESCRIPTOR_BYTES) throw corrupt(shown, `a descriptor of ${source.size} bytes`);
  const descriptor = parseVmdkDescriptor(await source.read(0, source.size), shown);
  if (descriptor.extents.length === 0) throw truncated(shown, 'its descriptor names no extent');
  if (descriptor.extents.length > MAX_EXTENTS)
    throw corrupt(shown, `its descriptor names ${descriptor.extents.length} extents`);
  if (!descriptor.hasDatabase) {
    context.report({
      code: 'disk-descriptor-incomplete',
      path: shown,
      reason: 'the descriptor has no disk database (ddb.*) behind its extents: it may be cut',
    });
  }
  const extents: CheckedExtent[] = [];
  for (const [index, line] of descriptor.extents.entries()) {
    extents.push(await openExtent(line, index === descriptor.extents.length - 1, context));
  }
  const backing = await openParent(descriptor, context);
  const [only] = extents;
  const isPlain = extents.length === 1 && only!.line.type === 'FLAT' && backing === null && position === 'top';
  return {
    format: 'vmdk',
    subformat: descriptor.createType,
    virtualSize: extents.reduce((sum, extent) => sum + extent.line.sectors, 0) * SECTOR,
    contentId: descriptor.contentId,
    node: isPlain ? plainNode(only!) : await describedNode(descriptor, extents, backing, context),
  };
}

interface CheckedExtent {
  /** As it will be written: flat extents as FLAT, with the capacity that QEMU takes from a sparse header. */
  readonly line: VmdkExtentLine;
  readonly realPath: string;
}

async function openExtent(line: VmdkExtentLine, isLast: boolean, context: LayerContext): Promise<CheckedExtent> {
  const file = await context.openPart('extent', line.file);
  const shown = excerpt(line.file);
  try {
    if (line.type === 'FLAT' || line.type === 'VMFS') return checkFlat(line, file, shown);
    const check = sparseCheck(context, shown);
    const capacity =
      line.type === 'SESPARSE' ? await checkSeSparseExtent(file, check) : await capacityOfSparse(file, check);
    if (capacity < line.sectors || (capacity > line.sectors && !isLast)) {
      throw corrupt(context.shown, `its extent ${shown} has ${capacity} sectors instead of ${line.sectors}`);
    }
    return { line: { ...line, sectors: capacity, start: 0 }, realPath: file.realPath };
  } finally {
    await file.close();
  }
}

function checkFlat(line: VmdkExtentLine, file: HostFile, shown: string): CheckedExtent {
  const end = (line.start + line.sectors) * SECTOR;
  if (file.size < end) throw truncated(shown, `the extent must have ${end} bytes, and has ${file.size}`);
  return { line: { ...line, type: 'FLAT' }, realPath: file.realPath };
}

async function capacityOfSparse(file: HostFile, check: SparseCheck): Promise<number> {
  const extent = await checkSparseExtent(file, check);
  if (extent.hasFooter)
    throw unsupported(
      check.shown,
      'a compressed extent of a split disk is not read',
      'Export the machine again as OVA, then name that.',
    );
  return extent.capacitySectors;
}

/** The parent as a node, or null. A parent that was changed after the snapshot was taken would give a scrambled disk. */
async function openParent(descriptor: VmdkDescriptor, context: LayerContext): Promise<BlockNode | null> {
  if (descriptor.parentContentId === null) return null;
  const { shown } = context;
  if (descriptor.parentHint === undefined) throw corrupt(shown, 'it is a snapshot and does not say of which disk');
  const parent = await context.openBelow('parent', descriptor.parentHint, { declared: 'vmdk', orBaseName: true });
  if (parent.contentId !== descriptor.parentContentId) {
    const hex = (id: number | undefined): string => (id ?? 0).toString(16).padStart(8, '0');
    throw new AppError(
      'input-corrupt',
      `${shown} is a snapshot of a disk with the content ID ${hex(descriptor.parentContentId)}, but ${excerpt(descriptor.parentHint)} has ${hex(parent.contentId)}`,
      {
        where: { disk: context.disk, path: shown },
        todo: 'The parent was written after the snapshot was taken, or is another disk. Find the right parent, or name the parent alone to read the machine as it was there.',
      },
    );
  }
  return parent.node;
}

function plainNode(extent: CheckedExtent): BlockNode {
  return {
    driver: 'raw',
    'read-only': true,
    offset: extent.line.start * SECTOR,
    size: extent.line.sectors * SECTOR,
    file: fileNode(extent.realPath),
  };
}

/** Extents are reached by symbolic links beside the new descriptor, so that no foreign name stands in it. */
async function describedNode(
  descriptor: VmdkDescriptor,
  extents: readonly CheckedExtent[],
  backing: BlockNode | null,
  context: LayerContext,
): Promise<BlockNode> {
  const folder = await mkdtemp(join(await context.scratchFolder(), 'vmdk-'));
  const types = new Set(extents.map((extent) => extent.line.type));
  const createType = types.has('SESPARSE')
    ? 'seSparse'
    : types.has('VMFSSPARSE')
      ? 'vmfsSparse'
      : types.has('SPARSE')
        ? 'twoGbMaxExtentSparse'
        : 'twoGbMaxExtentFlat';
  const lines = [
    '# Disk DescriptorFile',
    'version=1',
    `CID=${hexId(descriptor.contentId)}`,
    `parentCID=${hexId(descriptor.parentContentId ?? 0xffffffff)}`,
    `createType="${createType}"`,
  ];
  for (const [index, { line, realPath }] of extents.entries()) {
    const name = `extent-${index}`;
    await symlink(realPath, join(folder, name));
    lines.push(`RW ${line.sectors} ${line.type} "${name}"${line.type === 'FLAT' ? ` ${line.start}` : ''}`);
  }
  const path = join(folder, 'disk.vmdk');
  await writeFile(path, `${lines.join('\n')}\n`, { mode: 0o600, flag: 'wx' });
  return { driver: 'vmdk', 'read-only': true, file: fileNode(path), backing };
}

function hexId(id: number): string {
  return id.toString(16).padStart(8, '0');
}

function sparseCheck(context: LayerContext, shown: string): SparseCheck {
  return {
    shown,
    ...(context.signal === undefined ? {} : { signal: context.signal }),
    unfinished: () =>
      context.report({
        code: 'disk-not-fully-checked',
        path: shown,
        reason: 'the tables of the image are too large to check all of them; it may be cut',
      }),
  };
}
