import {
  accept,
  isAt,
  isEnd,
  isRedirection,
  isWord,
  type Parser,
  skipNewlines,
  skipRedirections,
  skipSeparators,
  takeWord,
} from './cursor.js';
import type { Part, Script, Statement, Word } from './syntax-tree.js';
import { tokenize } from './tokens.js';

const MAX_DEPTH = 60;
const MAX_SCRIPT_CHARACTERS = 256 * 1024;

/** Parses a script. Never fails: what makes no sense is passed over, and what is unclosed ends with the text. */
export function parseScript(text: string, firstLine = 1, depth = 0): Script {
  const tokens = tokenize(text.slice(0, MAX_SCRIPT_CHARACTERS), firstLine, { depth, parse: parseScript });
  const parser: Parser = { tokens, position: 0, depth: 0 };
  const script: Statement[] = [];
  while (parser.position < tokens.length) {
    const before = parser.position;
    script.push(...parseList(parser, []));
    if (parser.position === before) parser.position += 1;
  }
  return script;
}

/** Statements up to one of the reserved words (or signs) in `until`, which is left standing. */
function parseList(parser: Parser, until: readonly string[]): Statement[] {
  const list: Statement[] = [];
  parser.depth += 1;
  while (parser.depth < MAX_DEPTH) {
    skipSeparators(parser);
    const token = parser.tokens[parser.position];
    if (token === undefined || isEnd(token, until)) break;
    const before = parser.position;
    const statement = parseAndOr(parser, until);
    if (statement !== null) list.push(isAt(parser, '&') ? { kind: 'background', body: statement } : statement);
    if (isAt(parser, '&')) parser.position += 1;
    if (parser.position === before) {
      if (until.length === 0) break;
      parser.position += 1;
    }
  }
  if (parser.depth >= MAX_DEPTH) parser.position = parser.tokens.length;
  parser.depth -= 1;
  return list;
}

function parseAndOr(parser: Parser, until: readonly string[]): Statement | null {
  let left = parsePipe(parser, until);
  while (isAt(parser, '&&') || isAt(parser, '||')) {
    const kind = isAt(parser, '&&') ? 'and' : 'or';
    parser.position += 1;
    skipNewlines(parser);
    const right = parsePipe(parser, until);
    if (left === null || right === null) return left ?? right;
    left = { kind, left, right };
  }
  return left;
}

function parsePipe(parser: Parser, until: readonly string[]): Statement | null {
  if (isWord(parser, '!')) {
    parser.position += 1;
    const body = parsePipe(parser, until);
    return body === null ? null : { kind: 'not', body };
  }
  const parts: Statement[] = [];
  for (;;) {
    const part = parseCommand(parser, until);
    if (part !== null) parts.push(part);
    if (!isAt(parser, '|') && !isAt(parser, '|&')) break;
    parser.position += 1;
    skipNewlines(parser);
  }
  if (parts.length === 0) return null;
  return parts.length === 1 ? parts[0]! : { kind: 'pipe', parts };
}

function parseCommand(parser: Parser, until: readonly string[]): Statement | null {
  const token = parser.tokens[parser.position];
  if (token === undefined || isEnd(token, until)) return null;
  if (token.kind === 'operator')
    return token.text === '(' ? parseGroup(parser, '(', ')') : skipRedirection(parser, until);
  switch (token.plain) {
    case 'if':
      return parseIf(parser);
    case 'case':
      return parseCase(parser);
    case 'for':
    case 'select':
      return parseFor(parser);
    case 'while':
    case 'until':
      return parseWhile(parser);
    case '{':
      return parseGroup(parser, '{', '}');
    case 'function':
      return parseFunction(parser, 1);
    default:
      if (isFunctionHeader(parser)) return parseFunction(parser, 0);
      return parseSimple(parser, until);
  }
}

function parseGroup(parser: Parser, open: string, close: string): Statement {
  parser.position += 1;
  const body = parseList(parser, [close]);
  accept(parser, close);
  skipRedirections(parser);
  return { kind: 'group', body, subshell: open === '(' };
}

function parseIf(parser: Parser): Statement {
  const branches: { test: Script; body: Script }[] = [];
  let otherwise: Script = [];
  do {
    parser.position += 1;
    const test = parseList(parser, ['then', 'fi']);
    accept(parser, 'then');
    branches.push({ test, body: parseList(parser, ['elif', 'else', 'fi']) });
  } while (isWord(parser, 'elif'));
  if (accept(parser, 'else')) otherwise = parseList(parser, ['fi']);
  accept(parser, 'fi');
  skipRedirections(parser);
  return { kind: 'if', branches, otherwise };
}

function parseCase(parser: Parser): Statement {
  parser.position += 1;
  const subject = takeWord(parser) ?? [];
  skipNewlines(parser);
  accept(parser, 'in');
  const arms: { patterns: Word[]; body: Script }[] = [];
  for (;;) {
    skipSeparators(parser);
    if (parser.position >= parser.tokens.length || accept(parser, 'esac')) break;
    if (isAt(parser, '(')) parser.position += 1;
    const patterns: Word[] = [];
    while (parser.position < parser.tokens.length && !isAt(parser, ')')) {
      const word = takeWord(parser);
      if (word === null) parser.position += 1;
      else patterns.push(word);
    }
    parser.position += 1;
    const body = parseList(parser, [';;', ';&', ';;&', 'esac']);
    arms.push({ patterns, body });
    if (!isAt(parser, ';;') && !isAt(parser, ';&') && !isAt(parser, ';;&')) {
      accept(parser, 'esac');
      break;
    }
    parser.position += 1;
  }
  skipRedirections(parser);
  return { kind: 'case', subject, arms };
}

function parseFor(parser: Parser): Statement {
  parser.position += 1;
  const token = parser.tokens[parser.position];
  const name = token?.kind === 'word' ? (token.plain ?? '') : '';
  parser.position += 1;
  let words: Word[] | null = null;
  skipNewlines(parser);
  if (accept(parser, 'in')) {
    words = [];
    for (let word = takeWord(parser); word !== null; word = takeWord(parser)) words.push(word);
  }
  skipSeparators(parser);
  // `for ((…;…;…))` is not understood: skip to its body.
  while (parser.position < parser.tokens.length && !isWord(parser, 'do') && !isWord(parser, 'done'))
    parser.position += 1;
  return { kind: 'for', name, words, body: parseLoopBody(parser) };
}

function parseWhile(parser: Parser): Statement {
  parser.position += 1;
  const test = parseList(parser, ['do', 'done']);
  return { kind: 'while', test, body: parseLoopBody(parser) };
}

function parseLoopBody(parser: Parser): Script {
  accept(parser, 'do');
  const body = parseList(parser, ['done']);
  accept(parser, 'done');
  skipRedirections(parser);
  return body;
}

function isFunctionHeader(parser: Parser): boolean {
  const [first, second, third] = parser.tokens.slice(parser.position, parser.position + 3);
  return (
    first?.kind === 'word' &&
    first.plain !== null &&
    second?.kind === 'operator' &&
    second.text === '(' &&
    third?.kind === 'operator' &&
    third.text === ')'
  );
}

function parseFunction(parser: Parser, skip: number): Statement | null {
  parser.position += skip;
  const token = parser.tokens[parser.position];
  parser.position += 1;
  if (isAt(parser, '(')) parser.position += 2;
  skipNewlines(parser);
  const body = parseCommand(parser, []);
  if (token?.kind !== 'word' || token.plain === null || body === null) return null;
  return { kind: 'function', name: token.plain, body };
}

function parseSimple(parser: Parser, until: readonly string[]): Statement | null {
  const assignments: { name: string; value: Word; append: boolean }[] = [];
  const words: Word[] = [];
  let line = 0;
  for (;;) {
    const token = parser.tokens[parser.position];
    if (token === undefined) break;
    if (token.kind === 'operator') {
      if (isRedirection(token.text)) {
        skipRedirections(parser);
        continue;
      }
      if (words.length > 0 && isBracketTest(words) && token.text !== '\n') {
        words.push([{ kind: 'text', text: token.text, quoted: false }]);
        parser.position += 1;
        continue;
      }
      break;
    }
    if (words.length === 0 && assignments.length === 0 && isEnd(token, until)) break;
    line ||= token.line;
    parser.position += 1;
    const assignment = words.length === 0 ? asAssignment(token.word) : null;
    if (assignment === null) words.push(token.word);
    else {
      const isArray = assignment.value.length === 0 && isAt(parser, '(');
      assignments.push(isArray ? { ...assignment, value: takeArray(parser) } : assignment);
    }
  }
  return words.length === 0 && assignments.length === 0 ? null : { kind: 'command', assignments, words, line };
}

/** `[[ a && b ]]` is one command. */
function isBracketTest(words: readonly Word[]): boolean {
  const text = (word: Word | undefined): string => (word?.[0]?.kind === 'text' ? word[0].text : '');
  return text(words[0]) === '[[' && text(words.at(-1)) !== ']]';
}

/** `NAME=value` and `NAME+=value`. */
export function asAssignment(word: Word): { name: string; value: Word; append: boolean } | null {
  const first = word[0];
  if (first?.kind !== 'text' || first.quoted) return null;
  const match = /^([A-Za-z_][A-Za-z0-9_]*)(\+?)=/.exec(first.text);
  if (match === null) return null;
  const rest = first.text.slice(match[0].length);
  const value: Word = rest === '' ? word.slice(1) : [{ ...first, text: rest }, ...word.slice(1)];
  return { name: match[1]!, value, append: match[2] === '+' };
}

/** The elements of `NAME=(…)` as one value with blanks between them. */
function takeArray(parser: Parser): Word {
  const value: Part[] = [];
  while (parser.position < parser.tokens.length && !isAt(parser, ')')) {
    const word = takeWord(parser);
    if (word === null) parser.position += 1;
    else value.push(...(value.length > 0 ? [{ kind: 'text', text: ' ', quoted: true } as const] : []), ...word);
  }
  parser.position += 1;
  return value;
}

function skipRedirection(parser: Parser, until: readonly string[]): Statement | null {
  const token = parser.tokens[parser.position];
  if (token?.kind === 'operator' && isRedirection(token.text)) {
    skipRedirections(parser);
    return parseCommand(parser, until);
  }
  return null;
}
