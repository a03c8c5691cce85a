import { DatabaseError, type HeaderRecord, type Report } from './record.js';

/**
 * The hash file of Berkeley DB, in the byte order of the machine that wrote it (dbinc/db_page.h, dbinc/hash.h). Pages
 * hold pairs of key and value; a large value lies in a chain of overflow pages.
 */
interface HashFile {
  readonly content: Buffer;
  readonly pageSize: number;
  readonly pageCount: number;
  readonly word: (at: number) => number;
  readonly half: (at: number) => number;
}

const MAGIC = 0x061561;
const TYPE_META = 8;
const TYPE_HASH = 13;
const TYPE_HASH_UNSORTED = 2;
const TYPE_OVERFLOW = 7;
const PAGE_HEADER = 26;
const ITEM_INLINE = 1;
const ITEM_OFF_PAGE = 3;

export function isBerkeleyHash(content: Buffer): boolean {
  return content.length >= 72 && (content.readUInt32LE(12) === MAGIC || content.readUInt32BE(12) === MAGIC);
}

/** @throws DatabaseError */
export function* readBerkeleyHash(content: Buffer, report: Report): Generator<HeaderRecord> {
  const file = openHash(content, report);
  const used = new Set<number>();
  for (let page = 1; page < file.pageCount; page += 1) {
    const type = content[page * file.pageSize + 25];
    if (type !== TYPE_HASH && type !== TYPE_HASH_UNSORTED) continue;
    const count = file.half(page * file.pageSize + 20);
    if (PAGE_HEADER + 2 * count > file.pageSize) {
      report(`page ${page}`, `The page claims ${count} items.`);
      continue;
    }
    // Items that overlap would make a page hold more than it has room for.
    let room = file.pageSize;
    for (let index = 0; index + 1 < count; index += 2) {
      const key = item(file, page, index);
      const value = item(file, page, index + 1);
      const number = key?.type === ITEM_INLINE && key.end - key.start === 5 ? file.word(key.start + 1) : undefined;
      if (number === undefined || value === undefined) {
        report(`page ${page}, item ${index}`, 'The pair is no header and its number.');
        continue;
      }
      room -= value.end - value.start;
      if (room < 0) {
        report(`page ${page}, item ${index}`, 'The items of the page overlap.');
        break;
      }
      // Number 0 keeps the counter.
      if (number === 0) continue;
      const blob = storedValue(file, value, used);
      if (typeof blob === 'string') report(`header ${number}`, blob);
      else yield { number, blob };
    }
  }
}

function openHash(content: Buffer, report: Report): HashFile {
  const little = content.readUInt32LE(12) === MAGIC;
  const word = little ? (at: number) => content.readUInt32LE(at) : (at: number) => content.readUInt32BE(at);
  const half = little ? (at: number) => content.readUInt16LE(at) : (at: number) => content.readUInt16BE(at);
  const pageSize = word(20);
  if (pageSize < 512 || pageSize > 65536 || (pageSize & (pageSize - 1)) !== 0) {
    throw new DatabaseError(`The database claims pages of ${pageSize} bytes.`);
  }
  if (content[25] !== TYPE_META) throw new DatabaseError('The database is no hash.');
  if (content[24] !== 0) throw new DatabaseError('The database is encrypted.');
  const claimed = word(32) + 1;
  const present = Math.floor(content.length / pageSize);
  if (claimed > present) report('pages', `The file holds ${present} of ${claimed} pages.`);
  return { content, pageSize, pageCount: Math.min(claimed, present), word, half };
}

interface Item {
  readonly type: number;
  /** Of its first byte, the type, and behind its last. */
  readonly start: number;
  readonly end: number;
}

/** Items grow down from the end of the page: each ends where the one before it begins. */
function item({ content, pageSize, half }: HashFile, page: number, index: number): Item | undefined {
  const base = page * pageSize;
  const offset = half(base + PAGE_HEADER + 2 * index);
  const end = index === 0 ? pageSize : half(base + PAGE_HEADER + 2 * (index - 1));
  if (offset < PAGE_HEADER || offset >= end || end > pageSize) return undefined;
  return { type: content[base + offset]!, start: base + offset, end: base + end };
}

/** The bytes of a value, or what is wrong with it. An overflow page belongs to one value, so that circles end. */
function storedValue(
  { content, pageSize, pageCount, word, half }: HashFile,
  value: Item,
  used: Set<number>,
): Buffer | string {
  if (value.type === ITEM_INLINE) return content.subarray(value.start + 1, value.end);
  if (value.type !== ITEM_OFF_PAGE || value.end - value.start < 12)
    return `It is stored in the unknown way ${value.type}.`;
  const length = word(value.start + 8);
  if (length > content.length) return `It claims ${length} bytes.`;
  const parts: Buffer[] = [];
  let filled = 0;
  for (let page = word(value.start + 4); page !== 0 && filled < length; page = word(page * pageSize + 16)) {
    if (page >= pageCount) return `It continues on page ${page}, beyond the end of the file.`;
    if (used.has(page)) return `It continues on page ${page}, which is used already.`;
    const start = page * pageSize;
    if (content[start + 25] !== TYPE_OVERFLOW) return `It continues on page ${page}, which is of another type.`;
    used.add(page);
    const bytes = Math.min(half(start + 22), pageSize - PAGE_HEADER, length - filled);
    parts.push(content.subarray(start + PAGE_HEADER, start + PAGE_HEADER + bytes));
    filled += bytes;
  }
  return filled < length ? `It has ${filled} of its ${length} bytes.` : Buffer.concat(parts, length);
}
