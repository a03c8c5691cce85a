import type { BlockNode } from '../../model/machine.js';
import { safeNumber } from '../byte-source.js';
import { corrupt, encrypted, truncated, unsupported } from '../failures.js';
import { fileNode, type Layer, type LayerContext } from '../layer.js';
import { type ClusterMap, checkClusters } from './qcow2-clusters.js';

/** QEMU, docs/interop/qcow2.txt. */
export const QCOW2_MAGIC = 0x514649fb;

const INCOMPATIBLE = { dirty: 1n, corrupt: 2n, dataFile: 4n, compressionType: 8n, extendedL2: 16n } as const;
const EXTENSION = { backingFormat: 0xe2792aca, dataFile: 0x44415441, luks: 0x0537be77 } as const;
const MAX_L1_BYTES = 32 * 1024 * 1024;
const MAX_NAME = 1023;

interface Qcow2Header extends ClusterMap {
  readonly incompatible: bigint;
  readonly backingFile?: string;
  readonly backingFormat?: string;
  readonly dataFile?: string;
}

/** Checks a qcow2 image: its header, what it refers to, and that every cluster lies inside the file. */
export async function openQcow2(context: LayerContext): Promise<Layer> {
  const header = await readHeader(context);
  const data = await dataSource(header, context);
  await checkClusters(header, data.size, context);
  if ((header.incompatible & INCOMPATIBLE.corrupt) !== 0n) {
    context.report({
      code: 'disk-marked-corrupt',
      path: context.shown,
      reason: 'QEMU marked this image as corrupt when it was last used',
    });
  }
  const backing =
    header.backingFile === undefined
      ? null
      : (
          await context.openBelow('backing file', header.backingFile, {
            ...(header.backingFormat === undefined ? {} : { declared: header.backingFormat }),
          })
        ).node;
  const node: BlockNode = {
    driver: 'qcow2',
    'read-only': true,
    file: context.protocolNode,
    backing,
    ...(data.node === undefined ? {} : { 'data-file': data.node }),
  };
  return { format: 'qcow2', virtualSize: header.virtualSize, node };
}

async function readHeader(context: LayerContext): Promise<Qcow2Header> {
  const { source, shown } = context;
  const bytes = await source.read(0, 65536);
  if (bytes.length < 72) throw truncated(shown, `its header has ${bytes.length} of 72 bytes`);
  const version = bytes.readUInt32BE(4);
  if (version === 1)
    throw unsupported(shown, 'qcow version 1 is not read', 'Convert it: qemu-img convert -f qcow -O qcow2 OLD NEW.');
  if (version !== 2 && version !== 3) {
    throw unsupported(
      shown,
      `qcow version ${version} is unknown`,
      'Convert it with the QEMU that made it: qemu-img convert -O qcow2.',
    );
  }
  if (version === 3 && bytes.length < 104) throw truncated(shown, `its header has ${bytes.length} of 104 bytes`);
  const incompatible = version === 3 ? bytes.readBigUInt64BE(72) : 0n;
  const known = Object.values(INCOMPATIBLE).reduce((all, bit) => all | bit, 0n);
  if ((incompatible & ~known) !== 0n) {
    throw unsupported(
      shown,
      `it needs qcow2 features that are unknown here (0x${incompatible.toString(16)})`,
      'Convert it with the QEMU that made it: qemu-img convert -O qcow2.',
    );
  }
  const crypt = bytes.readUInt32BE(32);
  if (crypt !== 0)
    throw encrypted(shown, `qcow2 with ${crypt === 1 ? 'AES' : crypt === 2 ? 'LUKS' : 'unknown'} encryption`);
  const headerLength = version === 3 ? bytes.readUInt32BE(100) : 72;
  const clusterBits = bytes.readUInt32BE(20);
  if (clusterBits < 9 || clusterBits > 21) throw corrupt(shown, `a cluster size of 2^${clusterBits} bytes`);
  if (headerLength < (version === 3 ? 104 : 72) || headerLength > 2 ** clusterBits || headerLength % 8 !== 0) {
    throw corrupt(shown, `a header length of ${headerLength} bytes`);
  }
  const virtualSize = safeNumber(bytes.readBigUInt64BE(24));
  const l1Offset = safeNumber(bytes.readBigUInt64BE(40));
  const l1Size = bytes.readUInt32BE(36);
  if (virtualSize === null || virtualSize > 2 ** 56 || l1Offset === null)
    throw corrupt(shown, 'impossible sizes in its header');
  if (l1Size * 8 > MAX_L1_BYTES) throw corrupt(shown, `an L1 table of ${l1Size} entries`);
  const extendedL2 = (incompatible & INCOMPATIBLE.extendedL2) !== 0n;
  const clustersOfL2 = 2 ** clusterBits / (extendedL2 ? 16 : 8);
  if (l1Size < Math.ceil(virtualSize / 2 ** clusterBits / clustersOfL2))
    throw corrupt(shown, 'its L1 table is too small for its size');
  const backingFile = await readName(context, safeNumber(bytes.readBigUInt64BE(8)), bytes.readUInt32BE(16));
  return {
    clusterBits,
    virtualSize,
    l1Size,
    l1Offset,
    incompatible,
    extendedL2,
    isZlib: (incompatible & INCOMPATIBLE.compressionType) === 0n,
    ...(backingFile === undefined ? {} : { backingFile }),
    ...readExtensions(bytes, headerLength, shown),
  };
}

async function readName(context: LayerContext, offset: number | null, length: number): Promise<string | undefined> {
  if (offset === 0 || length === 0) return undefined;
  if (offset === null || length > MAX_NAME) throw corrupt(context.shown, `a backing file name of ${length} bytes`);
  const bytes = await context.source.read(offset, length);
  if (bytes.length < length) throw truncated(context.shown, 'the name of its backing file lies beyond the end');
  return bytes.toString('utf8');
}

/** Header extensions: type, length, data padded to eight bytes, up to type 0. They end in the first cluster. */
function readExtensions(bytes: Buffer, start: number, shown: string): { backingFormat?: string; dataFile?: string } {
  const found: { backingFormat?: string; dataFile?: string } = {};
  let position = start;
  while (position + 8 <= bytes.length) {
    const type = bytes.readUInt32BE(position);
    const length = bytes.readUInt32BE(position + 4);
    if (type === 0) break;
    const end = position + 8 + length;
    if (end > bytes.length) {
      if (bytes.length < 65536) throw truncated(shown, 'its header extensions go on beyond the end');
      break;
    }
    const text = bytes.subarray(position + 8, end).toString('utf8');
    if (type === EXTENSION.backingFormat) found.backingFormat = text;
    else if (type === EXTENSION.dataFile) found.dataFile = text;
    else if (type === EXTENSION.luks) throw encrypted(shown, 'qcow2 with LUKS encryption');
    position = position + 8 + Math.ceil(length / 8) * 8;
  }
  return found;
}

async function dataSource(header: Qcow2Header, context: LayerContext): Promise<{ size: number; node?: BlockNode }> {
  if ((header.incompatible & INCOMPATIBLE.dataFile) === 0n) return { size: context.source.size };
  if (header.dataFile === undefined || header.dataFile === '') {
    throw corrupt(context.shown, 'it keeps its data in another file and does not say in which');
  }
  const file = await context.openPart('data file', header.dataFile);
  return { size: file.size, node: fileNode(file.realPath) };
}
