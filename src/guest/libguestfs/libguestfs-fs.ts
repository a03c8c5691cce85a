import { AppError } from '../../errors.js';
import type { Entry, ExtendedAttributes } from '../../model/entry.js';
import type { Problem } from '../../model/evidence.js';
import type { GuestFs, StreamItem } from '../../model/guest-fs.js';
import { displayPath, hasEscapes, isWithin } from '../../model/path.js';
import type { Appliance } from '../../tools/guestfish.js';
import { attributesOf } from '../tar/pax.js';
import type { TarMember } from '../tar/read-tar.js';
import type { Tree } from '../tree.js';
import { archivePaths } from './archive.js';
import type { PipeEnd } from './pipe.js';
import { candidateFolder } from './scripts.js';

const DEFAULT_MAX_BYTES = 64 * 1024 * 1024;
/** What {@link GuestFs.prefetch} keeps: single files up to the first, all together up to the second. */
const PREFETCH_FILE_BYTES = 16 * 1024 * 1024;
const PREFETCH_TOTAL_BYTES = 128 * 1024 * 1024;
const NO_ATTRIBUTES: ExtendedAttributes = new Map();

/** The mounted guest of an appliance. */
export class LibguestfsFs implements GuestFs {
  readonly #appliance: Appliance;
  readonly #index: number;
  readonly #tree: Tree;
  readonly #problems: Problem[];
  /** Content by fileId, so that hard links share it. */
  readonly #cache = new Map<string, Buffer>();
  #cachedBytes = 0;

  /** @param index Number of the root's folder, see `scripts.ts`. @param problems Gets what cannot be read later. */
  constructor(appliance: Appliance, index: number, tree: Tree, problems: Problem[]) {
    this.#appliance = appliance;
    this.#index = index;
    this.#tree = tree;
    this.#problems = problems;
  }

  get entryCount(): number {
    return this.#tree.size;
  }

  /** Calls of the appliance so far: what a run costs. */
  get remoteCalls(): number {
    return this.#appliance.calls;
  }

  entries(): Iterable<Entry> {
    return this.#tree.entries();
  }

  stat(path: string): Entry | undefined {
    return this.#tree.stat(path);
  }

  lstat(path: string): Entry | undefined {
    return this.#tree.lstat(path);
  }

  exists(path: string): boolean {
    return this.#tree.stat(path) !== undefined;
  }

  list(path: string): readonly string[] {
    return this.#tree.list(path);
  }

  async readFile(path: string, { maxBytes = DEFAULT_MAX_BYTES }: { maxBytes?: number } = {}): Promise<Buffer> {
    const entry = this.#tree.stat(path);
    if (entry?.type !== 'file') throw missingFile(path);
    if (entry.size > maxBytes) throw tooLarge(path, entry.size);
    if (entry.size === 0) return Buffer.alloc(0);
    const cached = this.#cache.get(entry.fileId);
    if (cached !== undefined) return cached;
    try {
      return await this.#readRemote(entry, maxBytes);
    } catch (error) {
      throw located(error, path);
    }
  }

  async prefetch(paths: readonly string[]): Promise<void> {
    const wanted = new Map<string, Entry>();
    const roots = paths.map((path) => this.#tree.stat(path)?.path).filter((path) => path !== undefined);
    let total = this.#cachedBytes;
    for (const entry of this.#below(roots)) {
      if (entry.type !== 'file' || entry.size === 0 || entry.size > PREFETCH_FILE_BYTES || isSparse(entry)) continue;
      if (this.#cache.has(entry.fileId) || wanted.has(entry.fileId)) continue;
      if (total + entry.size > PREFETCH_TOTAL_BYTES) break;
      total += entry.size;
      wanted.set(entry.fileId, entry);
    }
    if (wanted.size === 0) return;
    const files = [...wanted.values()];
    for await (const member of this.#archive(files)) {
      const entry = this.#tree.at(member.name.slice(1));
      if (entry === undefined || member.type !== 'file') continue;
      const data = await wholeContent(member);
      this.#cache.set(entry.fileId, data);
      this.#cachedBytes += data.length;
    }
  }

  async stream(visit: (item: StreamItem) => Promise<void>, select?: (entry: Entry) => boolean): Promise<void> {
    const chosen: Entry[] = [];
    for (const entry of this.#tree.entries()) if (select === undefined || select(entry)) chosen.push(entry);
    const linked = new Map<string, ExtendedAttributes>();
    let next = 0;
    /** Visits what has no member of its own – sockets – up to the entry that has; what could not be read is a problem. */
    const visitUpTo = async (end: number): Promise<void> => {
      for (; next < end; next += 1) {
        const entry = chosen[next]!;
        if (entry.type === 'socket') await visit({ entry, attributes: NO_ATTRIBUTES });
        else this.#problems.push(unread(entry, 'left out by the appliance'));
      }
    };
    const position = new Map(chosen.map((entry, at) => [entry.path, at]));
    for await (const member of this.#archive(chosen.filter(({ type }) => type !== 'socket'))) {
      const at = position.get(canonicalName(member.name));
      if (at === undefined || at < next) continue;
      await visitUpTo(at);
      next = at + 1;
      const entry = chosen[at]!;
      const own =
        member.type === 'hardlink' ? (linked.get(entry.fileId) ?? NO_ATTRIBUTES) : attributesOf(member.records);
      if (entry.links > 1 && entry.type !== 'directory') linked.set(entry.fileId, own);
      await visit({ entry, attributes: own, ...(member.type === 'file' ? { content: member.content } : {}) });
    }
    await visitUpTo(chosen.length);
  }

  /** Entries at and below the canonical paths, each once. */
  *#below(roots: readonly string[]): Generator<Entry> {
    for (const root of new Set(roots)) {
      if (roots.some((other) => other !== root && isWithin(root, other))) continue;
      const pending = [root];
      while (pending.length > 0) {
        const entry = this.#tree.at(pending.pop()!);
        if (entry === undefined) continue;
        yield entry;
        if (entry.type === 'directory') {
          const names = this.#tree.list(entry.path);
          for (const name of names) pending.push(entry.path === '/' ? `/${name}` : `${entry.path}/${name}`);
        }
      }
    }
  }

  async #readRemote(entry: Entry, maxBytes: number): Promise<Buffer> {
    if (!hasEscapes(entry.path)) {
      const path = `${candidateFolder(this.#index)}${entry.path}`;
      return await this.#appliance.call('download', [path, '-'], { maxBytes });
    }
    // A name that is not UTF-8 cannot be an argument of a process that Node starts.
    let data: Buffer | undefined;
    for await (const member of this.#archive([entry])) data ??= await wholeContent(member);
    if (data === undefined) throw missingFile(entry.path);
    return data;
  }

  #archive(entries: readonly Entry[]): AsyncGenerator<TarMember> {
    const paths = entries.map(({ path }) => path);
    return archivePaths(this.#appliance, this.#index, paths, (end) => this.#noteFailures(end));
  }

  #noteFailures({ status, errors }: PipeEnd): void {
    if (status === 0) return;
    for (const line of errors) {
      const match = /^tar: \.(\/.*?): (.*)$/s.exec(line);
      this.#problems.push({ code: 'file-unreadable', path: match?.[1] ?? '/', reason: match?.[2] ?? line });
    }
  }
}

/** Half of it or less is on the disk. */
function isSparse({ size, allocated }: Entry): boolean {
  return size > 64 * 1024 && allocated < size / 2;
}

/** tar ends the names of folders with a slash. */
function canonicalName(name: string): string {
  const path = name.startsWith('.') ? name.slice(1) : name;
  return path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path === '' ? '/' : path;
}

/** Apparent content of a small file, holes filled. */
async function wholeContent(member: TarMember): Promise<Buffer> {
  const whole = Buffer.alloc(member.size);
  for await (const { offset, data } of member.content) data.copy(whole, offset);
  return whole;
}

function unread(entry: Entry, reason: string): Problem {
  return { code: 'file-unreadable', path: displayPath(entry.path), reason };
}

function missingFile(path: string): AppError {
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

function located(error: unknown, path: string): unknown {
  if (!(error instanceof AppError) || error.code === 'interrupted') return error;
  const code = error.code === 'guest-file-too-large' ? error.code : 'guest-read-failed';
  return new AppError(code, `${displayPath(path)} cannot be read: ${error.message}`, {
    where: { path: displayPath(path) },
    todo: 'Check the disk; the appliance tells more below.',
    ...(error.detail === undefined ? {} : { detail: error.detail }),
    cause: error,
  });
}
