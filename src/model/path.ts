/**
 * Guest paths.
 *
 * On a disk a path is bytes; most are UTF-8, some are not. Inside the tool a path is a string: valid UTF-8 is decoded as
 * usual and every byte that is not part of valid UTF-8 becomes the lone surrogate U+DC80…U+DCFF (the scheme of PEP 383).
 * No valid UTF-8 decodes to a lone surrogate, so the mapping is exact both ways, literals compare as written, and a
 * path can be a map key. Paths are absolute, `/`-separated, without `.`, `..` or a trailing slash; the root is `/`.
 */

const ESCAPE_BASE = 0xdc00;
const strictDecoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The path for the given bytes. Never fails. */
export function decodePath(bytes: Uint8Array): string {
  try {
    return strictDecoder.decode(bytes);
  } catch {
    return decodeBroken(bytes);
  }
}

/** The bytes of a path made by {@link decodePath}. */
export function encodePath(path: string): Buffer {
  if (!hasEscapes(path)) return Buffer.from(path, 'utf8');
  const parts: Buffer[] = [];
  let clean = '';
  for (const character of path) {
    const code = character.charCodeAt(0);
    if (character.length === 1 && code >= 0xdc80 && code <= 0xdcff) {
      parts.push(Buffer.from(clean, 'utf8'), Buffer.from([code - ESCAPE_BASE]));
      clean = '';
    } else {
      clean += character;
    }
  }
  parts.push(Buffer.from(clean, 'utf8'));
  return Buffer.concat(parts);
}

/** Whether the path holds bytes that are not UTF-8. */
export function hasEscapes(path: string): boolean {
  return !path.isWellFormed();
}

/**
 * The path as reports show it. A path that is not UTF-8 is percent-encoded byte by byte outside of printable ASCII
 * (`%` included); others stay as they are, `%` included. {@link hasEscapes} tells the two apart.
 */
export function displayPath(path: string): string {
  if (!hasEscapes(path)) return path;
  let shown = '';
  for (const byte of encodePath(path)) {
    const plain = byte > 0x20 && byte < 0x7f && byte !== 0x25;
    shown += plain ? String.fromCharCode(byte) : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return shown;
}

/** Order of the output: by UTF-16 code unit, independent of locale. */
export function comparePaths(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** The parent folder of an absolute path; `/` is its own parent. */
export function parentPath(path: string): string {
  const slash = path.lastIndexOf('/');
  return slash <= 0 ? '/' : path.slice(0, slash);
}

/** The last component of an absolute path; empty for `/`. */
export function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** `name` below `folder`. `name` may hold slashes, and must be normalised already. */
export function joinPath(folder: string, name: string): string {
  return folder === '/' ? `/${name}` : `${folder}/${name}`;
}

/** Whether `path` is `folder` or lies below it. */
export function isWithin(path: string, folder: string): boolean {
  return folder === '/' || path === folder || path.startsWith(`${folder}/`);
}

/** Every folder above `path`, from `/` down; nothing for `/` itself. */
export function ancestors(path: string): string[] {
  if (path === '/') return [];
  const result = ['/'];
  for (let slash = path.indexOf('/', 1); slash !== -1; slash = path.indexOf('/', slash + 1)) {
    result.push(path.slice(0, slash));
  }
  return result;
}

/** Makes a path of any text absolute and free of `.`, `..`, empty components; `..` at the root stays at the root. */
export function normalizePath(text: string): string {
  const parts: string[] = [];
  for (const part of text.split('/')) {
    if (part === '' || part === '.') continue;
    if (part === '..') parts.pop();
    else parts.push(part);
  }
  return `/${parts.join('/')}`;
}

function decodeBroken(bytes: Uint8Array): string {
  let result = '';
  let position = 0;
  while (position < bytes.length) {
    const length = sequenceLength(bytes, position);
    if (length > 0) {
      result += strictDecoder.decode(bytes.subarray(position, position + length));
      position += length;
    } else {
      result += String.fromCharCode(ESCAPE_BASE + bytes[position]!);
      position += 1;
    }
  }
  return result;
}

/** Length of the valid UTF-8 sequence at `position`, or 0 (RFC 3629, table in section 4). */
function sequenceLength(bytes: Uint8Array, position: number): number {
  const lead = bytes[position]!;
  if (lead < 0x80) return 1;
  const second = bytes[position + 1] ?? 0;
  const isTail = (offset: number): boolean => ((bytes[position + offset] ?? 0) & 0xc0) === 0x80;
  if (lead >= 0xc2 && lead <= 0xdf) return isTail(1) ? 2 : 0;
  if (lead >= 0xe0 && lead <= 0xef) {
    const low = lead === 0xe0 ? 0xa0 : 0x80;
    const high = lead === 0xed ? 0x9f : 0xbf;
    return second >= low && second <= high && isTail(2) ? 3 : 0;
  }
  if (lead >= 0xf0 && lead <= 0xf4) {
    const low = lead === 0xf0 ? 0x90 : 0x80;
    const high = lead === 0xf4 ? 0x8f : 0xbf;
    return second >= low && second <= high && isTail(2) && isTail(3) ? 4 : 0;
  }
  return 0;
}
