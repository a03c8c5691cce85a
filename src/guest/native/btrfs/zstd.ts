import { ZSTDDecoder } from 'zstddec';
import { damaged } from '../../../disk/views/faults.js';

const MAGIC = 0xfd2fb528;
const decoder = new ZSTDDecoder();

/** Must have been awaited before {@link unpackZstd}. */
export async function prepareZstd(): Promise<void> {
  await decoder.init();
}

/** One frame at the start of `packed`; what follows it is padding. */
export function unpackZstd(packed: Buffer, unpackedSize: number): Buffer {
  const output = Buffer.alloc(unpackedSize);
  try {
    Buffer.from(decoder.decode(packed.subarray(0, frameSize(packed)), unpackedSize)).copy(output);
    return output;
  } catch {
    throw damaged('zstd: a frame cannot be unpacked');
  }
}

/** RFC 8878, section 3.1.1: the header's length follows from its first byte, each block's from its header. */
function frameSize(packed: Buffer): number {
  if (packed.readUInt32LE(0) !== MAGIC) throw damaged('zstd: magic');
  const descriptor = packed[4]!;
  const isSingleSegment = (descriptor & 0x20) !== 0;
  const dictionaryBytes = [0, 1, 2, 4][descriptor & 3]!;
  const sizeBytes = [isSingleSegment ? 1 : 0, 2, 4, 8][descriptor >> 6]!;
  let at = 5 + (isSingleSegment ? 0 : 1) + dictionaryBytes + sizeBytes;
  for (let isLast = false; !isLast; ) {
    const header = packed.readUIntLE(at, 3);
    isLast = (header & 1) === 1;
    const isRepeated = ((header >> 1) & 3) === 1;
    at += 3 + (isRepeated ? 1 : header >> 3);
  }
  const end = at + ((descriptor & 4) !== 0 ? 4 : 0);
  if (end > packed.length) throw damaged('zstd: a frame is cut');
  return end;
}
