/**
 * Configurations of nested blocks: nginx, BIND, Dovecot, Caddy, HCL, nftables. They differ in what ends a statement and
 * in how comments start.
 */
export interface Statement {
  /** Quotes removed. */
  readonly words: readonly string[];
  /** Line of the first word, from 1. */
  readonly line: number;
  /** What stands between its braces; null when it has none. */
  readonly block: readonly Statement[] | null;
}

export interface BlockStyle {
  readonly ends: 'semicolon' | 'newline';
  readonly comments: readonly ('#' | '//' | '/*')[];
  /** Characters that are a word of their own outside of quotes, such as `=`. */
  readonly operators?: string;
}

export const NGINX_STYLE: BlockStyle = { ends: 'semicolon', comments: ['#'] };
export const BIND_STYLE: BlockStyle = { ends: 'semicolon', comments: ['#', '//', '/*'] };
export const HCL_STYLE: BlockStyle = { ends: 'newline', comments: ['#', '//', '/*'], operators: '=' };

/** Deeper blocks are read as if their braces were not there. */
const MAX_DEPTH = 64;
/** Further words are not read. */
const MAX_WORDS = 100_000;

interface OpenBlock {
  readonly statements: Statement[];
  words: string[];
  line: number;
}

/** Never fails: braces and quotes that are not closed end with the text. Time is linear. */
export function parseBlocks(text: string, style: BlockStyle): Statement[] {
  const stack: OpenBlock[] = [{ statements: [], words: [], line: 1 }];
  let surplus = 0;
  let wordsLeft = MAX_WORDS;
  let line = 1;
  let position = 0;
  const current = (): OpenBlock => stack[stack.length - 1]!;
  const addWord = (word: string): void => {
    const block = current();
    if (block.words.length === 0) block.line = line;
    block.words.push(word);
    wordsLeft -= 1;
  };
  const finish = (): void => {
    const block = current();
    if (block.words.length > 0) block.statements.push({ words: block.words, line: block.line, block: null });
    block.words = [];
  };
  const close = (): void => {
    finish();
    const { statements } = stack.pop()!;
    const above = current();
    above.statements.push({ words: above.words, line: above.line, block: statements });
    above.words = [];
  };
  while (position < text.length && wordsLeft > 0) {
    const character = text[position]!;
    const commentEnd = endOfComment(text, position, style);
    if (commentEnd !== null) {
      line += countLines(text, position, commentEnd);
      position = commentEnd;
    } else if (character === '\n') {
      if (style.ends === 'newline') finish();
      line += 1;
      position += 1;
    } else if (character === ' ' || character === '\t' || character === '\r') {
      position += 1;
    } else if (character === '\\' && text[position + 1] === '\n') {
      line += 1;
      position += 2;
    } else if (character === ';') {
      finish();
      position += 1;
    } else if (character === '{') {
      const block = current();
      if (block.words.length === 0) block.line = line;
      if (stack.length >= MAX_DEPTH) {
        finish();
        surplus += 1;
      } else stack.push({ statements: [], words: [], line });
      position += 1;
    } else if (character === '}') {
      if (surplus > 0) {
        finish();
        surplus -= 1;
      } else if (stack.length > 1) close();
      position += 1;
    } else if (style.operators?.includes(character) === true) {
      addWord(character);
      position += 1;
    } else {
      const { word, end } = readWord(text, position, style);
      addWord(word);
      line += countLines(text, position, end);
      position = end;
    }
  }
  while (stack.length > 1) close();
  finish();
  return stack[0]!.statements;
}

/** Every statement of the tree with the statements above it, outermost first. */
export function* walkStatements(
  statements: readonly Statement[],
  above: readonly Statement[] = [],
): Generator<{ statement: Statement; above: readonly Statement[] }> {
  for (const statement of statements) {
    yield { statement, above };
    if (statement.block !== null) yield* walkStatements(statement.block, [...above, statement]);
  }
}

function readWord(text: string, start: number, style: BlockStyle): { word: string; end: number } {
  const pieces: string[] = [];
  let position = start;
  while (position < text.length) {
    const character = text[position]!;
    if ((character === '"' || character === "'" || character === '`') && position === start) {
      const end = closingQuote(text, position);
      pieces.push(text.slice(position + 1, end).replace(/\\(["'\\])/g, '$1'));
      return { word: pieces.join(''), end: Math.min(end + 1, text.length) };
    }
    // `${name}` and Caddy's `{$NAME}` belong to the word.
    if (character === '$' && text[position + 1] === '{') {
      const end = text.indexOf('}', position);
      const limit = end === -1 || end - position > 256 ? position + 1 : end + 1;
      pieces.push(text.slice(position, limit));
      position = limit;
    } else if (/[\s;{}]/.test(character) || style.operators?.includes(character) === true) {
      break;
    } else if (character === '\\' && text[position + 1] === '\n') {
      break;
    } else if (character === '\\' && position + 1 < text.length) {
      pieces.push(text[position + 1]!);
      position += 2;
    } else {
      pieces.push(character);
      position += 1;
    }
  }
  // A lone `$` or backslash at the very start would otherwise not move on.
  return position === start ? { word: text[start]!, end: start + 1 } : { word: pieces.join(''), end: position };
}

function closingQuote(text: string, start: number): number {
  for (let position = start + 1; position < text.length; position += 1) {
    if (text[position] === '\\') position += 1;
    else if (text[position] === text[start]) return position;
  }
  return text.length;
}

/** Comments start where a word could. */
function endOfComment(text: string, position: number, style: BlockStyle): number | null {
  for (const mark of style.comments) {
    if (!text.startsWith(mark, position)) continue;
    const end = mark === '/*' ? text.indexOf('*/', position + 2) : text.indexOf('\n', position);
    if (end === -1) return text.length;
    return mark === '/*' ? end + 2 : end;
  }
  return null;
}

function countLines(text: string, from: number, to: number): number {
  let count = 0;
  for (let at = text.indexOf('\n', from); at !== -1 && at < to; at = text.indexOf('\n', at + 1)) count += 1;
  return count;
}
