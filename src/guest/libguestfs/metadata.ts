import { AppError } from '../../errors.js';
import type { Entry, EntryType } from '../../model/entry.js';
import type { Problem } from '../../model/evidence.js';
import { decodePath, displayPath } from '../../model/path.js';

const TYPES: Readonly<Record<string, EntryType>> = {
  f: 'file',
  d: 'directory',
  l: 'symlink',
  c: 'character',
  b: 'block',
  p: 'fifo',
  s: 'socket',
};
/** More than any machine that fits into containers; about 1 KB of memory each. */
const MAX_ENTRIES = 10_000_000;
/** A path of the kernel is at most 4 KiB; `find` shows longer ones, which no other program could open. */
const MAX_STRING = 1024 * 1024;

/** What was read so far of the list that `listMetadata` prints. */
export interface MetadataParser {
  /** Takes the next bytes, in pieces of any size. */
  push(bytes: Buffer): void;
  /** The list, and the bytes after its last NUL. */
  finish(): { readonly entries: Entry[]; readonly problems: Problem[]; readonly rest: Buffer };
}

/**
 * Reads `TYPE_MODE_UID_GID_SIZE_BLOCKS_LINKS_DEVICE_INODE_TIME_PATH NUL TARGET NUL` for each entry, an empty pair, then
 * `MAJOR_MINOR_PATH NUL` (hexadecimal) for each device node. Paths begin with the folder the root is mounted on.
 */
export function createMetadataParser(folder: string): MetadataParser {
  const entries: Entry[] = [];
  const problems: Problem[] = [];
  const nodes = new Map<string, { major: number; minor: number }>();
  let pending: Buffer = Buffer.alloc(0);
  let first: Buffer | null = null;
  let inNodes = false;

  const take = (field: Buffer): void => {
    if (inNodes) takeNode(field);
    else if (first === null) first = field;
    else if (first.length === 0 && field.length === 0) inNodes = true;
    else {
      if (entries.length >= MAX_ENTRIES) throw tooMany();
      const entry = toEntry(first, field, folder, problems);
      if (entry !== null) entries.push(entry);
      first = null;
    }
  };
  const takeNode = (field: Buffer): void => {
    const match = /^([0-9a-f]{1,8})_([0-9a-f]{1,8})_/.exec(field.toString('latin1', 0, 32));
    if (match === null) return;
    const path = inside(field.subarray(match[0].length), folder);
    nodes.set(path, { major: Number.parseInt(match[1]!, 16), minor: Number.parseInt(match[2]!, 16) });
  };

  return {
    push(bytes) {
      let start = 0;
      for (let end = bytes.indexOf(0); end !== -1; end = bytes.indexOf(0, start)) {
        const part = bytes.subarray(start, end);
        take(pending.length === 0 ? part : Buffer.concat([pending, part]));
        pending = Buffer.alloc(0);
        start = end + 1;
      }
      pending = Buffer.concat([pending, bytes.subarray(start)]);
      if (pending.length > MAX_STRING) throw unreadable('a path without an end');
    },
    finish() {
      if (!inNodes) throw unreadable('it ends too early');
      return { entries: entries.map((entry) => withDevice(entry, nodes)), problems, rest: pending };
    },
  };
}

function withDevice(entry: Entry, nodes: ReadonlyMap<string, { major: number; minor: number }>): Entry {
  if (entry.type !== 'character' && entry.type !== 'block') return entry;
  const device = nodes.get(entry.path);
  return device === undefined ? entry : { ...entry, device };
}

function toEntry(first: Buffer, target: Buffer, folder: string, problems: Problem[]): Entry | null {
  const head = first.toString('latin1', 0, 256);
  const match = /^(.)_([0-7]+)_(\d+)_(\d+)_(\d+)_(\d+)_(\d+)_(-?\d+)_(\d+)_(-?\d+)(?:\.(\d+))?_/s.exec(head);
  if (match === null) throw unreadable(displayPath(decodePath(first)).slice(0, 200));
  const path = inside(first.subarray(match[0].length), folder);
  const type = TYPES[match[1]!];
  if (type === undefined) {
    problems.push({ code: 'unknown-file-type', path: displayPath(path), reason: `type ${match[1]} of find(1)` });
    return null;
  }
  return {
    path,
    type,
    mode: Number.parseInt(match[2]!, 8) & 0o7777,
    uid: Number(match[3]),
    gid: Number(match[4]),
    size: type === 'file' ? Number(match[5]) : 0,
    allocated: Number(match[6]) * 512,
    mtime: Number(match[10]),
    mtimeNanoseconds: Number((match[11] ?? '').slice(0, 9).padEnd(9, '0')),
    links: Number(match[7]),
    fileId: `${match[8]}:${match[9]}`,
    ...(type === 'symlink' ? { target: decodePath(target) } : {}),
  };
}

function inside(bytes: Buffer, folder: string): string {
  const path = decodePath(bytes);
  if (path === folder) return '/';
  if (!path.startsWith(`${folder}/`)) throw unreadable(displayPath(path).slice(0, 200));
  return path.slice(folder.length);
}

function tooMany(): AppError {
  return new AppError('guest-damaged', `The machine has more than ${MAX_ENTRIES} files`, {
    todo: 'Check its file systems, or leave the disk with so many files out.',
  });
}

function unreadable(what: string): AppError {
  return new AppError('guest-read-failed', `The list of the machine's files cannot be read: ${what}`, {
    todo: 'Try again; if it happens again, report this.',
  });
}
