/** The 512-byte header of ustar (POSIX.1-2017, pax, "ustar Interchange Format"), with GNU's base-256 numbers. */
export interface Header {
  readonly name: Buffer;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  readonly mtime: number;
  readonly type: string;
  readonly linkName: Buffer;
  readonly deviceMajor: number;
  readonly deviceMinor: number;
  /** The block itself: GNU keeps the beginning of a sparse map in it. */
  readonly block: Buffer;
}

/** Null when the block is no header: wrong checksum, or numbers that are none. */
export function decodeHeader(block: Buffer): Header | null {
  if (number(block, 148, 8) !== checksum(block)) return null;
  const isUstar = block.toString('latin1', 257, 263) === 'ustar\0';
  const prefix = isUstar ? text(block, 345, 155) : Buffer.alloc(0);
  const name = text(block, 0, 100);
  const numbers = {
    mode: number(block, 100, 8),
    uid: number(block, 108, 8),
    gid: number(block, 116, 8),
    size: number(block, 124, 12),
    mtime: number(block, 136, 12),
    deviceMajor: number(block, 329, 8),
    deviceMinor: number(block, 337, 8),
  };
  if (Object.values(numbers).some((value) => !Number.isSafeInteger(value)) || numbers.size < 0) return null;
  return {
    ...numbers,
    name: prefix.length === 0 ? name : Buffer.concat([prefix, Buffer.from('/'), name]),
    type: block.toString('latin1', 156, 157),
    linkName: text(block, 157, 100),
    block,
  };
}

export function isEndBlock(block: Buffer): boolean {
  return block.every((byte) => byte === 0);
}

/** A number of a header: octal digits, or base 256 in two's complement when the first bit is set. NaN when neither. */
export function number(block: Buffer, start: number, length: number): number {
  const first = block[start]!;
  if ((first & 0x80) !== 0) {
    let value = (first & 0x40) !== 0 ? -1n : 0n;
    value = (value << 6n) | BigInt(first & 0x3f);
    for (let index = start + 1; index < start + length; index += 1) value = (value << 8n) | BigInt(block[index]!);
    const isSafe = value <= BigInt(Number.MAX_SAFE_INTEGER) && value >= BigInt(Number.MIN_SAFE_INTEGER);
    return isSafe ? Number(value) : Number.NaN;
  }
  const digits = block
    .toString('latin1', start, start + length)
    .replace(/[\0 ]+$/, '')
    .replace(/^[\0 ]+/, '');
  if (digits === '') return 0;
  return /^[0-7]+$/.test(digits) ? Number.parseInt(digits, 8) : Number.NaN;
}

function text(block: Buffer, start: number, length: number): Buffer {
  const field = block.subarray(start, start + length);
  const end = field.indexOf(0);
  return Buffer.from(end === -1 ? field : field.subarray(0, end));
}

/** Sum of all bytes, the checksum field counted as blanks. */
function checksum(block: Buffer): number {
  let sum = 8 * 0x20;
  for (let index = 0; index < 512; index += 1) if (index < 148 || index >= 156) sum += block[index]!;
  return sum;
}
