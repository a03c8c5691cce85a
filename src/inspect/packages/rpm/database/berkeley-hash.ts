import type { RandomAccess } from '../../../../model/random-access.js';
import { DatabaseError, type HeaderRecord, type Report } from './record.js';

/**
 * The hash file of Berkeley DB, in the byte order of the machine that wrote it (dbinc/db_page.h, dbinc/hash.h). Pages
 * hold pairs of key and value; a large value lies in a chain of overflow pages.
 */
interface HashFile {
  readonly size: number;
  readonly pageSize: number;
  readonly pageCount: number;
  /** The bytes of a page below `pageCount`. */
  readonly page: (number: number) => Buffer;
  readonly word: (bytes: Buffer, at: number) => number;
  readonly half: (bytes: Buffer, at: number) => number;
}

const MAGIC = 0x061561;
const TYPE_META = 8;
const TYPE_HASH = 13;
const TYPE_HASH_UNSORTED = 2;
const TYPE_OVERFLOW = 7;
const PAGE_HEADER = 26;
const ITEM_INLINE = 1;
const ITEM_OFF_PAGE = 3;

const META_BYTES = 72;

export function isBerkeleyHash(start: Buffer): boolean {
  return start.length >= META_BYTES && (start.readUInt32LE(12) === MAGIC || start.readUInt32BE(12) === MAGIC);
}

/** @throws DatabaseError */
export function* readBerkeleyHash(content: RandomAccess, report: Report): Generator<HeaderRecord> {
  const file = openHash(content, report);
  const used = new Set<number>();
  for (let number = 1; number < file.pageCount; number += 1) {
    const page = file.page(number);
    const type = page[25];
    if (type !== TYPE_HASH && type !== TYPE_HASH_UNSORTED) continue;
    yield* recordsOf(file, number, page, used, report);
  }
}

function* recordsOf(
  file: HashFile,
  pageNumber: number,
  page: Buffer,
  used: Set<number>,
  report: Report,
): Generator<HeaderRecord> {
  const count = file.half(page, 20);
  if (PAGE_HEADER + 2 * count > file.pageSize) {
    report(`page ${pageNumber}`, `The page claims ${count} items.`);
    return;
  }
  // Items that overlap would make a page hold more than it has room for.
  let room = file.pageSize;
  for (let index = 0; index + 1 < count; index += 2) {
    const key = item(file, page, index);
    const value = item(file, page, index + 1);
    const number = key?.type === ITEM_INLINE && key.end - key.start === 5 ? file.word(page, key.start + 1) : undefined;
    if (number === undefined || value === undefined) {
      report(`page ${pageNumber}, item ${index}`, 'The pair is no header and its number.');
      continue;
    }
    room -= value.end - value.start;
    if (room < 0) {
      report(`page ${pageNumber}, item ${index}`, 'The items of the page overlap.');
      return;
    }
    // Number 0 keeps the counter.
    if (number === 0) continue;
    const blob = storedValue(file, page, value, used);
    if (typeof blob === 'string') report(`header ${number}`, blob);
    else yield { number, blob };
  }
}

function openHash(content: RandomAccess, report: Report): HashFile {
  const meta = content.read(0, META_BYTES);
  const little = meta.readUInt32LE(12) === MAGIC;
  const word: HashFile['word'] = little ? (bytes, at) => bytes.readUInt32LE(at) : (bytes, at) => bytes.readUInt32BE(at);
  const half: HashFile['half'] = little ? (bytes, at) => bytes.readUInt16LE(at) : (bytes, at) => bytes.readUInt16BE(at);
  const pageSize = word(meta, 20);
  if (pageSize < 512 || pageSize > 65536 || (pageSize & (pageSize - 1)) !== 0) {
    throw new DatabaseError(`The database claims pages of ${pageSize} bytes.`);
  }
  if (meta[25] !== TYPE_META) throw new DatabaseError('The database is no hash.');
  if (meta[24] !== 0) throw new DatabaseError('The database is encrypted.');
  const claimed = word(meta, 32) + 1;
  const present = Math.floor(content.size / pageSize);
  if (claimed > present) report('pages', `The file holds ${present} of ${claimed} pages.`);
  const pageCount = Math.min(claimed, present);
  const page = (number: number): Buffer => content.read(number * pageSize, pageSize);
  return { size: content.size, pageSize, pageCount, page, word, half };
}

interface Item {
  readonly type: number;
  /** In its page: of its first byte, the type, and behind its last. */
  readonly start: number;
  readonly end: number;
}

/** Items grow down from the end of the page: each ends where the one before it begins. */
function item({ pageSize, half }: HashFile, page: Buffer, index: number): Item | undefined {
  const start = half(page, PAGE_HEADER + 2 * index);
  const end = index === 0 ? pageSize : half(page, PAGE_HEADER + 2 * (index - 1));
  if (start < PAGE_HEADER || start >= end || end > pageSize) return undefined;
  return { type: page[start]!, start, end };
}

/** The bytes of a value, or what is wrong with it. An overflow page belongs to one value, so that circles end. */
function storedValue(
  { size, page, pageSize, pageCount, word, half }: HashFile,
  home: Buffer,
  value: Item,
  used: Set<number>,
): Buffer | string {
  if (value.type === ITEM_INLINE) return home.subarray(value.start + 1, value.end);
  if (value.type !== ITEM_OFF_PAGE || value.end - value.start < 12)
    return `It is stored in the unknown way ${value.type}.`;
  const length = word(home, value.start + 8);
  if (length > size) return `It claims ${length} bytes.`;
  const parts: Buffer[] = [];
  let filled = 0;
  for (let next = word(home, value.start + 4); next !== 0 && filled < length; ) {
    if (next >= pageCount) return `It continues on page ${next}, beyond the end of the file.`;
    if (used.has(next)) return `It continues on page ${next}, which is used already.`;
    const overflow = page(next);
    if (overflow[25] !== TYPE_OVERFLOW) return `It continues on page ${next}, which is of another type.`;
    used.add(next);
    const bytes = Math.min(half(overflow, 22), pageSize - PAGE_HEADER, length - filled);
    parts.push(overflow.subarray(PAGE_HEADER, PAGE_HEADER + bytes));
    filled += bytes;
    next = word(overflow, 16);
  }
  return filled < length ? `It has ${filled} of its ${length} bytes.` : Buffer.concat(parts, length);
}
