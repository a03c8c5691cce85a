import type { Problem } from '../../../../model/evidence.js';
import type { GuestFs } from '../../../../model/guest-fs.js';
import { readOptionalText } from '../../../../syntax/guest-text.js';
import type { ReasonSource } from './recorded.js';

/** Managers that list what came as a dependency, by name alone; what they do not list was asked for. */
export const NAME_LISTS = ['/var/lib/zypp/AutoInstalled', '/var/lib/rpm/installed-through-deps.list'] as const;

const MAX_BYTES = 16 * 1024 * 1024;

/** zypper and urpmi: a name in each line, `#` begins a comment, urpmi adds ` (reason)`. An empty list says nothing. */
export async function readNameLists(fs: GuestFs, problems: Problem[]): Promise<ReasonSource> {
  for (const path of NAME_LISTS) {
    const text = await readOptionalText(fs, path, MAX_BYTES, problems);
    const lines = new Map<string, number>();
    for (const [index, line] of (text ?? '').split('\n').entries()) {
      const name = /^[^\s#(]{1,255}/.exec(line)?.[0];
      if (name !== undefined) lines.set(name, index + 1);
    }
    if (lines.size === 0) continue;
    return ({ name }) => {
      const line = lines.get(name);
      return { auto: line !== undefined, evidence: { path, ...(line === undefined ? {} : { line }) } };
    };
  }
  return () => undefined;
}
