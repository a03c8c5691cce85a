/** CRC-32C (Castagnoli, RFC 3720 appendix B.4), reflected, eight bytes a step. */

const TABLES = makeTables();

/** Continues `crc` over `bytes`; neither the start value nor the result is inverted here. */
export function crc32c(crc: number, bytes: Uint8Array, start = 0, end = bytes.length): number {
  const [t0, t1, t2, t3, t4, t5, t6, t7] = TABLES as [T, T, T, T, T, T, T, T];
  let value = crc | 0;
  let at = start;
  for (; at + 8 <= end; at += 8) {
    value ^= bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
    value =
      t7[value & 255]! ^
      t6[(value >>> 8) & 255]! ^
      t5[(value >>> 16) & 255]! ^
      t4[value >>> 24]! ^
      t3[bytes[at + 4]!]! ^
      t2[bytes[at + 5]!]! ^
      t1[bytes[at + 6]!]! ^
      t0[bytes[at + 7]!]!;
  }
  for (; at < end; at += 1) value = t0[(value ^ bytes[at]!) & 255]! ^ (value >>> 8);
  return value >>> 0;
}

/** Continues over the four bytes of a little-endian number. */
export function crc32cOfNumber(crc: number, number: number): number {
  const [t0, t1, t2, t3] = TABLES as [T, T, T, T];
  const value = crc ^ number;
  return (t3[value & 255]! ^ t2[(value >>> 8) & 255]! ^ t1[(value >>> 16) & 255]! ^ t0[value >>> 24]!) >>> 0;
}

type T = Int32Array;

function makeTables(): Int32Array[] {
  const tables = Array.from({ length: 8 }, () => new Int32Array(256));
  for (let byte = 0; byte < 256; byte += 1) {
    let value = byte;
    for (let bit = 0; bit < 8; bit += 1) value = (value & 1) !== 0 ? (value >>> 1) ^ 0x82f63b78 : value >>> 1;
    tables[0]![byte] = value;
  }
  for (let row = 1; row < 8; row += 1) {
    for (let byte = 0; byte < 256; byte += 1) {
      const value = tables[row - 1]![byte]!;
      tables[row]![byte] = tables[0]![value & 255]! ^ (value >>> 8);
    }
  }
  return tables;
}
