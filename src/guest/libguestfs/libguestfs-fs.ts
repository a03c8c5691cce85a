import type { Entry } from '../../model/entry.js';
import type { Problem } from '../../model/evidence.js';
import type { StreamItem } from '../../model/guest-fs.js';
import { displayPath, hasEscapes } from '../../model/path.js';
import type { Appliance } from '../../tools/guestfish.js';
import type { TarMember } from '../tar/read-tar.js';
import { memberPath, streamMembers, wholeContent } from '../tar/stream-members.js';
import type { Tree } from '../tree.js';
import { missingFile, TreeGuestFs } from '../tree-guest-fs.js';
import { archivePaths } from './archive.js';
import type { PipeEnd } from './pipe.js';
import { candidateFolder } from './scripts.js';

/** The mounted guest of an appliance. */
export class LibguestfsFs extends TreeGuestFs {
  readonly #appliance: Appliance;
  readonly #index: number;
  readonly #problems: Problem[];

  /** @param index Number of the root's folder, see `scripts.ts`. @param problems Gets what cannot be read later. */
  constructor(appliance: Appliance, index: number, tree: Tree, problems: Problem[]) {
    super(tree);
    this.#appliance = appliance;
    this.#index = index;
    this.#problems = problems;
  }

  /** Calls of the appliance so far: what a run costs. */
  get remoteCalls(): number {
    return this.#appliance.calls;
  }

  async stream(visit: (item: StreamItem) => Promise<void>, select?: (entry: Entry) => boolean): Promise<void> {
    const chosen: Entry[] = [];
    for (const entry of this.tree.entries()) if (select === undefined || select(entry)) chosen.push(entry);
    const archive = this.#archive(chosen.filter(({ type }) => type !== 'socket'));
    await streamMembers(chosen, archive, visit, (entry) => {
      this.#problems.push({
        code: 'file-unreadable',
        path: displayPath(entry.path),
        reason: 'the appliance could not read it',
      });
    });
  }

  protected async readContent(entry: Entry, maxBytes: number): Promise<Buffer> {
    if (!hasEscapes(entry.path)) {
      const path = `${candidateFolder(this.#index)}${entry.path}`;
      return await this.#appliance.call('download', [path, '-'], { maxBytes });
    }
    // A name that is not UTF-8 cannot be an argument of a process that Node starts.
    for await (const [, content] of this.readContents([entry])) return content;
    throw missingFile(entry.path);
  }

  protected async *readContents(entries: readonly Entry[]): AsyncGenerator<readonly [Entry, Buffer]> {
    for await (const member of this.#archive(entries)) {
      const entry = this.tree.at(memberPath(member));
      if (entry?.type === 'file' && member.type === 'file' && member.isUnreadable !== true)
        yield [entry, await wholeContent(member)];
    }
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
