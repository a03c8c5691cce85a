import type { ByteSource } from './byte-source.js';
import { isTarHeader } from './detect.js';
import { corrupt, truncated } from './failures.js';

export interface TarMember {
  /** Without `./` in front or `/` behind. */
  readonly name: string;
  readonly type: 'file' | 'directory' | 'other';
  /** Where the content stands in the archive, in bytes. */
  readonly offset: number;
  readonly size: number;
}

const BLOCK = 512;
const MAX_EXTENDED = 1024 * 1024;

/**
 * The members of an uncompressed tar archive, header by header; contents are passed over, so the size of the archive
 * does not matter. POSIX.1-2017 pax, ustar and the GNU extensions for long names and large sizes.
 * @throws AppError `input-truncated`, `input-corrupt`.
 */
export async function* tarMembers(source: ByteSource, shown: string): AsyncGenerator<TarMember> {
  let extended: { name?: string; size?: number } = {};
  let offset = 0;
  while (offset < source.size) {
    const header = await source.read(offset, BLOCK);
    if (header.length < BLOCK) throw truncated(shown, `the archive ends inside of a header, at ${source.size}`);
    if (header.every((byte) => byte === 0)) return;
    if (!isTarHeader(header)) throw corrupt(shown, `no archive member begins at ${offset}, where one should`);
    const type = String.fromCharCode(header[156]!);
    const size = extended.size ?? numberAt(header, 124, 12);
    if (size === null) throw corrupt(shown, `an archive member of impossible size, at ${offset}`);
    const content = offset + BLOCK;
    if (content + size > source.size)
      throw truncated(shown, `the archive has ${source.size} bytes, and a member ends at ${content + size}`);
    if ('xLgK'.includes(type)) {
      if (size > MAX_EXTENDED) throw corrupt(shown, `an extended header of ${size} bytes`);
      const bytes = await source.read(content, size);
      if (type === 'x') extended = { ...extended, ...paxRecords(bytes) };
      else if (type === 'L') extended = { ...extended, name: cString(bytes) };
    } else {
      const name = (extended.name ?? headerName(header)).replace(/^(?:\.\/)+/, '').replace(/\/+$/, '');
      yield {
        name,
        type: '0\u00007'.includes(type) ? 'file' : type === '5' ? 'directory' : 'other',
        offset: content,
        size,
      };
      extended = {};
    }
    offset = content + Math.ceil(size / BLOCK) * BLOCK;
  }
}

function headerName(header: Buffer): string {
  const prefix = header.toString('latin1', 257, 262) === 'ustar' ? cString(header.subarray(345, 500)) : '';
  const name = cString(header.subarray(0, 100));
  return prefix === '' ? name : `${prefix}/${name}`;
}

/** Octal digits, or GNU's binary form with the top bit of the first byte set. */
function numberAt(header: Buffer, position: number, length: number): number | null {
  if ((header[position]! & 0x80) !== 0) {
    let value = header[position]! & 0x7f;
    for (let index = 1; index < length; index += 1) value = value * 256 + header[position + index]!;
    return Number.isSafeInteger(value) ? value : null;
  }
  const text = cString(header.subarray(position, position + length)).trim();
  return /^[0-7]{0,12}$/.test(text) ? Number.parseInt(text || '0', 8) : null;
}

/** Records are `LENGTH KEY=VALUE\n`, the length counting itself. */
function paxRecords(bytes: Buffer): { name?: string; size?: number } {
  const found: { name?: string; size?: number } = {};
  let position = 0;
  while (position < bytes.length) {
    const space = bytes.indexOf(0x20, position);
    const length = space === -1 ? Number.NaN : Number(bytes.toString('latin1', position, space));
    if (!Number.isInteger(length) || length <= space - position || position + length > bytes.length) break;
    const record = bytes.toString('utf8', space + 1, position + length - 1);
    const equals = record.indexOf('=');
    const key = record.slice(0, equals);
    const value = record.slice(equals + 1);
    if (key === 'path') found.name = value;
    if (key === 'size' && /^\d{1,15}$/.test(value)) found.size = Number(value);
    position += length;
  }
  return found;
}

function cString(bytes: Buffer): string {
  const end = bytes.indexOf(0);
  return bytes.toString('utf8', 0, end === -1 ? bytes.length : end);
}
