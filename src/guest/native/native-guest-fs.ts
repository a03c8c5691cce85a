import { AppError } from '../../errors.js';
import type { Entry, ExtendedAttributes } from '../../model/entry.js';
import type { DataRun, GuestFs, StreamItem } from '../../model/guest-fs.js';
import { displayPath } from '../../model/path.js';
import { openFile } from '../open-file.js';
import type { Tree } from '../tree.js';
import { keyOf } from './entry-batch.js';
import type { ContentBatch, ContentItem } from './protocol.js';
import type { ReaderThread } from './reader-thread.js';

const DEFAULT_MAX_BYTES = 64 * 2 ** 20;
/** Files above this, or with far fewer blocks than bytes, are not fetched in advance. */
const PREFETCH_MAX_BYTES = 16 * 2 ** 20;
const PREFETCH_TOTAL = 256 * 2 ** 20;
/** What is fetched at a time: whoever reads the first files need not wait for the last. */
const PART_BYTES = 2 * 2 ** 20;
const PART_FILES = 1024;

/** The tree in memory, the content asked of the reader's thread. */
export function nativeGuestFs(tree: Tree, thread: ReaderThread): GuestFs {
  const fetched = new Map<string, { readonly part: Promise<(Buffer | null)[]>; readonly index: number }>();
  const exclusive = oneAtATime();

  const fs: GuestFs = {
    entryCount: tree.size,
    entries: () => tree.entries(),
    stat: (path) => tree.stat(path),
    lstat: (path) => tree.lstat(path),
    exists: (path) => tree.stat(path) !== undefined,
    list: (path) => tree.list(path),
    async readFile(path, options = {}) {
      const entry = tree.stat(path);
      if (entry?.type !== 'file')
        throw fileError('guest-file-missing', path, 'is no file of the guest', 'Check the path.');
      if (entry.size > (options.maxBytes ?? DEFAULT_MAX_BYTES)) {
        const todo = 'The file is larger than any file of its kind should be; look at it by hand.';
        throw fileError('guest-file-too-large', path, `has ${entry.size} bytes`, todo);
      }
      const known = fetched.get(entry.fileId);
      const ahead = known === undefined ? null : (await known.part)[known.index];
      if (ahead !== null && ahead !== undefined) return ahead;
      const [content] = await exclusive(() => readContents(thread, [entry], Number.MAX_SAFE_INTEGER));
      if (content === undefined || content === null) {
        throw fileError('guest-read-failed', path, 'could not be read', 'Read the disk with --reader libguestfs.');
      }
      return content;
    },
    openFile: (path, options) => openFile(fs, path, options),
    async prefetch(paths) {
      const wanted = new Map<string, Entry>();
      let total = 0;
      for (const entry of entriesBelow(tree, paths)) {
        const isHollow = entry.allocated < entry.size / 2 && entry.size > 2 ** 20;
        if (entry.type !== 'file' || isHollow || entry.size > PREFETCH_MAX_BYTES || total + entry.size > PREFETCH_TOTAL)
          continue;
        if (fetched.has(entry.fileId) || wanted.has(entry.fileId)) continue;
        wanted.set(entry.fileId, entry);
        total += entry.size;
      }
      for (const files of partsOf(wanted.values())) {
        const part = exclusive(() => readContents(thread, files, Number.MAX_SAFE_INTEGER));
        // Whoever reads one of the files is told.
        part.catch(() => {});
        for (const [index, { fileId }] of files.entries()) fetched.set(fileId, { part, index });
      }
    },
    stream: (visit, select) => exclusive(() => streamAll(tree, thread, visit, select)),
  };
  return fs;
}

async function readContents(
  thread: ReaderThread,
  entries: readonly Entry[],
  maxTotal: number,
): Promise<(Buffer | null)[]> {
  if (entries.length === 0) return [];
  const reply = await readingOf(thread.ask({ kind: 'read', keys: entries.map(keyOf), maxTotal }));
  if (reply.kind !== 'contents') throw new Error(`the reader answered ${reply.kind}`);
  const { bytes, lengths } = reply;
  let at = bytes.byteOffset;
  return lengths.map((length) => {
    if (length === null) return null;
    at += length;
    return Buffer.from(bytes.buffer, at - length, length);
  });
}

/** Entries at the paths and below them, in the order of the paths. */
function* entriesBelow(tree: Tree, paths: readonly string[]): Generator<Entry> {
  const walked = new Set<string>();
  for (const path of paths) {
    const entry = tree.stat(path);
    if (entry === undefined) continue;
    yield entry;
    if (entry.type !== 'directory' || walked.has(entry.path)) continue;
    walked.add(entry.path);
    yield* tree.below(entry.path);
  }
}

function* partsOf(files: Iterable<Entry>): Generator<Entry[]> {
  let part: Entry[] = [];
  let bytes = 0;
  for (const file of files) {
    if (part.length >= PART_FILES || (part.length > 0 && bytes + file.size > PART_BYTES)) {
      yield part;
      part = [];
      bytes = 0;
    }
    part.push(file);
    bytes += file.size;
  }
  if (part.length > 0) yield part;
}

async function streamAll(
  tree: Tree,
  thread: ReaderThread,
  visit: (item: StreamItem) => Promise<void>,
  select: ((entry: Entry) => boolean) | undefined,
): Promise<void> {
  const { files, otherNames } = groupNames(tree, select);
  const keys = new Float64Array(files.length * 2);
  for (const [index, entry] of files.entries()) {
    const { fileSystem, id } = keyOf(entry);
    keys[index * 2] = fileSystem;
    keys[index * 2 + 1] = id;
  }
  const source = batchSource(thread, keys);
  try {
    await visitAll(source, files, otherNames, visit);
  } finally {
    // An answer that nobody awaits would be taken for that of the next question.
    await source.settle();
  }
}

/** Names of one file follow each other: the first brings the content. Most files have one name and cost no group. */
function groupNames(
  tree: Tree,
  select: ((entry: Entry) => boolean) | undefined,
): { files: Entry[]; otherNames: Map<string, Entry[]> } {
  const files: Entry[] = [];
  const otherNames = new Map<string, Entry[]>();
  for (const entry of tree.entries()) {
    if (select !== undefined && !select(entry)) continue;
    const known = entry.links === 1 || entry.type === 'directory' ? undefined : otherNames.get(entry.fileId);
    if (known !== undefined) {
      known.push(entry);
      continue;
    }
    files.push(entry);
    if (entry.links > 1 && entry.type !== 'directory') otherNames.set(entry.fileId, []);
  }
  return { files, otherNames };
}

async function visitAll(
  source: BatchSource,
  files: readonly Entry[],
  otherNames: ReadonlyMap<string, readonly Entry[]>,
  visit: (item: StreamItem) => Promise<void>,
): Promise<void> {
  for (let next = await source.next(); next !== null; next = await source.next()) {
    const first = files[next.item.key]!;
    const attributes: ExtendedAttributes = new Map(
      (next.item.attributes ?? []).map(([name, value]) => [name, Buffer.from(value)]),
    );
    const runs = runsOf(source, next);
    await visit(first.type === 'file' ? { entry: first, attributes, content: runs } : { entry: first, attributes });
    for await (const _ of runs) {
      // what the visitor left
    }
    for (const entry of otherNames.get(first.fileId) ?? []) await visit({ entry, attributes });
  }
}

interface BatchSource {
  /** The next item, null at the end. */
  next(): Promise<Cursor | null>;
  settle(): Promise<void>;
}

interface Cursor {
  readonly item: ContentItem;
  readonly bytes: Uint8Array;
}

/** Items one by one; the batch after the current one is already being read. The memory of a batch goes back after it. */
function batchSource(thread: ReaderThread, keys: Float64Array): BatchSource {
  let batch: ContentBatch | null = null;
  let isFirst = true;
  let index = 0;
  let pending = readingOf(thread.ask({ kind: 'stream', keys }));
  pending.catch(() => {});
  return {
    async next() {
      while (isFirst || (batch !== null && index >= batch.items.length)) {
        const reply = await pending;
        if (reply.kind !== 'batch') throw new Error(`the reader answered ${reply.kind}`);
        const spent: Uint8Array | undefined = batch?.bytes;
        batch = reply.batch;
        index = 0;
        isFirst = false;
        if (batch === null) break;
        pending = readingOf(thread.ask({ kind: 'next', ...(spent && { spent }) }));
        pending.catch(() => {});
      }
      if (batch === null) return null;
      index += 1;
      return { item: batch.items[index - 1]!, bytes: batch.bytes };
    },
    async settle() {
      await pending.catch(() => {});
    },
  };
}

async function* runsOf(source: BatchSource, first: Cursor): AsyncGenerator<DataRun> {
  for (let cursor: Cursor | null = first; cursor !== null; ) {
    const { item, bytes }: Cursor = cursor;
    for (let at = 0; at < item.runs.length; at += 3) {
      const [offset, start, length] = [item.runs[at]!, item.runs[at + 1]!, item.runs[at + 2]!];
      yield { offset, data: Buffer.from(bytes.buffer, bytes.byteOffset + start, length) };
    }
    if (item.isLast) return;
    cursor = await source.next();
  }
}

/** After opening, whatever goes wrong is a failure to read: there is no way back to the other reader. */
async function readingOf<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'native-declined') throw error;
    throw new AppError('guest-read-failed', error.message, { todo: error.todo, cause: error });
  }
}

/** Calls follow each other: the thread answers in order and holds one stream. */
function oneAtATime(): <T>(work: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const result = last.then(work, work);
    last = result.catch(() => {});
    return result;
  };
}

function fileError(
  code: 'guest-file-missing' | 'guest-file-too-large' | 'guest-read-failed',
  path: string,
  what: string,
  todo: string,
): AppError {
  return new AppError(code, `${displayPath(path)} ${what}`, { where: { path: displayPath(path) }, todo });
}
