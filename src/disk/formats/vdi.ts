import { safeNumber } from '../byte-source.js';
import { corrupt, truncated, unsupported } from '../failures.js';
import { type Layer, type LayerContext, tableReader } from '../layer.js';

/** VirtualBox disk image, version 1.1; layout as in QEMU, block/vdi.c. */
export const VDI_SIGNATURE = 0x7f10dabe;

const HEADER_BYTES = 512;
const TYPE = { dynamic: 1, fixed: 2 } as const;
const FREE = 0xfffffffe;
const MAX_BLOCKS = 0x20000000;

/** Checks a VDI image: one file, without a parent, with every block inside the file. */
export async function openVdi(context: LayerContext): Promise<Layer> {
  const { source, shown } = context;
  const header = await source.read(0, HEADER_BYTES);
  if (header.length < HEADER_BYTES) throw truncated(shown, `its header has ${header.length} of ${HEADER_BYTES} bytes`);
  const version = header.readUInt32LE(0x44);
  if (version !== 0x00010001)
    throw unsupported(shown, `VDI version ${version >>> 16}.${version & 0xffff} is not read`, CONVERT);
  const type = header.readUInt32LE(0x4c);
  const hasParent = !header.subarray(0x1a8, 0x1b8).equals(Buffer.alloc(16));
  if (hasParent || (type !== TYPE.dynamic && type !== TYPE.fixed)) {
    throw unsupported(shown, 'it is a snapshot (differencing VDI), and QEMU does not follow those', CONVERT);
  }
  const mapOffset = header.readUInt32LE(0x154);
  const dataOffset = header.readUInt32LE(0x158);
  const virtualSize = safeNumber(header.readBigUInt64LE(0x170));
  const blockSize = header.readUInt32LE(0x178);
  const blocks = header.readUInt32LE(0x180);
  if (blockSize !== 1024 * 1024) throw corrupt(shown, `a block size of ${blockSize} bytes (VDI has 1 MiB)`);
  if (virtualSize === null || blocks > MAX_BLOCKS || blocks * blockSize < virtualSize) {
    throw corrupt(shown, 'its block count does not fit its size');
  }
  await checkBlocks({ mapOffset, dataOffset, blockSize, blocks, virtualSize }, context);
  return {
    format: 'vdi',
    subformat: type === TYPE.fixed ? 'fixed' : 'dynamic',
    virtualSize,
    node: { driver: 'vdi', 'read-only': true, file: context.protocolNode },
  };
}

const CONVERT =
  'Let VirtualBox write a whole disk: VBoxManage clonemedium disk.vdi whole.vdi (detach nothing, it only reads), then name that.';

interface BlockMap {
  readonly mapOffset: number;
  readonly dataOffset: number;
  readonly blockSize: number;
  readonly blocks: number;
  readonly virtualSize: number;
}

async function checkBlocks(map: BlockMap, { source, shown, signal }: LayerContext): Promise<void> {
  const tables = tableReader(source, signal);
  const PIECE = 16384;
  for (let first = 0; first < map.blocks; first += PIECE) {
    const count = Math.min(PIECE, map.blocks - first);
    const piece = await tables.read(map.mapOffset + first * 4, count * 4);
    if (piece === null) throw truncated(shown, `its block map lies beyond the end (${source.size} bytes)`);
    for (let index = 0; index < count; index += 1) {
      const block = piece.readUInt32LE(index * 4);
      if (block >= FREE) continue;
      const wanted = Math.min(map.blockSize, map.virtualSize - (first + index) * map.blockSize);
      const end = map.dataOffset + block * map.blockSize + wanted;
      if (wanted > 0 && end > source.size) {
        throw truncated(
          shown,
          `block ${first + index} of the disk would end at ${end}, and the file has ${source.size} bytes`,
        );
      }
    }
  }
}
