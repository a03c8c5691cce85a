import { dirname } from 'node:path';
import { AppError } from '../errors.js';
import type { Problem } from '../model/evidence.js';
import type { BlockNode, DiskFormat, DiskImage } from '../model/machine.js';
import { checkImage, imageInfo } from '../tools/qemu-img.js';
import type { ByteSource } from './byte-source.js';
import { detect } from './detect.js';
import { corrupt, excerpt, notADisk, unsupported } from './failures.js';
import { openQcow2 } from './formats/qcow2.js';
import { openRaw } from './formats/raw.js';
import { openVdi } from './formats/vdi.js';
import { openVhdx } from './formats/vhdx.js';
import { openVmdk } from './formats/vmdk.js';
import { openVpc } from './formats/vpc.js';
import { type HostFile, openHostFile } from './host-file.js';
import { marksOfUse } from './in-use.js';
import { fileNode, type Layer, type LayerContext } from './layer.js';
import { type AllowedFolders, openReference } from './references.js';

/** Longest chain of snapshots that is followed; VMware allows 32, and QEMU needs memory for each. */
const MAX_DEPTH = 64;
const CHECKED_BY_QEMU: readonly DiskFormat[] = ['qcow2', 'vdi', 'vhdx'];

export interface ImageOptions {
  /** Real paths of the folders that the user allows beside the disk's own. */
  readonly allowDirs: readonly string[];
  /** A private folder, made when it is first asked for. */
  scratchFolder(): Promise<string>;
  report(problem: Problem): void;
  readonly signal?: AbortSignal;
  /** Format that a descriptor declares; a raw disk is never taken for anything else. */
  readonly declared?: string;
}

/** The bytes of an image that is not a file of its own (inside of an archive), and how QEMU reads them. */
export interface EmbeddedImage {
  readonly shown: string;
  readonly file: HostFile;
  readonly source: ByteSource;
  readonly node: BlockNode;
}

/** Opens and checks a disk image by path: everything it refers to, then what QEMU makes of it. */
export async function openImage(path: string, options: ImageOptions, shown: string = path): Promise<DiskImage> {
  const file = await openHostFile(path, shown);
  return openImageFile(file, shown, options);
}

/** As {@link openImage}, for a file that is open already; closes it. */
export async function openImageFile(file: HostFile, shown: string, options: ImageOptions): Promise<DiskImage> {
  const allowed = { own: dirname(file.realPath), named: options.allowDirs };
  for (const problem of await marksOfUse(file.realPath, shown)) options.report(problem);
  return finish(
    new Chain(shown, allowed, options),
    { shown, file, source: file, node: fileNode(file.realPath) },
    options,
  );
}

/** Opens an image inside of an archive. It must stand alone: what it refers to would be outside. The file stays open. */
export async function openEmbeddedImage(image: EmbeddedImage, options: ImageOptions): Promise<DiskImage> {
  return finish(new Chain(image.shown, null, options), image, options);
}

async function finish(chain: Chain, image: EmbeddedImage, options: ImageOptions): Promise<DiskImage> {
  let layer: Layer;
  try {
    layer = await chain.open(image, options.declared, 'top');
  } finally {
    await chain.close();
  }
  const qemu = { disk: image.shown, ...(options.signal === undefined ? {} : { signal: options.signal }) };
  const info = await imageInfo(layer.node, qemu);
  if (info.virtualSize !== layer.virtualSize) {
    throw corrupt(image.shown, `it says ${layer.virtualSize} bytes, and QEMU reads ${info.virtualSize}`);
  }
  for (const { node, shown } of chain.toCheck) await checkWithQemu(node, shown, { ...qemu, disk: shown }, options);
  return {
    path: image.shown,
    realPath: image.file.realPath,
    format: layer.format,
    ...(layer.subformat === undefined ? {} : { subformat: layer.subformat }),
    virtualSize: layer.virtualSize,
    allocatedSize: [...chain.files.values()].reduce((sum, bytes) => sum + bytes, 0),
    files: [...chain.files.keys()],
    node: layer.node,
  };
}

/** QEMU also compares reference counts, which tell of a cut or a crash that leaves every cluster in place. */
async function checkWithQemu(
  node: BlockNode,
  shown: string,
  qemu: Parameters<typeof checkImage>[1],
  options: ImageOptions,
): Promise<void> {
  try {
    const check = await checkImage(node, qemu);
    if (check.outcome !== 'corrupt') return;
    options.report({
      code: 'disk-inconsistent',
      path: shown,
      reason: `qemu-img check found ${check.corruptions} errors in its tables; all data is inside the file, but some may be wrong`,
    });
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'program-timeout') throw error;
    options.report({
      code: 'disk-not-fully-checked',
      path: shown,
      reason: 'qemu-img check did not finish in time; the own check of the tables found nothing',
    });
  }
}

/** The images of one disk, from the one that was named down to the last parent. */
class Chain {
  /** Real path → bytes allocated on the host, in the order they were opened. */
  readonly files = new Map<string, number>();
  readonly toCheck: { node: BlockNode; shown: string }[] = [];
  readonly #open = new Set<HostFile>();
  readonly #layers = new Set<string>();
  readonly #disk: string;
  /** Null for an image in an archive, which may refer to nothing. */
  readonly #allowed: AllowedFolders | null;
  readonly #options: ImageOptions;

  constructor(disk: string, allowed: AllowedFolders | null, options: ImageOptions) {
    this.#disk = disk;
    this.#allowed = allowed;
    this.#options = options;
  }

  async open(image: EmbeddedImage, declared: string | undefined, position: 'top' | 'below'): Promise<Layer> {
    const { file, source, shown } = image;
    if (this.#allowed !== null) this.#open.add(file);
    if (this.#layers.has(file.realPath))
      throw corrupt(this.#disk, `its chain of parents leads back to ${excerpt(shown)}`);
    if (this.#layers.size >= MAX_DEPTH) {
      throw unsupported(
        this.#disk,
        `its chain of snapshots is longer than ${MAX_DEPTH}`,
        'Merge the snapshots where the machine lives, then name the result.',
      );
    }
    this.#layers.add(file.realPath);
    this.files.set(file.realPath, file.allocated);
    if (source.size === 0) throw notADisk(shown, 'is an empty file', 'Copy the disk again.');
    const format = await formatOf(source, shown, declared);
    const layer = await FORMATS[format](this.#context(image), position);
    if (CHECKED_BY_QEMU.includes(format)) {
      this.toCheck.push({ node: 'backing' in layer.node ? { ...layer.node, backing: null } : layer.node, shown });
    }
    return layer;
  }

  async close(): Promise<void> {
    for (const file of this.#open) await file.close();
    this.#open.clear();
  }

  #context(image: EmbeddedImage): LayerContext {
    const { signal, scratchFolder, report } = this.#options;
    return {
      disk: this.#disk,
      shown: image.shown,
      source: image.source,
      protocolNode: image.node,
      openPart: async (role, text) => {
        const file = await this.#reach(role, text, image, {});
        this.files.set(file.realPath, file.allocated);
        return file;
      },
      openBelow: async (role, text, { declared, orBaseName }) => {
        const file = await this.#reach(role, text, image, { ...(orBaseName === undefined ? {} : { orBaseName }) });
        const below = { shown: excerpt(text), file, source: file, node: fileNode(file.realPath) };
        return this.open(below, declared, 'below');
      },
      scratchFolder,
      report,
      ...(signal === undefined ? {} : { signal }),
    };
  }

  async #reach(role: string, text: string, image: EmbeddedImage, how: { orBaseName?: boolean }): Promise<HostFile> {
    if (this.#allowed === null) {
      throw new AppError(
        'input-refused-reference',
        `${image.shown} wants ${excerpt(text)} as its ${role}, but lies in an archive`,
        {
          where: { disk: image.shown, path: excerpt(text) },
          todo: 'Unpack the archive (tar -xf), and name its .ovf.',
        },
      );
    }
    const file = await openReference(
      { role, text, disk: image.shown, holder: image.file.realPath, ...how },
      this.#allowed,
    );
    this.#open.add(file);
    return file;
  }
}

const FORMATS: Readonly<Record<DiskFormat, (context: LayerContext, position: 'top' | 'below') => Promise<Layer>>> = {
  raw: openRaw,
  qcow2: openQcow2,
  vmdk: openVmdk,
  vhdx: openVhdx,
  vdi: openVdi,
  vpc: openVpc,
};

/** A disk that is declared raw is raw, whatever its guest wrote to its first bytes. */
async function formatOf(source: ByteSource, shown: string, declared: string | undefined): Promise<DiskFormat> {
  if (declared === 'raw') return 'raw';
  const content = await detect(source);
  if (content.kind === 'foreign') throw unsupported(shown, `it is ${content.name}`, content.todo);
  if (content.kind !== 'disk') {
    throw notADisk(
      shown,
      `is ${content.kind === 'tar' || content.kind === 'gzip' ? 'an archive' : 'a descriptor'}, not a disk image`,
      'Name the disk image itself here.',
    );
  }
  if (declared !== undefined && declared in FORMATS && declared !== content.format) {
    throw corrupt(shown, `it should be ${declared} and is ${content.format === 'raw' ? 'not' : content.format}`);
  }
  return content.format;
}
