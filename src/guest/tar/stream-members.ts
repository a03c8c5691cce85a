import type { Entry, ExtendedAttributes } from '../../model/entry.js';
import type { StreamItem } from '../../model/guest-fs.js';
import { attributesOf } from './pax.js';
import type { TarMember } from './read-tar.js';

const NO_ATTRIBUTES: ExtendedAttributes = new Map();

/**
 * Visits the chosen entries with what an archive of them brings. Both are in the same order; the archive has no members
 * for sockets, which are visited all the same, and may lack some that could not be read.
 * @param members Names as `memberPath` reads them.
 * @param onMissing Gets the entries that have no member and should have one; they are not visited.
 */
export async function streamMembers(
  chosen: readonly Entry[],
  members: AsyncIterable<TarMember>,
  visit: (item: StreamItem) => Promise<void>,
  onMissing: (entry: Entry) => void,
): Promise<void> {
  const position = new Map(chosen.map((entry, at) => [entry.path, at]));
  const attributesOfLinked = new Map<string, ExtendedAttributes>();
  let next = 0;
  const passUpTo = async (end: number): Promise<void> => {
    for (; next < end; next += 1) {
      const entry = chosen[next]!;
      if (entry.type === 'socket') await visit({ entry, attributes: NO_ATTRIBUTES });
      else onMissing(entry);
    }
  };
  for await (const member of members) {
    const at = position.get(memberPath(member));
    // What comes without its content is found missing when the next one comes.
    if (at === undefined || at < next || member.isUnreadable === true) continue;
    await passUpTo(at);
    next = at + 1;
    const entry = chosen[at]!;
    const isLink = member.type === 'hardlink';
    const attributes = isLink ? (attributesOfLinked.get(entry.fileId) ?? NO_ATTRIBUTES) : attributesOf(member.records);
    if (entry.links > 1 && entry.type !== 'directory') attributesOfLinked.set(entry.fileId, attributes);
    await visit({ entry, attributes, ...(member.type === 'file' ? { content: member.content } : {}) });
  }
  await passUpTo(chosen.length);
}

/** Path in the guest of a member whose name begins with `./`; tar ends the names of folders with a slash. */
export function memberPath({ name }: TarMember): string {
  const path = name.startsWith('.') ? name.slice(1) : name;
  if (path === '' || path === '/') return '/';
  return path.endsWith('/') ? path.slice(0, -1) : path;
}

/** Apparent content of a file that fits into memory, holes filled with zeros. */
export async function wholeContent({ size, content }: Pick<TarMember, 'size' | 'content'>): Promise<Buffer> {
  const whole = Buffer.alloc(size);
  for await (const { offset, data } of content) data.copy(whole, offset);
  return whole;
}
