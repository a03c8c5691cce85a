import { ZSTDDecoder } from 'zstddec';
import { damaged } from '../../../disk/views/faults.js';
import { zstdFrameSize } from '../../../syntax/zstd-frame.js';

const decoder = new ZSTDDecoder();

/** Must have been awaited before {@link unpackZstd}. */
export async function prepareZstd(): Promise<void> {
  await decoder.init();
}

/** One frame at the start of `packed`; what follows it is padding. */
export function unpackZstd(packed: Buffer, unpackedSize: number): Buffer {
  const size = zstdFrameSize(packed);
  if (size === null) throw damaged('zstd: no whole frame');
  const output = Buffer.alloc(unpackedSize);
  try {
    Buffer.from(decoder.decode(packed.subarray(0, size), unpackedSize)).copy(output);
    return output;
  } catch {
    throw damaged('zstd: a frame cannot be unpacked');
  }
}
