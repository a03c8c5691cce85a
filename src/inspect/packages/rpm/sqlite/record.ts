import { SqliteError } from './pages.js';

export type SqliteValue = number | string | Buffer | null;

/** "Record Format": a header of serial types, then the values. Integers above 2^53 lose precision. @throws SqliteError */
export function decodeRecord(payload: Buffer, encoding: 'utf8' | 'utf16le' | 'utf16be'): SqliteValue[] {
  const headerSize = readVarint(payload, 0);
  if (headerSize.value > payload.length) throw new SqliteError('The header of a row is longer than the row.');
  const values: SqliteValue[] = [];
  let at = headerSize.next;
  let body = headerSize.value;
  while (at < headerSize.value) {
    const type = readVarint(payload, at);
    at = type.next;
    const size = sizeOf(type.value);
    if (body + size > payload.length) throw new SqliteError('A value is longer than its row.');
    values.push(decodeValue(payload, body, size, type.value, encoding));
    body += size;
  }
  return values;
}

/** A variable-length integer: seven bits a byte, high bit for more, the ninth byte whole. @throws SqliteError */
export function readVarint(bytes: Buffer, at: number): { readonly value: number; readonly next: number } {
  let value = 0;
  for (let index = 0; index < 9; index += 1) {
    const byte = bytes[at + index];
    if (byte === undefined) throw new SqliteError('A number runs over the end.');
    if (index === 8) {
      const high = value >= 2 ** 55 ? value - 2 ** 56 : value;
      return { value: high * 256 + byte, next: at + 9 };
    }
    value = value * 128 + (byte & 0x7f);
    if (byte < 0x80) return { value, next: at + index + 1 };
  }
  throw new SqliteError('A number has no end.');
}

const INTEGER_SIZES = [0, 1, 2, 3, 4, 6, 8, 8, 0, 0];

function sizeOf(type: number): number {
  if (type < 0 || type === 10 || type === 11) throw new SqliteError(`A value has the unknown type ${type}.`);
  return type < 10 ? INTEGER_SIZES[type]! : Math.floor((type - 12) / 2);
}

function decodeValue(
  payload: Buffer,
  at: number,
  size: number,
  type: number,
  encoding: 'utf8' | 'utf16le' | 'utf16be',
): SqliteValue {
  if (type === 0) return null;
  if (type === 7) return payload.readDoubleBE(at);
  if (type === 6) return Number(payload.readBigInt64BE(at));
  if (type < 7) return payload.readIntBE(at, size);
  if (type === 8 || type === 9) return type - 8;
  const bytes = payload.subarray(at, at + size);
  if (type % 2 === 0) return bytes;
  if (encoding === 'utf8') return bytes.toString('utf8');
  const ordered = encoding === 'utf16be' ? Buffer.from(bytes.subarray(0, size - (size % 2))).swap16() : bytes;
  return ordered.toString('utf16le');
}
