import type { GuestFs } from '../model/guest-fs.js';
import { joinPath } from '../model/path.js';

export interface GlobMatcher {
  /** Whether the whole text matches. */
  test(text: string): boolean;
}

/**
 * Patterns of glob(7): `*`, `?`, `[…]`, `[!…]` within one component; with `deep`, `**` for any number of them. Time grows
 * with the product of the two lengths, whatever the pattern: all ways to match are followed at once.
 */
export function globMatcher(pattern: string, options: { deep?: boolean } = {}): GlobMatcher {
  const tokens = parseGlob(pattern, options.deep === true);
  return { test: (text) => matches(tokens, text) };
}

/** The older name of {@link globMatcher}. */
export const globToRegExp = globMatcher;

/** Whether the text holds a character that {@link globMatcher} would not take literally. */
export function isGlob(text: string): boolean {
  return /[*?[]/.test(text);
}

/**
 * The paths of the guest that an absolute pattern matches, sorted; `*` and `?` match no leading dot, as in a shell. A
 * pattern without wildcards gives itself when it exists.
 */
export function expandGlob(fs: GuestFs, pattern: string): string[] {
  let found = ['/'];
  for (const part of pattern.split('/').filter((piece) => piece !== '' && piece !== '.')) {
    const next: string[] = [];
    const matcher = isGlob(part) ? globMatcher(part) : null;
    for (const folder of found) {
      if (matcher === null) {
        const path = part === '..' ? folder.slice(0, Math.max(folder.lastIndexOf('/'), 1)) : joinPath(folder, part);
        if (fs.lstat(path) !== undefined) next.push(path);
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

/** One place of a pattern: repeated or not, and which characters it takes. */
interface Token {
  readonly repeats: boolean;
  readonly takes: (character: string) => boolean;
  /** `**` before a slash: may be left out together with the slash that follows. */
  readonly folders: boolean;
}

const NO_SLASH = (character: string): boolean => character !== '/';

function parseGlob(pattern: string, deep: boolean): Token[] {
  const tokens: Token[] = [];
  let position = 0;
  while (position < pattern.length) {
    const character = pattern[position]!;
    if (deep && pattern.startsWith('**', position)) {
      const slash = pattern[position + 2] === '/';
      tokens.push({ repeats: true, takes: () => true, folders: slash });
      if (slash) tokens.push(literal('/'));
      position += slash ? 3 : 2;
      continue;
    }
    const bracket = character === '[' ? parseBracket(pattern, position) : null;
    if (bracket !== null) {
      tokens.push(bracket.token);
      position = bracket.end;
      continue;
    }
    if (character === '*') tokens.push({ repeats: true, takes: NO_SLASH, folders: false });
    else if (character === '?') tokens.push({ repeats: false, takes: NO_SLASH, folders: false });
    else if (character === '\\' && position + 1 < pattern.length) {
      position += 1;
      tokens.push(literal(pattern[position]!));
    } else tokens.push(literal(character));
    position += 1;
  }
  return tokens;
}

function literal(expected: string): Token {
  return { repeats: false, takes: (character) => character === expected, folders: false };
}

function parseBracket(pattern: string, start: number): { token: Token; end: number } | null {
  let position = start + 1;
  const negated = pattern[position] === '!' || pattern[position] === '^';
  if (negated) position += 1;
  const close = pattern.indexOf(']', position + 1);
  if (close === -1 || pattern.slice(start, close).includes('/')) return null;
  const singles = new Set<string>();
  const ranges: [string, string][] = [];
  while (position < close) {
    if (pattern[position + 1] === '-' && position + 2 < close) {
      ranges.push([pattern[position]!, pattern[position + 2]!]);
      position += 3;
    } else {
      singles.add(pattern[position]!);
      position += 1;
    }
  }
  const member = (character: string): boolean =>
    singles.has(character) || ranges.some(([low, high]) => character >= low && character <= high);
  const takes = (character: string): boolean => character !== '/' && member(character) !== negated;
  return { token: { repeats: false, takes, folders: false }, end: close + 1 };
}

/** Simulates the automaton: `active[i]` says that the tokens before `i` have matched the text so far. */
function matches(tokens: readonly Token[], text: string): boolean {
  let active = new Uint8Array(tokens.length + 1);
  active[0] = 1;
  skipRepeats(tokens, active, true);
  for (const character of codeUnits(text)) {
    const next = new Uint8Array(tokens.length + 1);
    let alive = false;
    for (let index = 0; index < tokens.length; index += 1) {
      const token = tokens[index]!;
      if (active[index] === 0 || !token.takes(character)) continue;
      next[token.repeats ? index : index + 1] = 1;
      alive = true;
    }
    if (!alive) return false;
    skipRepeats(tokens, next, character === '/');
    active = next;
  }
  return active[tokens.length] === 1;
}

function skipRepeats(tokens: readonly Token[], active: Uint8Array, atFolderStart: boolean): void {
  for (let index = 0; index < tokens.length; index += 1) {
    const token = tokens[index]!;
    if (active[index] === 0 || !token.repeats) continue;
    active[index + 1] = 1;
    if (token.folders && atFolderStart) active[index + 2] = 1;
  }
}

function* codeUnits(text: string): Generator<string> {
  for (let index = 0; index < text.length; index += 1) yield text[index]!;
}
