import { Readable, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { AppError } from '../../errors.js';
import { type Entry, type ExtendedAttributes, isHardLinked } from '../../model/entry.js';
import type { DataRun } from '../../model/guest-fs.js';
import { comparePaths, displayPath } from '../../model/path.js';
import {
  type Extent,
  padded,
  storedExtents,
  TAR_END_SIZE,
  type TarMember,
  tarMemberHeader,
} from '../../syntax/tar-header.js';

export interface TarItem {
  readonly entry: Entry;
  readonly attributes?: ExtendedAttributes;
  /** The data of a regular file; needed for the first name of a hard-link group, ignored for the others. */
  readonly content?: AsyncIterable<DataRun>;
  /** The runs that `content` is going to bring, for a file with holes; without them holes are written as zeros. */
  readonly extents?: readonly Extent[];
}

const ZEROS = Buffer.alloc(64 * 1024);

/**
 * Writes a deterministic archive and ends the destination. Items come sorted by `comparePaths`, each path once; names
 * that share a `fileId` become hard links to the first of them.
 * @returns Bytes written.
 * @throws AppError `internal` when items are out of order or refused by the format, `guest-read-failed` when content
 *   is shorter or longer than its entry says.
 */
export async function writeTar(
  destination: Writable,
  items: AsyncIterable<TarItem> | Iterable<TarItem>,
): Promise<number> {
  let written = 0;
  async function* counted(): AsyncGenerator<Buffer> {
    for await (const chunk of tarChunks(items)) {
      written += chunk.length;
      yield chunk;
    }
  }
  await pipeline(Readable.from(counted(), { objectMode: false }), destination);
  return written;
}

/** The archive as a sequence of chunks; see {@link writeTar}. */
export async function* tarChunks(items: AsyncIterable<TarItem> | Iterable<TarItem>): AsyncGenerator<Buffer> {
  const firstNames = new Map<string, string>();
  let previous: string | null = null;
  for await (const item of items) {
    if (previous !== null && comparePaths(previous, item.entry.path) >= 0) throw outOfOrder(item.entry.path);
    previous = item.entry.path;
    const member = memberOf(item, firstNames);
    yield tarMemberHeader(member);
    if (item.entry.type === 'file' && member.linkTo === undefined) yield* memberData(item, member);
  }
  yield Buffer.alloc(TAR_END_SIZE);
}

function memberOf(item: TarItem, firstNames: Map<string, string>): TarMember {
  const { entry } = item;
  const isLinked = isHardLinked(entry);
  const first = isLinked ? firstNames.get(entry.fileId) : undefined;
  if (first === undefined && isLinked) firstNames.set(entry.fileId, entry.path);
  return {
    entry,
    ...(item.attributes === undefined ? {} : { attributes: item.attributes }),
    ...(first === undefined ? {} : { linkTo: first }),
    ...(item.extents === undefined ? {} : { extents: item.extents }),
  };
}

/** The stored runs one after the other, padded; what content leaves out of them is zeros. */
async function* memberData(item: TarItem, member: TarMember): AsyncGenerator<Buffer> {
  const { entry } = item;
  const extents = storedExtents(member);
  if (item.content === undefined && entry.size > 0) throw wrongContent(entry);
  let current = 0;
  let position = extents[0]?.offset ?? 0;
  let stored = 0;
  for await (const { offset, data } of item.content ?? []) {
    if (data.length === 0) continue;
    for (;;) {
      const extent = extents[current];
      if (extent === undefined) throw wrongContent(entry);
      const end = extent.offset + extent.length;
      if (offset < end) break;
      yield* zeros(end - position);
      stored += extent.length;
      current += 1;
      position = extents[current]?.offset ?? 0;
    }
    const extent = extents[current]!;
    if (offset < position || offset + data.length > extent.offset + extent.length) throw wrongContent(entry);
    yield* zeros(offset - position);
    yield data;
    position = offset + data.length;
  }
  for (; current < extents.length; current += 1) {
    const { offset, length } = extents[current]!;
    yield* zeros(offset + length - Math.max(position, offset));
    stored += length;
  }
  yield Buffer.alloc(padded(stored) - stored);
}

function* zeros(count: number): Generator<Buffer> {
  for (let left = count; left > 0; left -= ZEROS.length) yield left >= ZEROS.length ? ZEROS : ZEROS.subarray(0, left);
}

function outOfOrder(path: string): AppError {
  return new AppError('internal', `${displayPath(path)} is out of order in an archive`, {
    todo: 'This is a defect of vm2docker-image; please report it.',
  });
}

function wrongContent(entry: Entry): AppError {
  return new AppError(
    'guest-read-failed',
    `${displayPath(entry.path)} has other content than its ${entry.size} bytes`,
    {
      where: { path: displayPath(entry.path) },
      todo: 'Something changed the disk while it was read, or the file system is damaged; check it and run again.',
    },
  );
}
