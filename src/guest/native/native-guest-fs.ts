import { AppError } from '../../errors.js';
import type { Entry } from '../../model/entry.js';
import type { GuestFs } from '../../model/guest-fs.js';
import { displayPath } from '../../model/path.js';
import { openFile } from '../open-file.js';
import type { Tree } from '../tree.js';
import { keyOf } from './entry-batch.js';
import type { ReaderThread } from './reader-thread.js';
import { readingOf } from './reading-failure.js';
import { streamAll } from './stream.js';

const DEFAULT_MAX_BYTES = 64 * 2 ** 20;
/** Files above this, or with far fewer blocks than bytes, are not fetched in advance. */
const PREFETCH_MAX_BYTES = 16 * 2 ** 20;
const PREFETCH_TOTAL = 256 * 2 ** 20;
/** What is fetched at a time: whoever reads the first files need not wait for the last. */
const PART_BYTES = 2 ** 20;
const PART_FILES = 256;

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
      const [content] = await exclusive(() => readContents(thread, [entry], Number.MAX_SAFE_INTEGER), true);
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
    stream: (visit, select, digests) => exclusive(() => streamAll(tree, thread, visit, select, digests)),
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

type Exclusive = <T>(work: () => Promise<T>, isUrgent?: boolean) => Promise<T>;

/** Calls follow each other: the thread holds one stream. What is urgent goes before all that has not begun. */
function oneAtATime(): Exclusive {
  const pending: (() => Promise<void>)[] = [];
  let isBusy = false;
  const work = async (): Promise<void> => {
    if (isBusy) return;
    isBusy = true;
    for (let next = pending.shift(); next !== undefined; next = pending.shift()) await next();
    isBusy = false;
  };
  return (call, isUrgent = false) =>
    new Promise((resolve, reject) => {
      const task = (): Promise<void> => call().then(resolve, reject);
      if (isUrgent) pending.unshift(task);
      else pending.push(task);
      void work();
    });
}

function fileError(
  code: 'guest-file-missing' | 'guest-file-too-large' | 'guest-read-failed',
  path: string,
  what: string,
  todo: string,
): AppError {
  return new AppError(code, `${displayPath(path)} ${what}`, { where: { path: displayPath(path) }, todo });
}
