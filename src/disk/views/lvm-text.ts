import { damaged } from './faults.js';

/** The text form of LVM2 metadata: sections in braces, `key = value`, lists in brackets, comments. */
export type LvmValue = string | number | readonly LvmValue[];
export interface LvmSection {
  readonly values: ReadonlyMap<string, LvmValue>;
  readonly sections: ReadonlyMap<string, LvmSection>;
}

const MAX_DEPTH = 16;
const TOKEN = /\s+|#[^\n]*|"((?:[^"\\]|\\.)*)"|([A-Za-z0-9_.+\-/]+)|([{}[\]=,])/gy;

export function parseLvmText(text: string): LvmSection {
  const tokens = tokenize(text);
  const section = readSection(tokens, 0);
  if (tokens.next().value !== undefined) throw damaged('LVM metadata: text after the end');
  return section;
}

interface Token {
  readonly kind: 'text' | 'word' | 'sign';
  readonly text: string;
}

function* tokenize(text: string): Generator<Token, undefined> {
  const end = text.indexOf('\0');
  const source = end === -1 ? text : text.slice(0, end);
  const pattern = new RegExp(TOKEN);
  while (pattern.lastIndex < source.length) {
    const at = pattern.lastIndex;
    const match = pattern.exec(source);
    if (match === null) throw damaged(`LVM metadata: syntax at ${at}`);
    const [, quoted, word, sign] = match;
    if (quoted !== undefined) yield { kind: 'text', text: quoted.replace(/\\(.)/gs, '$1') };
    else if (word !== undefined) yield { kind: 'word', text: word };
    else if (sign !== undefined) yield { kind: 'sign', text: sign };
  }
  return undefined;
}

function readSection(tokens: Generator<Token, undefined>, depth: number): LvmSection {
  if (depth > MAX_DEPTH) throw damaged('LVM metadata: nested too deeply');
  const values = new Map<string, LvmValue>();
  const sections = new Map<string, LvmSection>();
  for (;;) {
    const key = tokens.next().value;
    if (key === undefined && depth === 0) return { values, sections };
    if (key?.kind === 'sign' && key.text === '}' && depth > 0) return { values, sections };
    if (key?.kind !== 'word') throw damaged('LVM metadata: a name was expected');
    const sign = tokens.next().value;
    if (sign?.kind === 'sign' && sign.text === '{') sections.set(key.text, readSection(tokens, depth + 1));
    else if (sign?.kind === 'sign' && sign.text === '=') values.set(key.text, readValue(tokens, depth));
    else throw damaged(`LVM metadata: nothing follows ${key.text.slice(0, 40)}`);
  }
}

function readValue(tokens: Generator<Token, undefined>, depth: number): LvmValue {
  const token = tokens.next().value;
  if (token?.kind === 'text') return token.text;
  if (token?.kind === 'word') return scalar(token.text);
  if (token?.kind !== 'sign' || token.text !== '[' || depth > MAX_DEPTH)
    throw damaged('LVM metadata: a value was expected');
  const list: LvmValue[] = [];
  for (;;) {
    const item = tokens.next().value;
    if (item === undefined) throw damaged('LVM metadata: a list without end');
    if (item.kind === 'text') list.push(item.text);
    else if (item.kind === 'word') list.push(scalar(item.text));
    else if (item.text === ']') return list;
    else if (item.text !== ',') throw damaged('LVM metadata: a list was expected');
  }
}

function scalar(word: string): LvmValue {
  return /^-?\d+$/.test(word) ? Number(word) : word;
}
