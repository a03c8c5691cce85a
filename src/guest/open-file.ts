import { randomUUID } from 'node:crypto';
import { readSync } from 'node:fs';
import { type FileHandle, open, unlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AppError } from '../errors.js';
import type { Entry } from '../model/entry.js';
import type { GuestFs, OpenGuestFile } from '../model/guest-fs.js';
import { displayPath } from '../model/path.js';
import { inMemory } from '../model/random-access.js';
import { writeAll } from './content-spool.js';

/** Larger files are put on the host; smaller ones are in memory already, or soon forgotten. */
const IN_MEMORY_BYTES = 16 * 1024 * 1024;
/** Readers go mostly forward, a page at a time. */
const WINDOW_BYTES = 256 * 1024;

export interface FileOpening {
  readonly maxBytes: number;
  readonly inMemoryBytes?: number;
  /** Opens the file itself, where it lies on the host already. */
  readonly openOnHost?: (entry: Entry) => Promise<FileHandle>;
}

/** What {@link GuestFs.openFile} promises, for guests that can stream single files. */
export async function openFile(
  fs: Pick<GuestFs, 'stat' | 'readFile' | 'stream'>,
  path: string,
  { maxBytes, inMemoryBytes = IN_MEMORY_BYTES, openOnHost }: FileOpening,
): Promise<OpenGuestFile> {
  const entry = fs.stat(path);
  const isLarge = entry?.type === 'file' && entry.size > inMemoryBytes && entry.size <= maxBytes;
  if (isLarge && openOnHost !== undefined) {
    const file = await openOnHost(entry).catch((error: unknown) => {
      throw notOpened(error, entry);
    });
    return windowed(file, entry);
  }
  if (isLarge) return await copyOnHost(fs, entry);
  return { ...inMemory(await fs.readFile(path, { maxBytes })), close: async () => {} };
}

/** The content in a file of the host that has no name any more, so that nothing stays of it however we end. */
async function copyOnHost(fs: Pick<GuestFs, 'stream'>, entry: Entry): Promise<OpenGuestFile> {
  const name = join(tmpdir(), `vm2docker-image-${randomUUID()}`);
  let file: FileHandle | undefined;
  try {
    file = await open(name, 'wx+', 0o600);
    await unlink(name);
    await copyContent(fs, entry, file);
    return windowed(file, entry);
  } catch (error) {
    await file?.close();
    throw notOpened(error, entry);
  }
}

async function copyContent(fs: Pick<GuestFs, 'stream'>, entry: Entry, file: FileHandle): Promise<void> {
  let isThere = false;
  await fs.stream(
    async ({ content }) => {
      if (content === undefined) return;
      for await (const { offset, data } of content) await writeAll(file, data, offset);
      isThere = true;
    },
    ({ path }) => path === entry.path,
  );
  if (!isThere) throw new Error('its content could not be fetched');
  await file.truncate(entry.size);
}

/** One window of the file is in memory; what was read from earlier ones belongs to who read it. */
function windowed(file: FileHandle, entry: Entry): OpenGuestFile {
  const { size } = entry;
  let start = 0;
  let window = Buffer.alloc(0);
  let isOpen = true;
  // The disk of the host may fail as well as the machine's.
  const readSome = (into: Buffer, offset: number): number => {
    try {
      return readSync(file.fd, into, 0, into.length, offset);
    } catch (error) {
      throw notOpened(error, entry);
    }
  };
  const fill = (offset: number, length: number): void => {
    const bytes = Buffer.allocUnsafeSlow(Math.min(Math.max(length, WINDOW_BYTES), size - offset));
    let filled = 0;
    while (filled < bytes.length) {
      const count = readSome(bytes.subarray(filled), offset + filled);
      if (count === 0) break;
      filled += count;
    }
    start = offset;
    window = bytes.subarray(0, filled);
  };
  return {
    size,
    read(offset, length) {
      const wanted = Math.max(0, Math.min(length, size - offset));
      if (wanted === 0) return Buffer.alloc(0);
      if (offset < start || offset + wanted > start + window.length) fill(offset, wanted);
      return window.subarray(offset - start, offset - start + wanted);
    },
    async close() {
      if (isOpen) await file.close();
      isOpen = false;
    },
  };
}

function notOpened(error: unknown, { path, size }: Entry): AppError {
  if (error instanceof AppError) return error;
  const shown = displayPath(path);
  const isFull = (error as NodeJS.ErrnoException).code === 'ENOSPC';
  const reason = error instanceof Error ? error.message : String(error);
  return new AppError(isFull ? 'disk-space' : 'guest-read-failed', `${shown} cannot be read: ${reason}`, {
    where: { path: shown },
    todo: isFull
      ? `Set TMPDIR to a folder with room for ${size} bytes.`
      : 'Check the disk, and that nothing else uses or changes it.',
    cause: error,
  });
}
