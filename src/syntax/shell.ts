/**
 * Reading shell text without running it: words with their quotes removed, and `NAME=value` lines. Nothing is executed
 * and nothing but `$NAME` and `${NAME}` is ever expanded; POSIX.1-2017, Shell Command Language, sections 2.2 and 2.6.
 */

const MAX_VALUE_LENGTH = 64 * 1024;
const MAX_ASSIGNMENTS = 10_000;

export interface Assignment {
  readonly name: string;
  readonly value: string;
  /** Counted from 1. */
  readonly line: number;
}

/**
 * Splits one command line into words: single and double quotes, backslashes, comments after a blank.
 * Unterminated quotes end at the end of the text. Operators (`;`, `|`, `&`, `<`, `>`) are words of their own.
 */
export function shellWords(text: string): string[] {
  const words: string[] = [];
  let word: string | null = null;
  let position = 0;
  while (position < text.length) {
    const character = text[position]!;
    if (character === '\\') {
      const next = text[position + 1];
      if (next !== undefined && next !== '\n') word = (word ?? '') + next;
      position += 2;
    } else if (character === "'") {
      const end = closing(text, position + 1, "'");
      word = (word ?? '') + text.slice(position + 1, end);
      position = end + 1;
    } else if (character === '"') {
      const end = closingDouble(text, position + 1);
      word = (word ?? '') + unescapeDouble(text.slice(position + 1, end));
      position = end + 1;
    } else if (/\s/.test(character)) {
      if (word !== null) words.push(word);
      word = null;
      position += 1;
    } else if (character === '#' && word === null) {
      const end = text.indexOf('\n', position);
      position = end === -1 ? text.length : end;
    } else if (/[;|&<>]/.test(character)) {
      if (word !== null) words.push(word);
      word = null;
      const operator = /^(?:&&|\|\||;;|>>|<<|>&|<&|[;|&<>])/.exec(text.slice(position, position + 2))![0];
      words.push(operator);
      position += operator.length;
    } else {
      word = (word ?? '') + character;
      position += 1;
    }
  }
  if (word !== null) words.push(word);
  return words;
}

/**
 * The `NAME=value` lines of a file such as /etc/os-release, /etc/default/x or /etc/sysconfig/x, in order; `export` is
 * allowed in front, other lines are passed over. Earlier names are expanded in unquoted and double-quoted values, and
 * so are the names of `known`; unknown names become empty, as they would in a shell. Bounded, since lines that double a
 * name grow exponentially: a value is cut at 64 KiB, and at most 10,000 assignments are read.
 */
export function shellAssignments(text: string, known: Readonly<Record<string, string>> = {}): Assignment[] {
  const values = new Map(Object.entries(known));
  const assignments: Assignment[] = [];
  let line = 0;
  let position = 0;
  while (position < text.length && assignments.length < MAX_ASSIGNMENTS) {
    line += 1;
    const lineStart = position;
    const lineEnd = endOfLine(text, lineStart);
    position = lineEnd + 1;
    const match = /^[ \t]*(?:export[ \t]+)?([A-Za-z_][A-Za-z0-9_]*)=/.exec(text.slice(lineStart, lineEnd));
    if (match === null) continue;
    const { value, end } = assignedValue(text, lineStart + match[0].length, values);
    if (end > lineEnd) {
      line += text.slice(lineEnd, end).split('\n').length - 1;
      position = endOfLine(text, end) + 1;
    }
    const name = match[1]!;
    values.set(name, value);
    assignments.push({
      name,
      value,
      line: line - (text.slice(lineStart, Math.max(end, lineStart)).split('\n').length - 1),
    });
  }
  return assignments;
}

/**
 * Replaces `$NAME`, `${NAME}` and `${NAME:-default}`; names that `values` lacks become empty. Names are expanded only
 * until they have brought 64 KiB; the rest of them become empty, too.
 */
export function expandVariables(text: string, values: ReadonlyMap<string, string>): string {
  let left = MAX_VALUE_LENGTH;
  return text.replace(
    /\$(?:\{([A-Za-z_][A-Za-z0-9_]*)(?::?-([^}]*))?\}|([A-Za-z_][A-Za-z0-9_]*))/g,
    (_match, braced: string | undefined, fallback: string | undefined, plain: string | undefined) => {
      const value = values.get(braced ?? plain!);
      const expanded = value === undefined || (value === '' && fallback !== undefined) ? (fallback ?? '') : value;
      const kept = expanded.slice(0, left);
      left -= kept.length;
      return kept;
    },
  );
}

/** Quotes one word for a POSIX shell; safe for every string without NUL. */
export function quoteShell(word: string): string {
  return /^[A-Za-z0-9_@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

function assignedValue(
  text: string,
  start: number,
  values: ReadonlyMap<string, string>,
): { value: string; end: number } {
  let value = '';
  const add = (piece: string): void => {
    if (value.length < MAX_VALUE_LENGTH) value += piece.slice(0, MAX_VALUE_LENGTH - value.length);
  };
  let position = start;
  while (position < text.length && !/[\s;]/.test(text[position]!)) {
    const character = text[position]!;
    if (character === "'") {
      const end = closing(text, position + 1, "'");
      add(text.slice(position + 1, end));
      position = end + 1;
    } else if (character === '"') {
      const end = closingDouble(text, position + 1);
      add(unescapeDouble(text.slice(position + 1, end), values));
      position = end + 1;
    } else if (character === '\\') {
      const next = text[position + 1];
      if (next !== undefined && next !== '\n') add(next);
      position += 2;
    } else {
      const rest = /^[^\s;'"\\]+/.exec(text.slice(position, position + 65536))![0];
      add(expandVariables(rest, values));
      position += rest.length;
    }
  }
  return { value, end: Math.min(position, text.length) };
}

/** Inside double quotes a backslash only escapes `$`, backquote, `"`, itself and a newline. */
function unescapeDouble(text: string, values?: ReadonlyMap<string, string>): string {
  const pieces = text.split(/(\\[$`"\\\n])/);
  let room = MAX_VALUE_LENGTH;
  return pieces
    .map((piece) => {
      if (/^\\[$`"\\\n]$/.test(piece)) return piece[1] === '\n' ? '' : piece[1]!;
      if (values === undefined) return piece;
      const expanded = expandVariables(piece, values).slice(0, room);
      room -= expanded.length;
      return expanded;
    })
    .join('');
}

function closing(text: string, from: number, quote: string): number {
  const end = text.indexOf(quote, from);
  return end === -1 ? text.length : end;
}

function closingDouble(text: string, from: number): number {
  for (let position = from; position < text.length; position += 1) {
    if (text[position] === '\\') position += 1;
    else if (text[position] === '"') return position;
  }
  return text.length;
}

function endOfLine(text: string, from: number): number {
  const end = text.indexOf('\n', from);
  return end === -1 ? text.length : end;
}
