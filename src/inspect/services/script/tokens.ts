import type { Part, Script, Word } from './syntax-tree.js';

/** A token of a script: a word, an operator or reserved sign, or the end of a line. */
export type Token =
  | { readonly kind: 'word'; readonly word: Word; readonly plain: string | null; readonly line: number }
  | { readonly kind: 'operator'; readonly text: string; readonly line: number };

const OPERATORS = [
  '&&',
  '||',
  ';;&',
  ';;',
  ';&',
  '|&',
  '<<-',
  '<<<',
  '<<',
  '>>',
  '<&',
  '>&',
  '&>',
  '<>',
  '>|',
  ';',
  '|',
  '&',
  '(',
  ')',
  '<',
  '>',
];
const MAX_TOKENS = 60_000;
const MAX_DEPTH = 24;

/** How many substitutions a text lies in, and the parser for those within it: words hold scripts, scripts hold words. */
export interface Nesting {
  readonly depth: number;
  parse(text: string, firstLine: number, depth: number): Script;
}

/** Cuts a script into tokens. Here-documents and comments are passed over. Never fails: what is unclosed ends with the text. */
export function tokenize(text: string, firstLine: number, nesting: Nesting): Token[] {
  const tokens: Token[] = [];
  const state = { position: 0, line: firstLine };
  let pendingDocuments: { delimiter: string; stripTabs: boolean }[] = [];
  while (state.position < text.length && tokens.length < MAX_TOKENS) {
    const character = text[state.position]!;
    if (character === '\n') {
      tokens.push({ kind: 'operator', text: '\n', line: state.line });
      advance(text, state, 1);
      for (const document of pendingDocuments) skipDocument(text, state, document);
      pendingDocuments = [];
    } else if (character === ' ' || character === '\t' || character === '\r') state.position += 1;
    else if (character === '\\' && text[state.position + 1] === '\n') advance(text, state, 2);
    else if (character === '#') {
      const end = text.indexOf('\n', state.position);
      state.position = end < 0 ? text.length : end;
    } else {
      const operator = OPERATORS.find((each) => text.startsWith(each, state.position));
      if (operator !== undefined) {
        tokens.push({ kind: 'operator', text: operator, line: state.line });
        state.position += operator.length;
        if (operator === '<<' || operator === '<<-') {
          while (text[state.position] === ' ' || text[state.position] === '\t') state.position += 1;
          const delimiter = /^[^\s;|&<>()]*/.exec(text.slice(state.position, state.position + 256))![0];
          pendingDocuments.push({ delimiter: delimiter.replace(/["'\\]/g, ''), stripTabs: operator === '<<-' });
        }
      } else {
        const line = state.line;
        const word = readWord(text, state, nesting, /[\s;|&<>()]/);
        // The number of a file descriptor belongs to the redirection behind it.
        if (/^[0-9]{1,2}$/.test(plainText(word) ?? '') && /[<>]/.test(text[state.position] ?? '')) continue;
        tokens.push({ kind: 'word', word, plain: plainText(word), line });
      }
    }
  }
  return tokens;
}

/** The text of a word that has neither quotes nor expansions; reserved words are only recognised in such words. */
function plainText(word: Word): string | null {
  if (word.length === 0) return null;
  return word.every((part) => part.kind === 'text' && !part.quoted)
    ? word.map((part) => (part as { text: string }).text).join('')
    : null;
}

interface Cursor {
  position: number;
  line: number;
}

function advance(text: string, state: Cursor, count: number): void {
  for (let index = 0; index < count; index += 1) {
    if (text[state.position] === '\n') state.line += 1;
    state.position += 1;
  }
}

/** Reads one word up to an unquoted character that `end` matches. */
function readWord(text: string, state: Cursor, nesting: Nesting, end: RegExp): Part[] {
  const parts: Part[] = [];
  const add = (piece: string, quoted: boolean): void => {
    const last = parts.at(-1);
    if (last?.kind === 'text' && last.quoted === quoted) parts[parts.length - 1] = { ...last, text: last.text + piece };
    else parts.push({ kind: 'text', text: piece, quoted });
  };
  while (state.position < text.length) {
    const character = text[state.position]!;
    if (character === '\\') {
      const next = text[state.position + 1];
      if (next !== undefined && next !== '\n') add(next, true);
      advance(text, state, 2);
    } else if (character === "'") {
      const close = text.indexOf("'", state.position + 1);
      const stop = close < 0 ? text.length : close;
      add(text.slice(state.position + 1, stop), true);
      advance(text, state, stop + 1 - state.position);
    } else if (character === '"') {
      advance(text, state, 1);
      readDoubleQuoted(text, state, nesting, parts, add);
    } else if (character === '$' || character === '`') {
      readExpansion(text, state, nesting, false, parts, add);
    } else if (end.test(character)) break;
    else {
      const run = /^[^\\'"$`\s;|&<>(){}/:=-]+/.exec(text.slice(state.position, state.position + 512))?.[0] ?? character;
      add(run, false);
      state.position += run.length;
    }
  }
  return parts;
}

function readDoubleQuoted(
  text: string,
  state: Cursor,
  nesting: Nesting,
  parts: Part[],
  add: (piece: string, quoted: boolean) => void,
): void {
  add('', true);
  while (state.position < text.length) {
    const character = text[state.position]!;
    if (character === '"') {
      state.position += 1;
      return;
    }
    if (character === '\\') {
      const next = text[state.position + 1] ?? '';
      if (next !== '\n') add(/[$`"\\]/.test(next) ? next : `\\${next}`, true);
      advance(text, state, 2);
    } else if (character === '$' || character === '`') readExpansion(text, state, nesting, true, parts, add);
    else {
      add(character, true);
      advance(text, state, 1);
    }
  }
}

function readExpansion(
  text: string,
  state: Cursor,
  nesting: Nesting,
  quoted: boolean,
  parts: Part[],
  add: (piece: string, quoted: boolean) => void,
): void {
  const startLine = state.line;
  if (text[state.position] === '`') {
    let end = state.position + 1;
    while (end < text.length && text[end] !== '`') end += text[end] === '\\' ? 2 : 1;
    const inner = text.slice(state.position + 1, end).replace(/\\([`\\$])/g, '$1');
    advance(text, state, end + 1 - state.position);
    parts.push({ kind: 'output', script: nested(inner, startLine, nesting), quoted });
    return;
  }
  if (text.startsWith('$((', state.position)) {
    advance(text, state, closeBracket(text, state.position + 1, '(', ')') + 1 - state.position);
    parts.push({ kind: 'output', script: null, quoted });
    return;
  }
  if (text.startsWith('$(', state.position)) {
    const end = closeBracket(text, state.position + 1, '(', ')');
    const inner = text.slice(state.position + 2, end);
    advance(text, state, end + 1 - state.position);
    parts.push({ kind: 'output', script: nested(inner, startLine, nesting), quoted });
    return;
  }
  if (text.startsWith('${', state.position)) {
    const end = closeBracket(text, state.position + 1, '{', '}');
    const inner = text.slice(state.position + 2, end);
    advance(text, state, end + 1 - state.position);
    parts.push(parameter(inner, startLine, nesting, quoted));
    return;
  }
  const name = /^\$([A-Za-z_][A-Za-z0-9_]*|[0-9@*#?$!-])/.exec(text.slice(state.position, state.position + 256));
  if (name === null) add('$', quoted);
  else parts.push({ kind: 'variable', name: name[1]!, operator: '', operand: [], quoted });
  state.position += name?.[0].length ?? 1;
}

/** What stands in `${…}`. */
function parameter(inner: string, line: number, nesting: Nesting, quoted: boolean): Part {
  const length = /^#([A-Za-z_][A-Za-z0-9_]*)$/.exec(inner);
  if (length !== null) return { kind: 'output', script: null, quoted };
  const match = /^([A-Za-z_][A-Za-z0-9_]*|[0-9@*#?!$]+)(?:\[[^\]]*\])?(:?[-=+?]|##?|%%?|)/.exec(inner);
  if (match === null) return { kind: 'output', script: null, quoted };
  const rest = inner.slice(match[0].length);
  if (match[2] === '' && rest !== '') return { kind: 'output', script: null, quoted };
  const operand =
    nesting.depth > MAX_DEPTH
      ? []
      : readWord(rest, { position: 0, line }, { ...nesting, depth: nesting.depth + 1 }, /[^\s\S]/);
  return { kind: 'variable', name: match[1]!, operator: match[2]!, operand, quoted };
}

function nested(text: string, line: number, { depth, parse }: Nesting): Script | null {
  return depth >= MAX_DEPTH ? null : parse(text, line, depth + 1);
}

/** Position of the bracket that closes the one at `open`, quotes respected; the end of the text without one. */
function closeBracket(text: string, open: number, opening: string, closing: string): number {
  let level = 0;
  for (let position = open; position < text.length; position += 1) {
    const character = text[position]!;
    if (character === '\\') position += 1;
    else if (character === "'" && opening === '(') {
      const end = text.indexOf("'", position + 1);
      position = end < 0 ? text.length : end;
    } else if (character === '"') {
      position += 1;
      while (position < text.length && text[position] !== '"') position += text[position] === '\\' ? 2 : 1;
    } else if (character === opening) level += 1;
    else if (character === closing) {
      level -= 1;
      if (level === 0) return position;
    }
  }
  return text.length;
}

function skipDocument(text: string, state: Cursor, document: { delimiter: string; stripTabs: boolean }): void {
  while (state.position < text.length) {
    const end = text.indexOf('\n', state.position);
    const stop = end < 0 ? text.length : end;
    const line = text.slice(state.position, stop);
    state.position = Math.min(stop + 1, text.length);
    state.line += 1;
    if ((document.stripTabs ? line.replace(/^\t+/, '') : line) === document.delimiter) return;
  }
}
