import type { Entry, ExtendedAttributes } from '../../model/entry.js';
import type { DataRun, StreamItem } from '../../model/guest-fs.js';
import type { DigestAlgorithm } from '../../model/packages.js';
import type { Tree } from '../tree.js';
import { keyOf } from './entry-batch.js';
import {
  type ContentBatch,
  type ContentItem,
  DIGEST_ALGORITHMS,
  type EncodedDigests,
  type Request,
} from './protocol.js';
import type { ReaderThread } from './reader-thread.js';
import { readingOf } from './reading-failure.js';

/** The thread may be silent for as long as it takes to hash so many zeros; of files with larger holes the visitor computes. */
const MAX_HOLES = 64 * 2 ** 20;

/** `GuestFs.stream`: the worker reads, in the order of the disk, and computes digests; content goes round in batches. */
export async function streamAll(
  tree: Tree,
  thread: ReaderThread,
  visit: (item: StreamItem) => Promise<void>,
  select?: (entry: Entry) => boolean,
  digests?: (entry: Entry) => ReadonlySet<DigestAlgorithm>,
): Promise<void> {
  const { files, otherNames } = groupNames(tree, select);
  const keys = new Float64Array(files.length * 2);
  const wanted: EncodedDigests = new Uint8Array(files.length);
  for (const [index, entry] of files.entries()) {
    const { fileSystem, id } = keyOf(entry);
    keys[index * 2] = fileSystem;
    keys[index * 2 + 1] = id;
    const isDense = entry.type === 'file' && entry.size - entry.allocated <= MAX_HOLES;
    if (digests !== undefined && isDense) wanted[index] = encodedDigests(digests(entry));
  }
  const source = batchSource(thread, keys, wanted);
  try {
    await visitAll(source, { files, otherNames, wanted }, visit);
  } finally {
    // An answer that nobody awaits would be taken for that of the next question.
    await source.settle();
  }
}

function encodedDigests(algorithms: ReadonlySet<DigestAlgorithm>): number {
  let bits = 0;
  for (const [index, name] of DIGEST_ALGORITHMS.entries()) if (algorithms.has(name)) bits |= 1 << index;
  return bits;
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

interface Streamed {
  readonly files: readonly Entry[];
  readonly otherNames: ReadonlyMap<string, readonly Entry[]>;
  readonly wanted: EncodedDigests;
}

async function visitAll(
  source: BatchSource,
  { files, otherNames, wanted }: Streamed,
  visit: (item: StreamItem) => Promise<void>,
): Promise<void> {
  for (let next = await source.next(); next !== null; next = await source.next()) {
    const first = files[next.item.key]!;
    const attributes: ExtendedAttributes = new Map(
      (next.item.attributes ?? []).map(([name, value]) => [name, Buffer.from(value)]),
    );
    const end: FileEnd = {};
    const content = runsOf(source, next, end);
    const digests = wanted[next.item.key] === 0 ? {} : { digests: () => new Map(end.digests) };
    await visit({ entry: first, attributes, ...(first.type === 'file' && { content, ...digests }) });
    for await (const _ of content) {
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

type Answer = Awaited<ReturnType<ReaderThread['ask']>>;

/** Items one by one; the two batches after the current one are asked for, so that the worker never waits. The memory of a batch goes back after it. */
function batchSource(thread: ReaderThread, keys: Float64Array, digests: EncodedDigests): BatchSource {
  let batch: ContentBatch | null = null;
  let isFirst = true;
  let index = 0;
  const pending: Promise<Answer>[] = [];
  const ask = (request: Request): void => {
    const answer = readingOf(thread.ask(request));
    answer.catch(() => {});
    pending.push(answer);
  };
  ask({ kind: 'stream', keys, digests });
  ask({ kind: 'next' });
  return {
    async next() {
      while (isFirst || (batch !== null && index >= batch.items.length)) {
        const reply = await pending.shift()!;
        if (reply.kind !== 'batch') throw new Error(`the reader answered ${reply.kind}`);
        const spent: Uint8Array | undefined = batch?.bytes;
        batch = reply.batch;
        index = 0;
        isFirst = false;
        if (batch === null) break;
        ask({ kind: 'next', ...(spent && { spent }) });
      }
      if (batch === null) return null;
      index += 1;
      return { item: batch.items[index - 1]!, bytes: batch.bytes };
    },
    async settle() {
      await Promise.allSettled(pending);
    },
  };
}

/** What comes with the last run of a file. */
interface FileEnd {
  digests?: NonNullable<ContentItem['digests']>;
}

async function* runsOf(source: BatchSource, first: Cursor, end: FileEnd): AsyncGenerator<DataRun> {
  for (let cursor: Cursor | null = first; cursor !== null; ) {
    const { item, bytes }: Cursor = cursor;
    for (let at = 0; at < item.runs.length; at += 3) {
      const [offset, start, length] = [item.runs[at]!, item.runs[at + 1]!, item.runs[at + 2]!];
      yield { offset, data: Buffer.from(bytes.buffer, bytes.byteOffset + start, length) };
    }
    if (item.isLast) {
      if (item.digests !== undefined) end.digests = item.digests;
      return;
    }
    cursor = await source.next();
  }
}
