import { gunzipSync } from 'node:zlib';
import type { PackageFile } from '../../../model/packages.js';
import { decodePath, normalizePath } from '../../../model/path.js';

/** What `mtree` says of a path beside the list of files. */
export type MtreeFacts = Pick<PackageFile, 'type' | 'mode' | 'user' | 'group' | 'size' | 'mtime' | 'digest' | 'target'>;

const MAX_MTREE_BYTES = 64 * 1024 * 1024;
const MAX_ENTRIES = 500_000;
const TYPES: Readonly<Record<string, NonNullable<PackageFile['type']>>> = {
  file: 'file',
  dir: 'directory',
  link: 'symlink',
  fifo: 'fifo',
  char: 'character',
  block: 'block',
  socket: 'socket',
};

/**
 * Reads an mtree file (mtree(5) of libarchive), gzip-compressed or plain: a path and `key=value` words in each line, and
 * `/set` lines with defaults. @throws RangeError or zlib's errors when it cannot be unpacked.
 */
export function parseMtree(content: Buffer): Map<string, MtreeFacts> {
  const packed = content[0] === 0x1f && content[1] === 0x8b;
  const text = decodePath(packed ? gunzipSync(content, { maxOutputLength: MAX_MTREE_BYTES }) : content);
  const facts = new Map<string, MtreeFacts>();
  const defaults = new Map<string, string>();
  for (const line of text.split('\n')) {
    const words = line.split(' ');
    const name = words[0]!;
    if (name === '' || name.startsWith('#')) continue;
    if (facts.size >= MAX_ENTRIES) throw new RangeError('It has too many entries.');
    if (name === '/set' || name === '/unset') {
      for (const word of words.slice(1)) {
        const [key, value] = keyAndValue(word);
        if (name === '/set') defaults.set(key, value);
        else defaults.delete(key);
      }
      continue;
    }
    const path = normalizePath(unescapeName(name.replace(/^\.\//, '')));
    // The package's own papers (.PKGINFO, .MTREE, .INSTALL) are not laid down.
    if (/^\/\.[A-Z]+$/.test(path)) continue;
    const keys = new Map(defaults);
    for (const word of words.slice(1)) keys.set(...keyAndValue(word));
    facts.set(path, factsOf(keys));
  }
  return facts;
}

function factsOf(keys: ReadonlyMap<string, string>): MtreeFacts {
  const type = TYPES[keys.get('type') ?? ''];
  const mode = keys.get('mode');
  const [uid, gid] = [keys.get('uid'), keys.get('gid')];
  const size = Number(keys.get('size') ?? Number.NaN);
  const time = Number.parseFloat(keys.get('time') ?? '');
  const target = keys.get('link');
  const digest = digestOf(keys);
  return {
    ...(type === undefined ? {} : { type }),
    ...(mode !== undefined && /^[0-7]{1,6}$/.test(mode) ? { mode: Number.parseInt(mode, 8) & 0o7777 } : {}),
    ...(uid === undefined ? {} : { user: `#${uid}` }),
    ...(gid === undefined ? {} : { group: `#${gid}` }),
    ...(type === 'file' && Number.isSafeInteger(size) ? { size } : {}),
    ...(Number.isFinite(time) ? { mtime: Math.floor(time) } : {}),
    ...(type === 'symlink' && target !== undefined ? { target: unescapeName(target) } : {}),
    ...(digest === undefined ? {} : { digest }),
  };
}

function digestOf(keys: ReadonlyMap<string, string>): PackageFile['digest'] {
  const sha256 = keys.get('sha256digest') ?? keys.get('sha256') ?? '';
  if (/^[0-9a-f]{64}$/.test(sha256)) return { algorithm: 'sha256', hex: sha256 };
  const md5 = keys.get('md5digest') ?? keys.get('md5') ?? '';
  return /^[0-9a-f]{32}$/.test(md5) ? { algorithm: 'md5', hex: md5 } : undefined;
}

function keyAndValue(word: string): [string, string] {
  const equals = word.indexOf('=');
  return equals === -1 ? [word, ''] : [word.slice(0, equals), word.slice(equals + 1)];
}

/** Blanks, backslashes and bytes outside of ASCII are written as three octal digits. */
function unescapeName(name: string): string {
  if (!name.includes('\\')) return name;
  const bytes: number[] = [];
  for (let at = 0; at < name.length; at += 1) {
    const octal = name[at] === '\\' ? /^[0-3][0-7]{2}/.exec(name.slice(at + 1, at + 4))?.[0] : undefined;
    if (octal === undefined) bytes.push(...Buffer.from(name[at]!));
    else {
      bytes.push(Number.parseInt(octal, 8));
      at += 3;
    }
  }
  return decodePath(Buffer.from(bytes));
}
