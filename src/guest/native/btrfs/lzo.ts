import { damaged } from '../../../disk/views/faults.js';

/**
 * LZO as btrfs frames it: total length, then segments with a length each, which unpack to one sector; a length does not
 * cross a sector's end (fs/btrfs/lzo.c of Linux).
 */
export function unpackLzo(packed: Buffer, unpackedSize: number, sectorSize: number): Buffer {
  const output = Buffer.alloc(unpackedSize);
  const total = packed.length < 4 ? 0 : packed.readUInt32LE(0);
  if (total < 4 || total > packed.length) throw damaged('LZO: length');
  let at = 4;
  let filled = 0;
  while (at < total && filled < unpackedSize) {
    const left = sectorSize - (at % sectorSize);
    if (left < 4) at += left;
    if (at + 4 > total) break;
    const length = packed.readUInt32LE(at);
    at += 4;
    if (length === 0 || at + length > total) throw damaged('LZO: segment');
    filled += unpackSegment(
      packed.subarray(at, at + length),
      output,
      filled,
      Math.min(filled + sectorSize, unpackedSize),
    );
    at += length;
  }
  return output;
}

/**
 * One LZO1X stream (Documentation/staging/lzo.rst of Linux).
 * @returns How many bytes it gave.
 */
export function unpackSegment(input: Uint8Array, output: Uint8Array, start: number, end: number): number {
  let at = 0;
  let to = start;
  /** What the last instruction copied literally: 0 nothing, 1 to 3, 4 for more. */
  let state = 0;

  const byte = (): number => {
    const value = input[at];
    if (value === undefined) throw damaged('LZO: input ends early');
    at += 1;
    return value;
  };
  const extended = (base: number): number => {
    let length = base;
    for (let value = byte(); ; value = byte()) {
      if (value !== 0) return length + value;
      length += 255;
      if (length > output.length) throw damaged('LZO: length');
    }
  };
  const literals = (count: number): void => {
    if (at + count > input.length || to + count > end) throw damaged('LZO: literals');
    output.set(input.subarray(at, at + count), to);
    at += count;
    to += count;
  };
  const match = (distance: number, length: number): void => {
    if (to - distance < start || to + length > end) throw damaged('LZO: match');
    // Byte by byte: a match may overlap what it makes.
    for (let count = 0; count < length; count += 1, to += 1) output[to] = output[to - distance]!;
  };
  const follow = (count: number): void => {
    literals(count);
    state = count;
  };

  if (input[0] !== undefined && input[0] > 17) {
    const count = byte() - 17;
    literals(count);
    state = Math.min(count, 4);
  }
  for (;;) {
    const code = byte();
    if (code < 16) {
      if (state === 0) {
        literals(code === 0 ? extended(18) : code + 3);
        state = 4;
        continue;
      }
      const distance = (byte() << 2) + ((code >> 2) & 3) + (state === 4 ? 2049 : 1);
      match(distance, state === 4 ? 3 : 2);
      follow(code & 3);
    } else if (code < 32) {
      const length = 2 + ((code & 7) === 0 ? extended(7) : code & 7);
      const word = byte() | (byte() << 8);
      const distance = 16384 + ((code & 8) << 11) + (word >> 2);
      if (distance === 16384) return to - start;
      match(distance, length);
      follow(word & 3);
    } else if (code < 64) {
      const length = 2 + ((code & 31) === 0 ? extended(31) : code & 31);
      const word = byte() | (byte() << 8);
      match((word >> 2) + 1, length);
      follow(word & 3);
    } else {
      const length = code < 128 ? 3 + ((code >> 5) & 1) : 5 + ((code >> 5) & 3);
      match((byte() << 3) + ((code >> 2) & 7) + 1, length);
      follow(code & 3);
    }
  }
}
