import type { FileHandle } from 'node:fs/promises';
import type { Entry, ExtendedAttributes } from '../../model/entry.js';
import type { DataRun, StreamItem } from '../../model/guest-fs.js';
import type { Tree } from '../tree.js';
import { TreeGuestFs } from '../tree-guest-fs.js';
import type { SparseSegment } from './sparse.js';
import { wholeContent } from './stream-members.js';

const CHUNK_BYTES = 1024 * 1024;

/** Where the content of a file lies in the archive, and what else the archive says of it. */
export interface StoredFile {
  readonly position: number;
  readonly segments: readonly SparseSegment[];
  readonly attributes: ExtendedAttributes;
}

/** An indexed archive whose content is read where it lies. */
export class TarGuestFs extends TreeGuestFs {
  readonly #archive: FileHandle;
  /** By fileId. */
  readonly #stored: ReadonlyMap<string, StoredFile>;

  constructor(archive: FileHandle, tree: Tree, stored: ReadonlyMap<string, StoredFile>) {
    super(tree);
    this.#archive = archive;
    this.#stored = stored;
  }

  async stream(visit: (item: StreamItem) => Promise<void>, select?: (entry: Entry) => boolean): Promise<void> {
    const seen = new Set<string>();
    for (const entry of this.tree.entries()) {
      if (select !== undefined && !select(entry)) continue;
      const stored = this.#stored.get(entry.fileId);
      const hasContent = entry.type === 'file' && stored !== undefined && !seen.has(entry.fileId);
      if (entry.links > 1) seen.add(entry.fileId);
      const attributes = stored?.attributes ?? new Map();
      await visit({ entry, attributes, ...(hasContent ? { content: this.#runs(stored) } : {}) });
    }
  }

  protected async readContent({ fileId, size }: Entry): Promise<Buffer> {
    return await wholeContent({ size, content: this.#runs(this.#stored.get(fileId)!) });
  }

  protected async *readContents(entries: readonly Entry[]): AsyncGenerator<readonly [Entry, Buffer]> {
    for (const entry of entries) yield [entry, await this.readContent(entry)];
  }

  async *#runs({ position, segments }: StoredFile): AsyncGenerator<DataRun> {
    let from = position;
    for (const { offset, length } of segments) {
      for (let done = 0; done < length; ) {
        const data = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, length - done));
        const { bytesRead } = await this.#archive.read(data, 0, data.length, from);
        if (bytesRead === 0) throw new Error('the archive has become shorter');
        yield { offset: offset + done, data: data.subarray(0, bytesRead) };
        done += bytesRead;
        from += bytesRead;
      }
    }
  }
}
