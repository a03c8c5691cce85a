import { AppError } from '../errors.js';
import type { BlockNode, DiskFormat } from '../model/machine.js';
import type { ByteSource } from './byte-source.js';
import { detect } from './detect.js';
import { corrupt, excerpt, notADisk, unsupported } from './failures.js';
import { openQcow2 } from './formats/qcow2.js';
import { openRaw } from './formats/raw.js';
import { openVdi } from './formats/vdi.js';
import { openVhdx } from './formats/vhdx.js';
import { openVmdk } from './formats/vmdk.js';
import { openVpc } from './formats/vpc.js';
import type { HostFile } from './host-file.js';
import { fileNode, type ImageOptions, type Layer, type LayerContext } from './layer.js';
import { type AllowedFolders, openReference } from './references.js';

/** Longest chain of snapshots that is followed; VMware allows 32, and QEMU needs memory for each. */
const MAX_DEPTH = 64;

/** One image, by the bytes that it consists of and the node through which QEMU reads the same bytes. */
export interface ImageBytes {
  readonly shown: string;
  readonly file: HostFile;
  readonly source: ByteSource;
  readonly node: BlockNode;
}

/** An image and everything below it, checked. */
export interface OpenedChain {
  readonly layer: Layer;
  /** Real path → bytes allocated on the host, the image itself first. */
  readonly files: ReadonlyMap<string, number>;
  /** Each image of the chain without what is below it. */
  readonly alone: readonly { readonly shown: string; readonly format: DiskFormat; readonly node: BlockNode }[];
}

/**
 * Follows an image down to its last parent. `allowed` is null for an image in an archive, which may refer to nothing.
 * Files that are opened on the way are closed again; the image's own is not.
 */
export async function openChain(
  image: ImageBytes,
  allowed: AllowedFolders | null,
  options: ImageOptions,
): Promise<OpenedChain> {
  const walk: Walk = {
    disk: image.shown,
    allowed,
    options,
    files: new Map(),
    alone: [],
    opened: [],
    layers: new Set(),
  };
  try {
    return { layer: await openLayer(image, options.declared, 'top', walk), files: walk.files, alone: walk.alone };
  } finally {
    for (const file of walk.opened) await file.close();
  }
}

interface Walk {
  readonly disk: string;
  readonly allowed: AllowedFolders | null;
  readonly options: ImageOptions;
  readonly files: Map<string, number>;
  readonly alone: OpenedChain['alone'][number][];
  readonly opened: HostFile[];
  /** Real paths of the images on the way, to notice a loop. */
  readonly layers: Set<string>;
}

const FORMATS: Readonly<Record<DiskFormat, (context: LayerContext, position: 'top' | 'below') => Promise<Layer>>> = {
  raw: openRaw,
  qcow2: openQcow2,
  vmdk: openVmdk,
  vhdx: openVhdx,
  vdi: openVdi,
  vpc: openVpc,
};

async function openLayer(
  image: ImageBytes,
  declared: string | undefined,
  position: 'top' | 'below',
  walk: Walk,
): Promise<Layer> {
  const { file, source, shown } = image;
  if (walk.layers.has(file.realPath)) throw corrupt(walk.disk, `its chain of parents leads back to ${excerpt(shown)}`);
  if (walk.layers.size >= MAX_DEPTH) {
    throw unsupported(
      walk.disk,
      `its chain of snapshots is longer than ${MAX_DEPTH}`,
      'Merge the snapshots where the machine lives, then name the result.',
    );
  }
  walk.layers.add(file.realPath);
  walk.files.set(file.realPath, file.allocated);
  if (source.size === 0) throw notADisk(shown, 'is an empty file', 'Copy the disk again.');
  const format = await formatOf(source, shown, declared);
  const layer = await FORMATS[format](contextOf(image, walk), position);
  walk.alone.push({ shown, format, node: 'backing' in layer.node ? { ...layer.node, backing: null } : layer.node });
  return layer;
}

function contextOf(image: ImageBytes, walk: Walk): LayerContext {
  const { signal, scratchFolder, report } = walk.options;
  return {
    disk: walk.disk,
    shown: image.shown,
    source: image.source,
    protocolNode: image.node,
    openPart: async (role, text) => {
      const file = await reach(role, text, image, walk, false);
      walk.files.set(file.realPath, file.allocated);
      return file;
    },
    openBelow: async (role, text, { declared, orBaseName }) => {
      const file = await reach(role, text, image, walk, orBaseName ?? false);
      return openLayer(
        { shown: excerpt(text), file, source: file, node: fileNode(file.realPath) },
        declared,
        'below',
        walk,
      );
    },
    scratchFolder,
    report,
    ...(signal === undefined ? {} : { signal }),
  };
}

async function reach(
  role: string,
  text: string,
  image: ImageBytes,
  walk: Walk,
  orBaseName: boolean,
): Promise<HostFile> {
  if (walk.allowed === null) {
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
    { role, text, disk: image.shown, holder: image.file.realPath, orBaseName },
    walk.allowed,
  );
  walk.opened.push(file);
  return file;
}

/** A disk that is declared raw is raw, whatever its guest wrote to its first bytes. */
async function formatOf(source: ByteSource, shown: string, declared: string | undefined): Promise<DiskFormat> {
  if (declared === 'raw') return 'raw';
  const content = await detect(source);
  if (content.kind === 'foreign') throw unsupported(shown, `it is ${content.name}`, content.todo);
  if (content.kind !== 'disk') {
    const what = content.kind === 'tar' || content.kind === 'gzip' ? 'an archive' : 'a descriptor';
    throw notADisk(shown, `is ${what}, not a disk image`, 'Name the disk image itself here.');
  }
  if (declared !== undefined && Object.hasOwn(FORMATS, declared) && declared !== content.format) {
    throw corrupt(shown, `it should be ${declared} and is ${content.format === 'raw' ? 'not' : content.format}`);
  }
  return content.format;
}
