import { AppError } from '../../errors.js';
import type { DataRun } from '../../model/guest-fs.js';
import { decodePath } from '../../model/path.js';
import { ByteReader } from './byte-reader.js';
import { decodeHeader, type Header, isEndBlock } from './header.js';
import { decodePaxRecords } from './pax.js';
import { readOldSparseMap, readSparseMap, type SparseSegment } from './sparse.js';

export type TarType = 'file' | 'hardlink' | 'symlink' | 'character' | 'block' | 'directory' | 'fifo';

/** One member of an archive. Names and link targets are guest strings (`model/path.ts`), as stored: `./etc/passwd`. */
export interface TarMember {
  readonly name: string;
  readonly type: TarType;
  readonly linkName: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Bytes of content, holes included. */
  readonly size: number;
  /** Bytes of content in the archive: below `size` when there are holes. */
  readonly storedSize: number;
  readonly mtime: number;
  readonly mtimeNanoseconds: number;
  readonly device: { readonly major: number; readonly minor: number };
  /** PAX records, values as bytes: `SCHILY.xattr.security.capability`, … */
  readonly records: ReadonlyMap<string, Buffer>;
  /** Where its stored content begins in the (uncompressed) archive. */
  readonly position: number;
  /** Where there is data, when there are holes. */
  readonly segments?: readonly SparseSegment[];
  /**
   * GNU tar 1.34 does not notice that a damaged file system gives no map of a file's holes: it stores an empty map and
   * one byte less than that, and ends as if all were well. The file then is not all hole; nothing is known of it.
   */
  readonly isUnreadable?: boolean;
  /** The data of a file; what is not taken is skipped when the next member is asked for. */
  readonly content: AsyncIterable<DataRun>;
}

/** More than a path and its attributes ever need; what a header claims above it is an attack or damage. */
const MAX_META_BYTES = 8 * 1024 * 1024;

const TYPES: Readonly<Record<string, TarType>> = {
  '\0': 'file',
  '0': 'file',
  '1': 'hardlink',
  '2': 'symlink',
  '3': 'character',
  '4': 'block',
  '5': 'directory',
  '6': 'fifo',
  '7': 'file',
  S: 'file',
};

/**
 * The members of a tar archive in the forms of POSIX.1-2017 (pax), GNU and old Unix, sparse ones included. Every name and
 * value is taken as bytes: nothing is decoded as UTF-8 on the way.
 * @param options.onEnd Gets what follows the end of the archive.
 * @throws AppError `input-corrupt`, `input-truncated`.
 */
export async function* readTar(
  source: AsyncIterable<Uint8Array>,
  options: { onEnd?: (rest: AsyncIterable<Buffer>) => Promise<void> } = {},
): AsyncGenerator<TarMember> {
  const reader = new ByteReader(source);
  try {
    yield* members(reader);
    await options.onEnd?.(reader.rest());
  } finally {
    await reader.close();
  }
}

async function* members(reader: ByteReader): AsyncGenerator<TarMember> {
  const global = new Map<string, Buffer>();
  let local = new Map<string, Buffer>();
  let longName: Buffer | undefined;
  let longLink: Buffer | undefined;
  for (;;) {
    const block = await reader.take(512);
    if (block === null || isEndBlock(block)) {
      if (block !== null) await reader.take(512);
      return;
    }
    const header = decodeHeader(block);
    if (header === null) throw corrupt(`no tar header at ${reader.position - 512}`);
    if ('xgLK'.includes(header.type)) {
      const body = await takeMeta(reader, header.size);
      if (header.type === 'x') local = merge(local, decodePaxRecords(body));
      else if (header.type === 'g') for (const [key, value] of decodePaxRecords(body)) global.set(key, value);
      else if (header.type === 'L') longName = untilNul(body);
      else longLink = untilNul(body);
      continue;
    }
    const records = global.size === 0 ? local : merge(global, local);
    const type = TYPES[header.type];
    if (type === undefined) {
      await reader.skip(padded(storedSize(header, records)));
    } else {
      yield* oneMember(reader, header, type, records, longName, longLink);
    }
    local = new Map();
    longName = undefined;
    longLink = undefined;
  }
}

async function* oneMember(
  reader: ByteReader,
  header: Header,
  type: TarType,
  records: ReadonlyMap<string, Buffer>,
  longName: Buffer | undefined,
  longLink: Buffer | undefined,
): AsyncGenerator<TarMember> {
  const hasContent = type === 'file';
  let stored = hasContent ? storedSize(header, records) : 0;
  const end = reader.position + padded(stored);
  let size = stored;
  let segments: readonly SparseSegment[] | undefined;
  let isUnreadable = false;
  if (header.type === 'S') {
    const map = await readOldSparseMap(reader, header.block);
    size = map.size;
    segments = map.segments;
  } else if (hasContent && isSparse(records)) {
    const map = await readSparseMap(reader, records, stored);
    size = map.size;
    segments = map.segments;
    stored = Math.max(0, stored - map.bytesRead);
    isUnreadable = map.isUnreadable === true;
  }
  const position = reader.position;
  const contentEnd = header.type === 'S' ? position + padded(stored) : end;
  const time = timeOf(header, records);
  const name = records.get('GNU.sparse.name') ?? records.get('path') ?? longName ?? header.name;
  yield {
    name: decodePath(name),
    type,
    linkName: decodePath(records.get('linkpath') ?? longLink ?? header.linkName),
    mode: header.mode & 0o7777,
    uid: numberOf(records, 'uid') ?? header.uid,
    gid: numberOf(records, 'gid') ?? header.gid,
    size,
    storedSize: stored,
    ...time,
    device: { major: header.deviceMajor, minor: header.deviceMinor },
    records,
    position,
    ...(segments === undefined ? {} : { segments }),
    ...(isUnreadable ? { isUnreadable } : {}),
    content: contentOf(reader, position, segments ?? [{ offset: 0, length: stored }]),
  };
  await reader.skip(contentEnd - reader.position);
}

async function* contentOf(
  reader: ByteReader,
  start: number,
  segments: readonly SparseSegment[],
): AsyncGenerator<DataRun> {
  if (reader.position !== start)
    throw new AppError('internal', 'The content of a tar member was asked for too late', { todo: 'Report this.' });
  for (const { offset, length } of segments) {
    for (let done = 0; done < length; ) {
      const data = await reader.takeSome(length - done);
      if (data === null) throw truncated();
      yield { offset: offset + done, data };
      done += data.length;
    }
  }
}

async function takeMeta(reader: ByteReader, size: number): Promise<Buffer> {
  if (size > MAX_META_BYTES) throw corrupt(`a header of ${size} bytes`);
  const body = await reader.take(padded(size));
  if (body === null) throw truncated();
  return body.subarray(0, size);
}

function isSparse(records: ReadonlyMap<string, Buffer>): boolean {
  return records.has('GNU.sparse.major') || records.has('GNU.sparse.map') || records.has('GNU.sparse.size');
}

function storedSize(header: Header, records: ReadonlyMap<string, Buffer>): number {
  return numberOf(records, 'size') ?? header.size;
}

function numberOf(records: ReadonlyMap<string, Buffer>, key: string): number | undefined {
  const value = records.get(key);
  if (value === undefined) return undefined;
  const number = /^\d{1,16}$/.test(value.toString('latin1')) ? Number(value.toString('latin1')) : Number.NaN;
  if (!Number.isSafeInteger(number)) throw corrupt(`${key} is no number`);
  return number;
}

function timeOf(
  header: Header,
  records: ReadonlyMap<string, Buffer>,
): { readonly mtime: number; readonly mtimeNanoseconds: number } {
  const match = /^(-?)(\d{1,15})(?:\.(\d{1,20}))?$/.exec(records.get('mtime')?.toString('latin1') ?? '');
  if (match === null) return { mtime: header.mtime, mtimeNanoseconds: 0 };
  const fraction = Number((match[3] ?? '').padEnd(9, '0').slice(0, 9));
  const seconds = Number(match[2]);
  if (match[1] === '') return { mtime: seconds, mtimeNanoseconds: fraction };
  return fraction === 0
    ? { mtime: -seconds || 0, mtimeNanoseconds: 0 }
    : { mtime: -seconds - 1, mtimeNanoseconds: 1_000_000_000 - fraction };
}

function merge(base: ReadonlyMap<string, Buffer>, more: ReadonlyMap<string, Buffer>): Map<string, Buffer> {
  return new Map([...base, ...more]);
}

function untilNul(bytes: Buffer): Buffer {
  const end = bytes.indexOf(0);
  return end === -1 ? bytes : bytes.subarray(0, end);
}

function padded(size: number): number {
  return Math.ceil(size / 512) * 512;
}

function corrupt(what: string): AppError {
  return new AppError('input-corrupt', `The tar archive is damaged: ${what}`, { todo: 'Make the archive again.' });
}

function truncated(): AppError {
  return new AppError('input-truncated', 'The tar archive ends too early', { todo: 'Copy or make the archive again.' });
}
