import type { GuestFs } from '../model/guest-fs.js';
import { joinPath } from '../model/path.js';

/** Patterns of glob(7): `*`, `?`, `[…]`, `[!…]` within one component; with `deep`, `**` for any number of them. */
export function globToRegExp(pattern: string, options: { deep?: boolean } = {}): RegExp {
  let source = '';
  let position = 0;
  while (position < pattern.length) {
    const character = pattern[position]!;
    if (options.deep === true && pattern.startsWith('**', position)) {
      const slash = pattern[position + 2] === '/';
      source += slash ? '(?:.*/)?' : '.*';
      position += slash ? 3 : 2;
      continue;
    }
    const bracket = character === '[' ? /^\[([!^]?)(\]?[^\]]*)\]/.exec(pattern.slice(position)) : null;
    if (bracket !== null) {
      const members = bracket[2]!.replace(/[\\\]^[]/g, '\\$&');
      source += `(?!/)[${bracket[1] === '' ? '' : '^'}${members}]`;
      position += bracket[0].length;
      continue;
    }
    if (character === '*') source += '[^/]*';
    else if (character === '?') source += '[^/]';
    else if (character === '\\' && position + 1 < pattern.length) {
      position += 1;
      source += escapeRegExp(pattern[position]!);
    } else source += escapeRegExp(character);
    position += 1;
  }
  return new RegExp(`^${source}$`, 's');
}

/** Whether the text holds a character that {@link globToRegExp} would not take literally. */
export function isGlob(text: string): boolean {
  return /[*?[]/.test(text);
}

/**
 * The paths of the guest that an absolute pattern matches, sorted; `*` and `?` match no leading dot, as in a shell. A
 * pattern without wildcards gives itself when it exists.
 */
export function expandGlob(fs: GuestFs, pattern: string): string[] {
  let found = ['/'];
  for (const part of pattern.split('/').filter((piece) => piece !== '')) {
    const next: string[] = [];
    const matcher = isGlob(part) ? globToRegExp(part) : null;
    for (const folder of found) {
      if (matcher === null) {
        if (fs.lstat(joinPath(folder, part)) !== undefined) next.push(joinPath(folder, part));
      } else {
        for (const name of fs.list(folder)) {
          if (matcher.test(name) && (!name.startsWith('.') || part.startsWith('.'))) next.push(joinPath(folder, name));
        }
      }
    }
    found = next;
  }
  return found;
}

function escapeRegExp(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
}
