import { dirname } from 'node:path';
import { AppError } from '../errors.js';
import type { BlockNode, DiskFormat, DiskImage } from '../model/machine.js';
import { checkImage, imageInfo, type QemuImgOptions } from '../tools/qemu-img.js';
import { type ImageBytes, type OpenedChain, openChain } from './chain.js';
import { corrupt } from './failures.js';
import { type HostFile, openHostFile } from './host-file.js';
import { marksOfUse } from './in-use.js';
import { fileNode, type ImageOptions } from './layer.js';

const CHECKED_BY_QEMU: readonly DiskFormat[] = ['qcow2', 'vdi', 'vhdx'];

/** Opens and checks a disk image by path: everything it refers to, then what QEMU makes of it. */
export async function openImage(path: string, options: ImageOptions, shown: string = path): Promise<DiskImage> {
  const file = await openHostFile(path, shown);
  try {
    return await openImageFile(file, shown, options);
  } finally {
    await file.close();
  }
}

/** As {@link openImage}, for a file that is open already, and stays so. */
export async function openImageFile(file: HostFile, shown: string, options: ImageOptions): Promise<DiskImage> {
  for (const problem of await marksOfUse(file.realPath, shown)) options.report(problem);
  const image = { shown, file, source: file, node: fileNode(file.realPath) };
  const chain = await openChain(image, { own: dirname(file.realPath), named: options.allowDirs }, options);
  return confirm(image, chain, options);
}

/** Opens an image inside of an archive. It must stand alone: what it refers to would be outside. */
export async function openEmbeddedImage(image: ImageBytes, options: ImageOptions): Promise<DiskImage> {
  return confirm(image, await openChain(image, null, options), options);
}

/** Lets QEMU open what was checked, and compares. */
async function confirm(image: ImageBytes, chain: OpenedChain, options: ImageOptions): Promise<DiskImage> {
  const { layer, files } = chain;
  const qemu = { disk: image.shown, ...(options.signal === undefined ? {} : { signal: options.signal }) };
  const info = await imageInfo(layer.node, qemu);
  if (info.virtualSize !== layer.virtualSize) {
    throw corrupt(image.shown, `it says ${layer.virtualSize} bytes, and QEMU reads ${info.virtualSize}`);
  }
  for (const part of chain.alone) {
    if (CHECKED_BY_QEMU.includes(part.format)) await checkWithQemu(part, { ...qemu, disk: part.shown }, options);
  }
  // Names in the graph are ours: what is no checked file is a descriptor that was written for QEMU.
  const written = [...filesOf(layer.node)].filter((path) => !files.has(path));
  return {
    path: image.shown,
    realPath: image.file.realPath,
    format: layer.format,
    ...(layer.subformat === undefined ? {} : { subformat: layer.subformat }),
    virtualSize: layer.virtualSize,
    allocatedSize: [...files.values()].reduce((sum, bytes) => sum + bytes, 0),
    files: [...files.keys()],
    ...(written.length === 0 ? {} : { written }),
    node: layer.node,
  };
}

/** Every file that the graph opens. */
function* filesOf(node: BlockNode): Generator<string> {
  if (node.driver === 'file') yield String(node.filename);
  for (const child of Object.values(node)) if (typeof child === 'object' && child !== null) yield* filesOf(child);
}

/** QEMU also compares reference counts, which tell of a cut or a crash that leaves every cluster in place. */
async function checkWithQemu(
  part: OpenedChain['alone'][number],
  qemu: QemuImgOptions,
  options: ImageOptions,
): Promise<void> {
  try {
    const check = await checkImage(part.node, qemu);
    if (check.outcome !== 'corrupt') return;
    options.report({
      code: 'disk-inconsistent',
      path: part.shown,
      reason: `qemu-img check found ${check.corruptions} errors in its tables; all data is inside the file, but some may be wrong`,
    });
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'program-timeout') throw error;
    options.report({
      code: 'disk-not-fully-checked',
      path: part.shown,
      reason: 'qemu-img check did not finish in time; the own check of the tables found nothing',
    });
  }
}
