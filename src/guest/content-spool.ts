import { type FileHandle, open } from 'node:fs/promises';
import type { Entry } from '../model/entry.js';
import type { DataRun, StreamItem } from '../model/guest-fs.js';

/**
 * Content of guest files, kept on the host between the one pass over the guest and the writing of sorted archives: the
 * guest's order is the disk's, an archive's is that of names. One file, written from front to back; holes take no room.
 */
export interface ContentSpool {
  /** Passes the item on with its content recorded as it is consumed. */
  record(item: StreamItem): StreamItem;
  /** Forgets a file that turned out not to be needed; its room is used again if it was recorded last. */
  discard(entry: Entry): Promise<void>;
  /** Whether the content of a file, or of another name of it, was recorded. */
  has(entry: Entry): boolean;
  /** Content of a recorded file, or of another name of it. @throws Error when it was not recorded. */
  read(entry: Entry): AsyncIterable<DataRun>;
  /** Where the data of a recorded file lies in it, adjacent runs joined: what is not covered is a hole. */
  extents(entry: Entry): readonly Extent[];
  readonly bytes: number;
  /** The file on the host. */
  readonly path: string;
  /** Closes and frees the file. Idempotent. */
  close(): Promise<void>;
}

export interface Extent {
  readonly offset: number;
  readonly length: number;
}

interface StoredRun {
  readonly offset: number;
  readonly length: number;
  readonly position: number;
}

const CHUNK_BYTES = 1024 * 1024;

/** @param path A file that does not exist yet, on a file system with room for what will be recorded. */
export async function createContentSpool(path: string): Promise<ContentSpool> {
  const file = await open(path, 'wx+', 0o600);
  const runsOf = new Map<string, StoredRun[]>();
  let end = 0;
  let closed = false;

  async function* recording(entry: Entry, content: AsyncIterable<DataRun>): AsyncGenerator<DataRun> {
    const runs: StoredRun[] = [];
    runsOf.set(entry.fileId, runs);
    for await (const run of content) {
      await writeAll(file, run.data, end);
      runs.push({ offset: run.offset, length: run.data.length, position: end });
      end += run.data.length;
      yield run;
    }
  }

  const recorded = (entry: Entry): readonly StoredRun[] => {
    const runs = runsOf.get(entry.fileId);
    if (runs === undefined) throw new Error(`the content of ${entry.path} was not recorded`);
    return runs;
  };

  return {
    path,
    record(item) {
      return item.content === undefined ? item : { ...item, content: recording(item.entry, item.content) };
    },
    async discard(entry) {
      const first = runsOf.get(entry.fileId)?.[0];
      const last = runsOf.get(entry.fileId)?.at(-1);
      runsOf.delete(entry.fileId);
      if (first !== undefined && last !== undefined && last.position + last.length === end) end = first.position;
    },
    has: ({ fileId }) => runsOf.has(fileId),
    async *read(entry) {
      for (const run of recorded(entry)) yield* readRun(file, run);
    },
    extents(entry) {
      const joined: { offset: number; length: number }[] = [];
      for (const { offset, length } of recorded(entry)) {
        const last = joined.at(-1);
        if (last !== undefined && last.offset + last.length === offset) last.length += length;
        else joined.push({ offset, length });
      }
      return joined;
    },
    get bytes() {
      return end;
    },
    async close() {
      if (closed) return;
      closed = true;
      await file.close();
    },
  };
}

/** Writes all of the data at the position: one call may write less. */
export async function writeAll(file: FileHandle, data: Buffer, position: number): Promise<void> {
  for (let written = 0; written < data.length; ) {
    written += (await file.write(data, written, data.length - written, position + written)).bytesWritten;
  }
}

async function* readRun(file: FileHandle, run: StoredRun): AsyncGenerator<DataRun> {
  for (let done = 0; done < run.length; ) {
    const data = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, run.length - done));
    const { bytesRead } = await file.read(data, 0, data.length, run.position + done);
    if (bytesRead === 0) throw new Error('the spool ends before its content does');
    yield { offset: run.offset + done, data: data.subarray(0, bytesRead) };
    done += bytesRead;
  }
}
