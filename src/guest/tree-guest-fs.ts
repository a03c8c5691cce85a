import { AppError } from '../errors.js';
import type { Entry } from '../model/entry.js';
import type { GuestFs, OpenGuestFile, StreamItem } from '../model/guest-fs.js';
import { displayPath, isWithin, joinPath } from '../model/path.js';
import { openFile } from './open-file.js';
import type { Tree } from './tree.js';

const DEFAULT_MAX_BYTES = 64 * 1024 * 1024;
/** What {@link GuestFs.prefetch} keeps: single files up to the first, all together up to the second. */
const PREFETCH_FILE_BYTES = 16 * 1024 * 1024;
const PREFETCH_TOTAL_BYTES = 128 * 1024 * 1024;

/** A GuestFs over metadata in memory; where content comes from is left to the subclass. */
export abstract class TreeGuestFs implements GuestFs {
  protected readonly tree: Tree;
  /** Content by fileId, so that hard links share it. */
  readonly #cache = new Map<string, Buffer>();
  #cachedBytes = 0;

  constructor(tree: Tree) {
    this.tree = tree;
  }

  abstract stream(visit: (item: StreamItem) => Promise<void>, select?: (entry: Entry) => boolean): Promise<void>;

  /** Apparent content of a regular file that is not empty and not too large. */
  protected abstract readContent(entry: Entry, maxBytes: number): Promise<Buffer>;

  /** As `readContent`, of many files at once; what cannot be read is left out. */
  protected abstract readContents(entries: readonly Entry[]): AsyncIterable<readonly [entry: Entry, content: Buffer]>;

  get entryCount(): number {
    return this.tree.size;
  }

  entries(): Iterable<Entry> {
    return this.tree.entries();
  }

  stat(path: string): Entry | undefined {
    return this.tree.stat(path);
  }

  lstat(path: string): Entry | undefined {
    return this.tree.lstat(path);
  }

  exists(path: string): boolean {
    return this.tree.stat(path) !== undefined;
  }

  list(path: string): readonly string[] {
    return this.tree.list(path);
  }

  async readFile(path: string, { maxBytes = DEFAULT_MAX_BYTES }: { maxBytes?: number } = {}): Promise<Buffer> {
    const entry = this.tree.stat(path);
    if (entry?.type !== 'file') throw missingFile(path);
    if (entry.size > maxBytes) throw tooLarge(path, entry.size);
    if (entry.size === 0) return Buffer.alloc(0);
    const cached = this.#cache.get(entry.fileId);
    if (cached !== undefined) return cached;
    try {
      return await this.readContent(entry, maxBytes);
    } catch (error) {
      throw unreadable(error, path);
    }
  }

  openFile(path: string, options: { maxBytes: number }): Promise<OpenGuestFile> {
    return openFile(this, path, options);
  }

  async prefetch(paths: readonly string[]): Promise<void> {
    const wanted = new Map<string, Entry>();
    let total = this.#cachedBytes;
    for (const entry of this.#below(paths)) {
      if (entry.type !== 'file' || entry.size === 0 || entry.size > PREFETCH_FILE_BYTES || isMostlyHoles(entry))
        continue;
      if (this.#cache.has(entry.fileId) || wanted.has(entry.fileId)) continue;
      if (total + entry.size > PREFETCH_TOTAL_BYTES) continue;
      total += entry.size;
      wanted.set(entry.fileId, entry);
    }
    if (wanted.size === 0) return;
    for await (const [entry, content] of this.readContents([...wanted.values()])) {
      this.#cache.set(entry.fileId, content);
      this.#cachedBytes += content.length;
    }
  }

  /** Entries at the paths and below them, each once. */
  *#below(paths: readonly string[]): Generator<Entry> {
    const roots = new Set(paths.map((path) => this.tree.stat(path)?.path).filter((path) => path !== undefined));
    for (const root of roots) {
      if ([...roots].some((other) => other !== root && isWithin(root, other))) continue;
      const pending = [root];
      while (pending.length > 0) {
        const entry = this.tree.at(pending.pop()!);
        if (entry === undefined) continue;
        yield entry;
        if (entry.type !== 'directory') continue;
        for (const name of this.tree.list(entry.path)) pending.push(joinPath(entry.path, name));
      }
    }
  }
}

/** Less than half of it is on the disk. */
export function isMostlyHoles({ size, allocated }: Entry): boolean {
  return size > 64 * 1024 && allocated < size / 2;
}

export function missingFile(path: string): AppError {
  return new AppError('guest-file-missing', `${displayPath(path)} is no file of the guest`, {
    where: { path: displayPath(path) },
    todo: 'Check the path.',
  });
}

function tooLarge(path: string, size: number): AppError {
  return new AppError('guest-file-too-large', `${displayPath(path)} has ${size} bytes`, {
    where: { path: displayPath(path) },
    todo: 'The file is larger than any file of its kind should be; look at it by hand.',
  });
}

function unreadable(error: unknown, path: string): unknown {
  if (error instanceof AppError && error.code === 'interrupted') return error;
  const isTooLarge = error instanceof AppError && error.code === 'guest-file-too-large';
  const reason = error instanceof Error ? error.message : String(error);
  return new AppError(isTooLarge ? error.code : 'guest-read-failed', `${displayPath(path)} cannot be read: ${reason}`, {
    where: { path: displayPath(path) },
    todo: 'Check the disk, and that nothing else uses or changes it.',
    ...(error instanceof AppError && error.detail !== undefined ? { detail: error.detail } : {}),
    cause: error,
  });
}
