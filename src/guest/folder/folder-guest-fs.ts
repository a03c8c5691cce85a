import type { Entry } from '../../model/entry.js';
import type { Problem } from '../../model/evidence.js';
import type { OpenGuestFile, StreamItem } from '../../model/guest-fs.js';
import { displayPath, encodePath } from '../../model/path.js';
import { tarOfFolder } from '../../tools/host-tar.js';
import { openFile } from '../open-file.js';
import { readTar } from '../tar/read-tar.js';
import { streamMembers } from '../tar/stream-members.js';
import type { Tree } from '../tree.js';
import { TreeGuestFs } from '../tree-guest-fs.js';
import { openInFolder } from './host-path.js';

/** The content of a folder of the host. */
export class FolderGuestFs extends TreeGuestFs {
  readonly #folder: string;
  readonly #problems: Problem[];

  constructor(folder: string, tree: Tree, problems: Problem[]) {
    super(tree);
    this.#folder = folder;
    this.#problems = problems;
  }

  async stream(visit: (item: StreamItem) => Promise<void>, select?: (entry: Entry) => boolean): Promise<void> {
    const chosen: Entry[] = [];
    for (const entry of this.tree.entries()) if (select === undefined || select(entry)) chosen.push(entry);
    const names = chosen
      .filter(({ type }) => type !== 'socket')
      .flatMap(({ path }) => [Buffer.from('.'), encodePath(path), Buffer.from([0])]);
    const archive = tarOfFolder(this.#folder, Buffer.concat(names), (lines) => {
      for (const line of lines) this.#note('/', line);
    });
    await streamMembers(chosen, readTar(archive), visit, ({ path }) => this.#note(path, 'left out by tar'));
  }

  override openFile(path: string, { maxBytes }: { maxBytes: number }): Promise<OpenGuestFile> {
    return openFile(this, path, { maxBytes, openOnHost: (entry) => openInFolder(this.#folder, entry.path) });
  }

  protected async readContent(entry: Entry): Promise<Buffer> {
    const file = await openInFolder(this.#folder, entry.path);
    try {
      return await file.readFile();
    } finally {
      await file.close();
    }
  }

  protected async *readContents(entries: readonly Entry[]): AsyncGenerator<readonly [Entry, Buffer]> {
    for (const entry of entries) {
      try {
        yield [entry, await this.readContent(entry)];
      } catch (error) {
        this.#note(entry.path, (error as Error).message);
      }
    }
  }

  #note(path: string, reason: string): void {
    this.#problems.push({ code: 'file-unreadable', path: displayPath(path), reason });
  }
}
