import type { Relation } from '../../../../model/packages.js';

/** A rich (boolean) dependency, as rpm's "Boolean Dependencies" define it. */
export type RichDependency =
  | { readonly kind: 'relation'; readonly relation: Relation }
  | { readonly kind: 'and' | 'or' | 'with' | 'without'; readonly operands: readonly RichDependency[] }
  | {
      readonly kind: 'if' | 'unless';
      readonly wanted: RichDependency;
      readonly condition: RichDependency;
      readonly otherwise: RichDependency | undefined;
    };

const MAX_TEXT = 16384;
const MAX_DEPTH = 32;
const CHAINED = new Set(['and', 'or', 'with']);
const OPERATORS = new Set(['<', '<=', '=', '>=', '>']);

/** Reads `(a or (b >= 1 with b < 2))`; null when the text is no rich dependency. */
export function parseRichDependency(text: string): RichDependency | null {
  if (text.length > MAX_TEXT) return null;
  const tokens = tokenize(text);
  const state = { tokens, at: 0 };
  const parsed = parseGroup(state, 0);
  return parsed !== null && state.at === tokens.length ? parsed : null;
}

interface Reader {
  readonly tokens: readonly string[];
  at: number;
}

function parseGroup(reader: Reader, depth: number): RichDependency | null {
  if (depth > MAX_DEPTH || reader.tokens[reader.at] !== '(') return null;
  reader.at += 1;
  const first = parseOperand(reader, depth);
  if (first === null) return null;
  const word = reader.tokens[reader.at];
  if (word === ')') {
    reader.at += 1;
    return first;
  }
  reader.at += 1;
  if (word === 'if' || word === 'unless') {
    const condition = parseOperand(reader, depth);
    if (condition === null) return null;
    let otherwise: RichDependency | undefined;
    if (reader.tokens[reader.at] === 'else') {
      reader.at += 1;
      const operand = parseOperand(reader, depth);
      if (operand === null) return null;
      otherwise = operand;
    }
    return closed(reader) ? { kind: word, wanted: first, condition, otherwise } : null;
  }
  if (word === 'without') {
    const second = parseOperand(reader, depth);
    return second !== null && closed(reader) ? { kind: word, operands: [first, second] } : null;
  }
  if (word === undefined || !CHAINED.has(word)) return null;
  const operands = [first];
  for (;;) {
    const next = parseOperand(reader, depth);
    if (next === null) return null;
    operands.push(next);
    // Operators of different kinds cannot be mixed without parentheses.
    if (reader.tokens[reader.at] !== word) break;
    reader.at += 1;
  }
  return closed(reader) ? { kind: word as 'and' | 'or' | 'with', operands } : null;
}

function parseOperand(reader: Reader, depth: number): RichDependency | null {
  const token = reader.tokens[reader.at];
  if (token === '(') return parseGroup(reader, depth + 1);
  if (token === undefined || token === ')' || OPERATORS.has(token)) return null;
  reader.at += 1;
  const operator = reader.tokens[reader.at];
  if (operator === undefined || !OPERATORS.has(operator)) return { kind: 'relation', relation: { name: token } };
  const version = reader.tokens[reader.at + 1];
  if (version === undefined || version === '(' || version === ')') return null;
  reader.at += 2;
  return {
    kind: 'relation',
    relation: { name: token, operator: operator as NonNullable<Relation['operator']>, version },
  };
}

function closed(reader: Reader): boolean {
  if (reader.tokens[reader.at] !== ')') return false;
  reader.at += 1;
  return true;
}

/** Words end at blanks and at parentheses that are not their own: `libc.so.6()(64bit)` is one word. */
function tokenize(text: string): string[] {
  const tokens: string[] = [];
  let at = 0;
  while (at < text.length) {
    const character = text[at]!;
    if (character === ' ' || character === '\t' || character === ',') {
      at += 1;
      continue;
    }
    if (character === '(' || character === ')') {
      tokens.push(character);
      at += 1;
      continue;
    }
    const start = at;
    let open = 0;
    for (; at < text.length; at += 1) {
      const sign = text[at]!;
      if (sign === '(') open += 1;
      else if (sign === ')' && open === 0) break;
      else if (sign === ')') open -= 1;
      else if (sign === ' ' || sign === '\t' || sign === ',') break;
    }
    tokens.push(text.slice(start, at));
  }
  return tokens;
}
