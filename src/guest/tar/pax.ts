import { AppError } from '../../errors.js';

/**
 * Extended header records (POSIX.1-2017, pax, "pax Extended Header"): `LENGTH KEY=VALUE\n`, where LENGTH counts bytes of
 * the whole record. Values stay bytes: file names need not be UTF-8, and attributes hold binary data, newlines included.
 * GNU's sparse maps 0.0 repeat two keys for each segment; these are gathered under `GNU.sparse.map` in the form of 0.1.
 */
export function decodePaxRecords(body: Buffer): Map<string, Buffer> {
  const records = new Map<string, Buffer>();
  const segments: string[] = [];
  let position = 0;
  while (position < body.length) {
    const blank = body.indexOf(0x20, position);
    const digits = blank === -1 || blank - position > 10 ? '' : body.toString('latin1', position, blank);
    const length = /^\d+$/.test(digits) ? Number(digits) : 0;
    const end = position + length;
    const equals = body.indexOf(0x3d, blank);
    if (length === 0 || end > body.length || equals === -1 || equals >= end || body[end - 1] !== 0x0a) {
      throw new AppError('input-corrupt', 'The tar archive is damaged: a broken extended header', {
        todo: 'Make the archive again.',
      });
    }
    const key = body.toString('latin1', blank + 1, equals);
    const value = Buffer.from(body.subarray(equals + 1, end - 1));
    if (key === 'GNU.sparse.offset' || key === 'GNU.sparse.numbytes') segments.push(value.toString('latin1'));
    else records.set(key, value);
    position = end;
  }
  if (segments.length > 0) records.set('GNU.sparse.map', Buffer.from(segments.join(','), 'latin1'));
  return records;
}

/** The body of an extended header with the given records, in the given order. */
export function encodePaxRecords(records: Iterable<readonly [key: string, value: Uint8Array]>): Buffer {
  const parts: Buffer[] = [];
  for (const [key, value] of records) {
    const rest = Buffer.concat([Buffer.from(` ${key}=`, 'latin1'), value, Buffer.from('\n')]);
    let length = rest.length + 1;
    while (String(length).length + rest.length !== length) length = String(length).length + rest.length;
    parts.push(Buffer.from(String(length), 'latin1'), rest);
  }
  return Buffer.concat(parts);
}

const XATTR_PREFIX = 'SCHILY.xattr.';

/** The extended attributes among the records, names as on the disk. */
export function attributesOf(records: ReadonlyMap<string, Buffer>): Map<string, Buffer> {
  const attributes = new Map<string, Buffer>();
  for (const [key, value] of records) {
    if (key.startsWith(XATTR_PREFIX)) attributes.set(unescapeKey(key.slice(XATTR_PREFIX.length)), value);
  }
  return attributes;
}

/** GNU tar writes `=` and `%` of attribute names as `%3D` and `%25`, since `=` ends a key. */
function unescapeKey(key: string): string {
  return key.replace(/%(3D|25)/g, (_, code: string) => (code === '3D' ? '=' : '%'));
}
