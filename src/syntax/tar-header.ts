import type { Entry, ExtendedAttributes } from '../model/entry.js';
import { encodePath } from '../model/path.js';
import { attributeRefusal } from './layer-limits.js';

/**
 * The bytes of tar headers and the exact arithmetic of their sizes: ustar (POSIX.1-1988), PAX records for what does
 * not fit (pax(1), "pax Header Block"), sparse files as "GNU.sparse" version 1.0 (manual of GNU tar, "PAX format").
 *
 * Times are whole seconds: engines keep no more, and a PAX header for each file would cost 1 KiB. Owners are numbers.
 */

export interface Extent {
  readonly offset: number;
  readonly length: number;
}

/** One member of an archive. Its data are not here: `memberDataSize` tells how many bytes of them follow the header. */
export interface TarMember {
  readonly entry: Entry;
  readonly attributes?: ExtendedAttributes;
  /** The path of an earlier member whose file this one is another name of. */
  readonly linkTo?: string;
  /** The runs of data of a file with holes, in rising order; without them the file is stored whole. */
  readonly extents?: readonly Extent[];
}

/** Two empty blocks end an archive. */
export const TAR_END_SIZE = 1024;

const BLOCK = 512;
const MAX_NAME = 100;
const NOT_ASCII = /[^\0-\x7f]/;
const MAX_ID = 0o7777777;
const MAX_NUMBER = 0o77777777777;
const TYPE_FLAGS = {
  file: '0',
  symlink: '2',
  character: '3',
  block: '4',
  directory: '5',
  fifo: '6',
  socket: '',
} as const satisfies Record<Entry['type'], string>;

/** Bytes of the member in the archive: headers, data and padding. */
export function tarMemberSize(member: TarMember): number {
  if (isPlain(member)) return BLOCK + (member.entry.type === 'file' ? padded(member.entry.size) : 0);
  const records = paxRecords(member);
  const pax = records.reduce((sum, record) => sum + record.length, 0);
  return (pax > 0 ? BLOCK + padded(pax) : 0) + BLOCK + padded(memberDataSize(member));
}

/** Whether one header block surely tells all: nearly every member of a guest, so that sizes are asked for often. */
function isPlain({ entry, attributes, linkTo, extents }: TarMember): boolean {
  return (
    attributes === undefined &&
    linkTo === undefined &&
    extents === undefined &&
    entry.path.length < MAX_NAME &&
    (entry.target === undefined || entry.target.length < MAX_NAME) &&
    !NOT_ASCII.test(entry.path) &&
    (entry.target === undefined || !NOT_ASCII.test(entry.target)) &&
    entry.uid <= MAX_ID &&
    entry.gid <= MAX_ID &&
    within(entry.size) &&
    within(entry.mtime)
  );
}

/** Bytes that follow the header before padding: content, or for a sparse file its map and its runs. */
export function memberDataSize(member: TarMember): number {
  const { entry } = member;
  if (entry.type !== 'file' || member.linkTo !== undefined) return 0;
  if (!isSparse(member)) return entry.size;
  return sparseMap(member).length + totalLength(storedExtents(member));
}

/**
 * The runs of a file as the archive stores them: whole blocks, since GNU tar begins each run at a block, merged where
 * they touch; the last may end with the file. For a file that is stored whole, one run.
 */
export function storedExtents(member: TarMember): Extent[] {
  const { size } = member.entry;
  if (!isSparse(member)) return [{ offset: 0, length: size }];
  return blockExtents(member.extents!, size);
}

/** Headers of the member, the map of a sparse file included; only runs of content and padding are left to follow. */
export function tarMemberHeader(member: TarMember): Buffer {
  const records = paxRecords(member);
  const parts: Buffer[] = [];
  if (records.length > 0) {
    const body = Buffer.concat(records);
    parts.push(
      ustarBlock({
        name: Buffer.from('PaxHeader'),
        mode: 0o644,
        uid: 0,
        gid: 0,
        size: body.length,
        mtime: 0,
        flag: 'x',
      }),
      body,
      Buffer.alloc(padded(body.length) - body.length),
    );
  }
  const { entry } = member;
  parts.push(
    ustarBlock({
      name: memberName(entry).subarray(0, MAX_NAME),
      mode: entry.mode,
      uid: entry.uid > MAX_ID ? 0 : entry.uid,
      gid: entry.gid > MAX_ID ? 0 : entry.gid,
      size: within(memberDataSize(member)) ? memberDataSize(member) : 0,
      mtime: within(entry.mtime) ? entry.mtime : 0,
      flag: member.linkTo === undefined ? TYPE_FLAGS[entry.type] : '1',
      linkName: linkName(member).subarray(0, MAX_NAME),
      ...(entry.device === undefined ? {} : { device: entry.device }),
    }),
  );
  if (entry.type === 'file' && member.linkTo === undefined && isSparse(member)) parts.push(sparseMap(member));
  return Buffer.concat(parts);
}

/** Whether the file is stored as map and runs: only where that is shorter. */
export function isSparse(member: TarMember): boolean {
  if (member.extents === undefined || member.entry.type !== 'file') return false;
  const data = totalLength(blockExtents(member.extents, member.entry.size));
  return data + sparseMap(member).length + 2 * BLOCK < member.entry.size;
}

function blockExtents(extents: readonly Extent[], size: number): Extent[] {
  const merged: { offset: number; length: number }[] = [];
  for (const { offset, length } of extents) {
    if (length === 0) continue;
    const start = offset - (offset % BLOCK);
    const end = Math.min(padded(offset + length), size);
    const last = merged.at(-1);
    if (last !== undefined && start <= last.offset + last.length)
      last.length = Math.max(last.length, end - last.offset);
    else merged.push({ offset: start, length: end - start });
  }
  return merged;
}

function totalLength(extents: readonly Extent[]): number {
  return extents.reduce((sum, { length }) => sum + length, 0);
}

/** Bytes up to the next block boundary included. */
export function padded(size: number): number {
  return Math.ceil(size / BLOCK) * BLOCK;
}

/** The attributes that go into an archive, sorted. */
export function representableAttributes(attributes: ExtendedAttributes | undefined): [string, Buffer][] {
  if (attributes === undefined) return [];
  return [...attributes]
    .filter(([name, value]) => attributeRefusal(name, value) === null)
    .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
}

function paxRecords(member: TarMember): Buffer[] {
  const { entry } = member;
  const records: Buffer[] = [];
  const sparse = isSparse(member) && member.linkTo === undefined;
  const name = memberName(entry);
  if (sparse) {
    records.push(
      paxRecord('GNU.sparse.major', '1'),
      paxRecord('GNU.sparse.minor', '0'),
      paxRecord('GNU.sparse.name', name),
      paxRecord('GNU.sparse.realsize', String(entry.size)),
    );
  } else if (needsRecord(name)) records.push(paxRecord('path', name));
  const target = linkName(member);
  if (needsRecord(target)) records.push(paxRecord('linkpath', target));
  if (entry.uid > MAX_ID) records.push(paxRecord('uid', String(entry.uid)));
  if (entry.gid > MAX_ID) records.push(paxRecord('gid', String(entry.gid)));
  if (!within(memberDataSize(member))) records.push(paxRecord('size', String(memberDataSize(member))));
  if (!within(entry.mtime)) records.push(paxRecord('mtime', String(entry.mtime)));
  // Repeated on every hard link: making the second link sets the owner again, which clears a capability.
  for (const [attribute, value] of representableAttributes(member.attributes)) {
    records.push(paxRecord(`SCHILY.xattr.${attribute}`, value));
  }
  return records;
}

/** Beyond ASCII too: engines write such records into their layers, and so the sizes are the same. */
function needsRecord(name: Buffer): boolean {
  return name.length > MAX_NAME || name.some((byte) => byte >= 0x80);
}

/** "length key=value\n", where the length counts its own digits. */
function paxRecord(key: string, value: string | Buffer): Buffer {
  // Names of attributes are strings of bytes.
  const rest = Buffer.concat([Buffer.from(` ${key}=`, 'latin1'), Buffer.from(value as string), Buffer.from('\n')]);
  let length = rest.length + String(rest.length).length;
  length = rest.length + String(length).length;
  return Buffer.concat([Buffer.from(String(length)), rest]);
}

function memberName(entry: Entry): Buffer {
  if (entry.path === '/') return Buffer.from('./');
  return encodePath(entry.type === 'directory' ? `${entry.path.slice(1)}/` : entry.path.slice(1));
}

function linkName(member: TarMember): Buffer {
  if (member.linkTo !== undefined) return encodePath(member.linkTo.slice(1));
  return member.entry.type === 'symlink' ? encodePath(member.entry.target ?? '') : Buffer.alloc(0);
}

function sparseMap(member: TarMember): Buffer {
  const { size } = member.entry;
  const extents = blockExtents(member.extents!, size);
  const last = extents.at(-1);
  if (last === undefined || last.offset + last.length < size) extents.push({ offset: size, length: 0 });
  const text = `${extents.length}\n${extents.map((extent) => `${extent.offset}\n${extent.length}\n`).join('')}`;
  const map = Buffer.alloc(padded(text.length));
  map.write(text, 'latin1');
  return map;
}

function within(value: number): boolean {
  return value >= 0 && value <= MAX_NUMBER;
}

interface UstarFields {
  readonly name: Buffer;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  readonly mtime: number;
  readonly flag: string;
  readonly linkName?: Buffer;
  readonly device?: { readonly major: number; readonly minor: number };
}

function ustarBlock(fields: UstarFields): Buffer {
  const block = Buffer.alloc(BLOCK);
  fields.name.copy(block, 0);
  writeOctal(block, 100, 8, fields.mode);
  writeOctal(block, 108, 8, fields.uid);
  writeOctal(block, 116, 8, fields.gid);
  writeOctal(block, 124, 12, fields.size);
  writeOctal(block, 136, 12, fields.mtime);
  block.fill(' ', 148, 156);
  block.write(fields.flag, 156, 'latin1');
  fields.linkName?.copy(block, 157);
  block.write('ustar\0' + '00', 257, 'latin1');
  writeOctal(block, 329, 8, Math.min(fields.device?.major ?? 0, MAX_ID));
  writeOctal(block, 337, 8, Math.min(fields.device?.minor ?? 0, MAX_ID));
  let sum = 0;
  for (const byte of block) sum += byte;
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return block;
}

function writeOctal(block: Buffer, offset: number, width: number, value: number): void {
  block.write(`${value.toString(8).padStart(width - 1, '0')}\0`, offset, 'latin1');
}
