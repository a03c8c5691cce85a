import type { BlockNode } from '../../model/machine.js';
import type { ByteSource } from '../byte-source.js';
import { safeNumber } from '../byte-source.js';
import { corrupt, truncated, unsupported } from '../failures.js';
import { type Layer, type LayerContext, tableReader } from '../layer.js';

/** Microsoft, "Virtual Hard Disk Image Format Specification", 2006. All numbers are big-endian. */
export const VHD_COOKIE = 'conectix';

const FOOTER_BYTES = 512;
const TYPE = { fixed: 2, dynamic: 3, differencing: 4 } as const;
const UNUSED = 0xffffffff;
const MAX_ENTRIES = 2 ** 24;

/** Whether the last 512 bytes are the footer of a VHD; a fixed disk has no other mark. */
export async function hasVhdFooter(source: ByteSource): Promise<boolean> {
  if (source.size < FOOTER_BYTES) return false;
  const footer = await source.read(source.size - FOOTER_BYTES, FOOTER_BYTES);
  return footer.toString('latin1', 0, 8) === VHD_COOKIE && checksumHolds(footer, 64);
}

/** Checks a VHD: fixed or dynamic, footer present, every block inside the file. */
export async function openVpc(context: LayerContext): Promise<Layer> {
  const { source, shown } = context;
  if (!(await hasVhdFooter(source))) throw truncated(shown, 'the footer that ends every VHD is missing');
  const footer = await source.read(source.size - FOOTER_BYTES, FOOTER_BYTES);
  const type = footer.readUInt32BE(60);
  const virtualSize = safeNumber(footer.readBigUInt64BE(48));
  if (virtualSize === null || virtualSize === 0 || virtualSize % 512 !== 0)
    throw corrupt(shown, 'an impossible size in its footer');
  if (type === TYPE.differencing) {
    throw unsupported(
      shown,
      'it is a differencing disk, whose parent QEMU does not follow',
      'Merge it where it came from (Hyper-V: Merge-VHD, or Convert-VHD to a new dynamic disk), then name the result.',
    );
  }
  if (type === TYPE.fixed) {
    if (virtualSize + FOOTER_BYTES > source.size) {
      throw truncated(shown, `it holds ${source.size - FOOTER_BYTES} of ${virtualSize} bytes`);
    }
    return layer(context, 'fixed', virtualSize);
  }
  if (type !== TYPE.dynamic) throw corrupt(shown, `the unknown disk type ${type}`);
  await checkBlocks(footer, virtualSize, context);
  return layer(context, 'dynamic', virtualSize);
}

function layer(context: LayerContext, subformat: string, virtualSize: number): Layer {
  const node: BlockNode = {
    driver: 'vpc',
    'read-only': true,
    // The CHS geometry of the header may say less than the disk has.
    force_size_calc: 'current_size',
    file: context.protocolNode,
  };
  return { format: 'vpc', subformat, virtualSize, node };
}

async function checkBlocks(footer: Buffer, virtualSize: number, context: LayerContext): Promise<void> {
  const { source, shown, signal } = context;
  const headerOffset = safeNumber(footer.readBigUInt64BE(16));
  const header = headerOffset === null ? Buffer.alloc(0) : await source.read(headerOffset, 1024);
  if (header.length < 1024) throw truncated(shown, 'its dynamic header lies beyond the end');
  if (header.toString('latin1', 0, 8) !== 'cxsparse' || !checksumHolds(header, 36))
    throw corrupt(shown, 'its dynamic header is not one');
  const tableOffset = safeNumber(header.readBigUInt64BE(16));
  const entries = header.readUInt32BE(28);
  const blockSize = header.readUInt32BE(32);
  if (tableOffset === null || blockSize < 512 || blockSize > 2 ** 28 || (blockSize & (blockSize - 1)) !== 0) {
    throw corrupt(shown, `a block size of ${blockSize} bytes`);
  }
  const needed = Math.ceil(virtualSize / blockSize);
  if (entries < needed || needed > MAX_ENTRIES) throw corrupt(shown, 'its block table does not fit its size');
  const bitmapBytes = Math.ceil(blockSize / 512 / 8 / 512) * 512;
  const tables = tableReader(source, signal);
  const table = await tables.read(tableOffset, needed * 4);
  if (table === null) throw truncated(shown, 'its block table lies beyond the end');
  const limit = source.size - FOOTER_BYTES;
  for (let index = 0; index < needed; index += 1) {
    const sector = table.readUInt32BE(index * 4);
    if (sector === UNUSED) continue;
    const end = sector * 512 + bitmapBytes + Math.min(blockSize, virtualSize - index * blockSize);
    if (end > limit)
      throw truncated(shown, `block ${index} of the disk would end at ${end}, and the file has ${limit} bytes of data`);
  }
}

/** One's complement of the sum of all bytes but the checksum's own. */
function checksumHolds(bytes: Buffer, position: number): boolean {
  let sum = 0;
  for (let index = 0; index < bytes.length; index += 1) {
    if (index < position || index >= position + 4) sum += bytes[index]!;
  }
  return ~sum >>> 0 === bytes.readUInt32BE(position);
}
