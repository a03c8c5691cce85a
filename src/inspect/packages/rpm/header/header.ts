import { decodePath } from '../../../../model/path.js';

/**
 * The header blob: what rpm knows of one package. Two counts (index entries, bytes of data), the index of 16-byte
 * entries {tag, type, offset, count}, the data; all big-endian ("Package File Format" in rpm's documentation).
 */
export interface RpmHeader {
  readonly entries: ReadonlyMap<number, HeaderEntry>;
  readonly data: Buffer;
}

interface HeaderEntry {
  readonly type: number;
  readonly offset: number;
  readonly count: number;
}

/** Why a blob is no header. */
export class HeaderError extends Error {}

/** rpm's own limits on index entries and bytes of data: `hdrchkTags`, `hdrchkData`. */
const MAX_ENTRIES = 0xffff;
const MAX_DATA = 0x0fffffff;
const ENTRY_SIZE = 16;
const WIDTH_OF_TYPE: Readonly<Record<number, number>> = { 1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 7: 1 };

/** @throws HeaderError */
export function parseHeader(blob: Buffer): RpmHeader {
  if (blob.length < 8) throw new HeaderError('The header is shorter than its two counts.');
  const indexCount = blob.readUInt32BE(0);
  const dataLength = blob.readUInt32BE(4);
  const dataStart = 8 + indexCount * ENTRY_SIZE;
  if (indexCount < 1 || indexCount > MAX_ENTRIES) throw new HeaderError(`The header claims ${indexCount} tags.`);
  if (dataLength > MAX_DATA || dataStart + dataLength > blob.length) {
    throw new HeaderError(`The header claims ${dataLength} bytes of data in a record of ${blob.length}.`);
  }
  const data = blob.subarray(dataStart, dataStart + dataLength);
  const regionEntries = entriesInRegion(blob, data, indexCount);
  const entries = new Map<number, HeaderEntry>();
  for (let index = 0; index < indexCount; index += 1) {
    const at = 8 + index * ENTRY_SIZE;
    const tag = blob.readUInt32BE(at);
    const offset = blob.readInt32BE(at + 8);
    if (offset < 0 || offset > dataLength) continue;
    // What rpm added at the installation stands behind the signed region and replaces what is in it (`headerLoad`).
    if (index < regionEntries && entries.has(tag)) continue;
    entries.set(tag, { type: blob.readUInt32BE(at + 4), offset, count: blob.readUInt32BE(at + 12) });
  }
  return { entries, data };
}

/** The text of a tag; of a translated one the untranslated form. */
export function headerText(header: RpmHeader, tag: number): string | undefined {
  const entry = header.entries.get(tag);
  if (entry === undefined || !isText(entry) || entry.count < 1) return undefined;
  const end = header.data.indexOf(0, entry.offset);
  return end === -1 ? undefined : decodeText(header.data.subarray(entry.offset, end));
}

/** The strings of a tag, bytes kept exact as in paths; empty when it is absent or its data end too early. */
export function headerStrings(header: RpmHeader, tag: number): readonly string[] {
  return headerStringText(header, tag)?.split('\0') ?? [];
}

/** The strings of a tag as one text, a NUL between each two; undefined where there are none. */
export function headerStringText(header: RpmHeader, tag: number): string | undefined {
  const entry = header.entries.get(tag);
  const bytes = entry === undefined || !isText(entry) ? undefined : entryBytes(header, entry);
  return bytes === undefined || bytes.length === 0 ? undefined : decodePath(bytes.subarray(0, -1));
}

/** The numbers of a tag, unsigned; above 2^53 they lose precision. Empty when absent or their data end too early. */
export function headerNumbers(header: RpmHeader, tag: number): readonly number[] {
  const entry = header.entries.get(tag);
  const width = entry === undefined || entry.type === 7 ? undefined : WIDTH_OF_TYPE[entry.type];
  if (entry === undefined || width === undefined || entryBytes(header, entry) === undefined) return [];
  const { data } = header;
  const numbers = new Array<number>(entry.count);
  for (let index = 0, at = entry.offset; index < entry.count; index += 1, at += width) {
    numbers[index] =
      width === 4
        ? data.readUInt32BE(at)
        : width === 2
          ? data.readUInt16BE(at)
          : width === 1
            ? data[at]!
            : Number(data.readBigUInt64BE(at));
  }
  return numbers;
}

export function headerNumber(header: RpmHeader, tag: number): number | undefined {
  return headerNumbers(header, tag)[0];
}

export function headerBytes(header: RpmHeader, tag: number): Buffer | undefined {
  const entry = header.entries.get(tag);
  return entry?.type === 7 ? entryBytes(header, entry) : undefined;
}

/** A header of these tags alone, in memory of its own; without those whose data end too early. */
export function headerOf(header: RpmHeader, tags: readonly number[]): RpmHeader {
  const entries = new Map<number, HeaderEntry>();
  const parts: Buffer[] = [];
  let offset = 0;
  for (const tag of tags) {
    const entry = header.entries.get(tag);
    const bytes = entry === undefined ? undefined : entryBytes(header, entry);
    if (entry === undefined || bytes === undefined) continue;
    entries.set(tag, { type: entry.type, offset, count: entry.count });
    parts.push(bytes);
    offset += bytes.length;
    // Data that several tags share would multiply: only a forged header has that.
    if (offset > header.data.length) return header;
  }
  return { entries, data: Buffer.concat(parts) };
}

/** The bytes of an entry, the NUL of its last string with them; undefined when the data end too early. */
function entryBytes({ data }: RpmHeader, entry: HeaderEntry): Buffer | undefined {
  const { offset, count, type } = entry;
  const width = WIDTH_OF_TYPE[type];
  // The shortest string is a byte as well.
  if (count * (width ?? 1) > data.length - offset) return undefined;
  if (width !== undefined) return data.subarray(offset, offset + count * width);
  if (!isText(entry)) return undefined;
  let end = offset;
  for (let found = 0; found < count; found += 1) {
    end = data.indexOf(0, end) + 1;
    if (end === 0) return undefined;
  }
  return data.subarray(offset, end);
}

function isText({ type }: HeaderEntry): boolean {
  return type === 6 || type === 8 || type === 9;
}

/** UTF-8, or what older packages have: latin1. */
export function decodeText(bytes: Buffer): string {
  const text = decodePath(bytes);
  return text.isWellFormed() ? text : bytes.toString('latin1');
}

/** How many entries the immutable region covers (tags 61…63 with a trailer of 16 bytes); all, when there is none. */
function entriesInRegion(blob: Buffer, data: Buffer, indexCount: number): number {
  const tag = blob.readUInt32BE(8);
  const offset = blob.readInt32BE(16);
  if (tag < 61 || tag > 63 || offset < 0 || offset + ENTRY_SIZE > data.length) return indexCount;
  const covered = -data.readInt32BE(offset + 8) / ENTRY_SIZE;
  return Number.isInteger(covered) && covered > 0 && covered <= indexCount ? covered : indexCount;
}
