import type { Word } from './syntax-tree.js';
import type { Token } from './tokens.js';

/** Where a parser stands in its tokens, and how deep it is. */
export interface Parser {
  readonly tokens: readonly Token[];
  position: number;
  depth: number;
}

/** Passes over `>&1`, `> file` and the like. */
export function skipRedirections(parser: Parser): void {
  for (;;) {
    const token = parser.tokens[parser.position];
    if (token?.kind !== 'operator' || !isRedirection(token.text)) return;
    parser.position += 1;
    if (parser.tokens[parser.position]?.kind === 'word') parser.position += 1;
  }
}

export function isRedirection(text: string): boolean {
  return text.startsWith('<') || text.startsWith('>') || text === '&>';
}

export function takeWord(parser: Parser): Word | null {
  const token = parser.tokens[parser.position];
  if (token?.kind !== 'word') return null;
  parser.position += 1;
  return token.word;
}

export function isEnd(token: Token, until: readonly string[]): boolean {
  return until.includes(token.kind === 'word' ? (token.plain ?? '') : token.text);
}

export function isAt(parser: Parser, operator: string): boolean {
  const token = parser.tokens[parser.position];
  return token?.kind === 'operator' && token.text === operator;
}

export function isWord(parser: Parser, word: string): boolean {
  const token = parser.tokens[parser.position];
  return token?.kind === 'word' && token.plain === word;
}

export function accept(parser: Parser, text: string): boolean {
  if (!isWord(parser, text) && !isAt(parser, text)) return false;
  parser.position += 1;
  return true;
}

export function skipNewlines(parser: Parser): void {
  while (isAt(parser, '\n')) parser.position += 1;
}

export function skipSeparators(parser: Parser): void {
  while (isAt(parser, '\n') || isAt(parser, ';')) parser.position += 1;
}
