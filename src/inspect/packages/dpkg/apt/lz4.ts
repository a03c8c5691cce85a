/**
 * Reads LZ4 frames (LZ4 Frame Format 1.6.4, LZ4 Block Format): apt compresses its indexes so, and Node cannot.
 * Checksums are passed over: a wrong byte in an index costs one answer, not a file.
 */

const FRAME_MAGIC = 0x184d2204;
const SKIPPABLE_MAGIC = 0x184d2a50;
/** A match reaches back at most this far, also into earlier blocks when they are linked. */
const WINDOW = 64 * 1024;
const BLOCK_SIZES: Readonly<Record<number, number>> = { 4: 1 << 16, 5: 1 << 18, 6: 1 << 20, 7: 1 << 22 };

/**
 * The content in pieces; each piece is only valid until the next one is asked for.
 * @throws RangeError when the data is no LZ4 frame, is cut, or refers to what is not there.
 */
export function* lz4Blocks(data: Buffer): Generator<Buffer> {
  let position = 0;
  while (position < data.length) {
    const magic = data.readUInt32LE(position);
    if ((magic & 0xfffffff0) >>> 0 === SKIPPABLE_MAGIC) {
      position += 8 + data.readUInt32LE(position + 4);
      continue;
    }
    if (magic !== FRAME_MAGIC) throw new RangeError('not an LZ4 frame');
    position = yield* frameBlocks(data, position + 4);
  }
}

function* frameBlocks(data: Buffer, start: number): Generator<Buffer, number> {
  const flags = data.readUInt8(start);
  const blockSize = BLOCK_SIZES[(data.readUInt8(start + 1) >> 4) & 7];
  if (flags >> 6 !== 1 || blockSize === undefined) throw new RangeError('unknown version of LZ4 frames');
  const [hasBlockChecksum, hasSize, hasChecksum, hasDictionary] = [0x10, 0x08, 0x04, 0x01].map((bit) => flags & bit);
  if (hasDictionary) throw new RangeError('LZ4 frame that needs a dictionary');
  let position = start + 2 + (hasSize ? 8 : 0) + 1;
  const work = Buffer.allocUnsafe(WINDOW + blockSize);
  let filled = 0;
  for (;;) {
    const header = data.readUInt32LE(position);
    position += 4;
    if (header === 0) return position + (hasChecksum ? 4 : 0);
    const length = header & 0x7fffffff;
    if (length > blockSize || position + length > data.length) throw new RangeError('LZ4 block is cut');
    const block = data.subarray(position, position + length);
    position += length + (hasBlockChecksum ? 4 : 0);
    const from = filled;
    if (header >>> 31 === 1) filled += block.copy(work, filled);
    else filled = decodeBlock(block, work.subarray(0, filled + blockSize), filled);
    yield work.subarray(from, filled);
    if (filled > WINDOW) {
      work.copyWithin(0, filled - WINDOW, filled);
      filled = WINDOW;
    }
  }
}

/** Sequences of literals and matches; returns where the output ends. */
function decodeBlock(block: Buffer, output: Buffer, start: number): number {
  let input = 0;
  let end = start;
  while (input < block.length) {
    const token = block[input++]!;
    let literals = token >> 4;
    if (literals === 15) {
      let more = 255;
      while (more === 255) {
        more = block.readUInt8(input++);
        literals += more;
      }
    }
    if (input + literals > block.length || end + literals > output.length) throw new RangeError('LZ4 literals overrun');
    block.copy(output, end, input, input + literals);
    input += literals;
    end += literals;
    if (input >= block.length) return end;
    const distance = block.readUInt16LE(input);
    input += 2;
    let length = (token & 15) + 4;
    if (length === 19) {
      let more = 255;
      while (more === 255) {
        more = block.readUInt8(input++);
        length += more;
      }
    }
    const source = end - distance;
    if (distance === 0 || source < 0 || end + length > output.length) throw new RangeError('LZ4 match out of range');
    // A match may overlap what it writes: then it repeats.
    if (distance >= length) output.copyWithin(end, source, source + length);
    else for (let index = 0; index < length; index += 1) output[end + index] = output[source + index]!;
    end += length;
  }
  return end;
}
