import { AppError } from '../../errors.js';
import type { Entry, ExtendedAttributes } from '../../model/entry.js';
import type { GuestFs, OpenGuestFile, StreamItem } from '../../model/guest-fs.js';
import { displayPath } from '../../model/path.js';
import { openFile } from '../open-file.js';
import { Tree } from '../tree.js';

/** What a test says of one path: a string or bytes for a file, or an object for everything else. */
export type MemoryNode =
  | string
  | Uint8Array
  | (Partial<Omit<Entry, 'path'>> & {
      readonly content?: string | Uint8Array;
      readonly attributes?: ExtendedAttributes;
      /** Path whose file this is another name of. */
      readonly linkTo?: string;
    });

const DEFAULT_MAX_BYTES = 64 * 1024 * 1024;

/**
 * A guest that lives in memory, for tests: `memoryGuest({ '/etc/hostname': 'box\n', '/bin': { target: 'usr/bin' } })`.
 * Folders come by themselves; `target` makes a symbolic link, `type: 'directory'` an empty folder.
 */
export function memoryGuest(nodes: Readonly<Record<string, MemoryNode>>): MemoryGuest {
  return new MemoryGuest(nodes);
}

export class MemoryGuest implements GuestFs {
  readonly #tree: Tree;
  readonly #contents = new Map<string, Buffer>();
  readonly #attributes = new Map<string, ExtendedAttributes>();
  /** Paths that were read, so that a test can say which files a reader touches. */
  readonly reads: string[] = [];

  constructor(nodes: Readonly<Record<string, MemoryNode>>) {
    const linkCounts = new Map<string, number>();
    for (const node of Object.values(nodes)) {
      const target = linkTarget(node);
      if (target !== undefined) linkCounts.set(target, (linkCounts.get(target) ?? 1) + 1);
    }
    const entries: Entry[] = [];
    for (const [path, node] of Object.entries(nodes)) {
      const original = linkTarget(node) ?? path;
      const described = describe(nodes[original] ?? node);
      const links = linkCounts.get(original) ?? described.entry.links;
      entries.push({ ...described.entry, path, links, fileId: `memory:${original}` });
      if (described.content !== undefined) this.#contents.set(path, described.content);
      this.#attributes.set(path, described.attributes);
    }
    this.#tree = new Tree(entries);
  }

  get entryCount(): number {
    return this.#tree.size;
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

  async readFile(path: string, options: { maxBytes?: number } = {}): Promise<Buffer> {
    const entry = this.#tree.stat(path);
    if (entry === undefined || entry.type !== 'file') {
      throw new AppError('guest-file-missing', `${displayPath(path)} is no file of the guest`, {
        where: { path: displayPath(path) },
        todo: 'Check the path.',
      });
    }
    if (entry.size > (options.maxBytes ?? DEFAULT_MAX_BYTES)) {
      throw new AppError('guest-file-too-large', `${displayPath(path)} has ${entry.size} bytes`, {
        where: { path: displayPath(path) },
        todo: 'The file is larger than any file of its kind should be; look at it by hand.',
      });
    }
    this.reads.push(entry.path);
    return this.#contents.get(entry.path) ?? Buffer.alloc(0);
  }

  openFile(path: string, options: { maxBytes: number }): Promise<OpenGuestFile> {
    return openFile(this, path, options);
  }

  async prefetch(): Promise<void> {}

  async stream(visit: (item: StreamItem) => Promise<void>, select?: (entry: Entry) => boolean): Promise<void> {
    const seen = new Set<string>();
    for (const entry of this.#tree.entries()) {
      if (select !== undefined && !select(entry)) continue;
      const attributes = this.#attributes.get(entry.path) ?? new Map();
      const isFirstName = !seen.has(entry.fileId);
      seen.add(entry.fileId);
      if (entry.type === 'file' && isFirstName) {
        const content = this.#contents.get(entry.path) ?? Buffer.alloc(0);
        await visit({ entry, attributes, content: oneRun(content) });
      } else {
        await visit({ entry, attributes });
      }
    }
  }
}

async function* oneRun(data: Buffer): AsyncGenerator<{ offset: number; data: Buffer }> {
  if (data.length > 0) yield { offset: 0, data };
}

function linkTarget(node: MemoryNode): string | undefined {
  return typeof node === 'object' && !(node instanceof Uint8Array) ? node.linkTo : undefined;
}

function describe(node: MemoryNode): { entry: Entry; content?: Buffer; attributes: ExtendedAttributes } {
  const {
    content,
    attributes,
    linkTo: _,
    ...given
  } = typeof node === 'string' || node instanceof Uint8Array ? { content: node } : { content: undefined, ...node };
  const type = given.type ?? (given.target !== undefined ? 'symlink' : 'file');
  const bytes = type === 'file' ? Buffer.from(content ?? '') : undefined;
  const size = given.size ?? bytes?.length ?? 0;
  const entry: Entry = {
    path: '',
    type,
    mode: type === 'symlink' ? 0o777 : type === 'directory' ? 0o755 : 0o644,
    uid: 0,
    gid: 0,
    size,
    allocated: size,
    mtime: 0,
    mtimeNanoseconds: 0,
    links: 1,
    fileId: '',
    ...given,
  };
  return { entry, attributes: attributes ?? new Map(), ...(bytes === undefined ? {} : { content: bytes }) };
}
