/** Configurations of lines: `key value`, `key = value`, sections in brackets, Java properties, TOML as far as it is flat. */
export interface Entry {
  /** The last `[section]` above, as written between its brackets; empty before the first. */
  readonly section: string;
  readonly key: string;
  readonly value: string;
  /** From 1. */
  readonly line: number;
}

export interface LineStyle {
  /** What parts key and value: blanks, or one of these characters (then blanks around it do not count). */
  readonly separator: 'blank' | '=' | ':' | '=:' | '= ';
  /** Characters that start a comment at the start of a line. */
  readonly comments: string;
  /** Also after a blank inside of a line. */
  readonly inlineComments?: boolean;
  readonly sections?: boolean;
  /** A backslash at the end of a line joins the next one. */
  readonly continuation?: boolean;
  /** Removes one pair of quotes around values. */
  readonly unquote?: boolean;
}

export const BLANK_STYLE: LineStyle = { separator: 'blank', comments: '#' };
export const INI_STYLE: LineStyle = { separator: '=:', comments: '#;', sections: true };
export const PROPERTIES_STYLE: LineStyle = { separator: '=:', comments: '#!', continuation: true };
export const TOML_STYLE: LineStyle = {
  separator: '=',
  comments: '#',
  inlineComments: true,
  sections: true,
  unquote: true,
};

/** Further lines are not read. */
const MAX_LINES = 50_000;

/** Lines without comments, joined where they continue; blank ones are left out. */
export function configLines(text: string, style: Omit<LineStyle, 'separator'>): { text: string; line: number }[] {
  const result: { text: string; line: number }[] = [];
  const raw = text.split('\n');
  for (let index = 0; index < raw.length; index += 1) {
    if (result.length >= MAX_LINES) break;
    const line = index + 1;
    const first = raw[index]!.trim();
    if (first === '' || style.comments.includes(first[0]!)) continue;
    const pieces = [first];
    while (style.continuation === true && pieces[pieces.length - 1]!.endsWith('\\') && index + 1 < raw.length) {
      pieces[pieces.length - 1] = pieces[pieces.length - 1]!.slice(0, -1);
      index += 1;
      pieces.push(raw[index]!.trim());
    }
    const joined = pieces.join(' ');
    const clean = (style.inlineComments === true ? withoutInlineComment(joined, style.comments) : joined).trim();
    if (clean !== '') result.push({ text: clean, line });
  }
  return result;
}

/** Entries in order, repeats kept; a line without separator is a key with an empty value. */
export function parseLines(text: string, style: LineStyle): Entry[] {
  let section = '';
  const entries: Entry[] = [];
  for (const { text: content, line } of configLines(text, style)) {
    if (style.sections === true && content.startsWith('[') && content.includes(']')) {
      section = content.slice(content.startsWith('[[') ? 2 : 1, content.indexOf(']')).trim();
      continue;
    }
    const { key, value } = splitEntry(content, style.separator);
    entries.push({ section, key, value: style.unquote === true ? unquote(value) : value, line });
  }
  return entries;
}

/** The last entry of a key (case-insensitive when asked), as most programs take it. */
export function lastEntry<T extends { readonly key: string }>(entries: readonly T[], ...keys: string[]): T | undefined {
  return entries.findLast((entry) => keys.includes(entry.key));
}

export function unquote(text: string): string {
  const quote = text[0];
  return text.length >= 2 && (quote === '"' || quote === "'") && text.endsWith(quote) ? text.slice(1, -1) : text;
}

function splitEntry(text: string, separator: LineStyle['separator']): { key: string; value: string } {
  let at = -1;
  for (let index = 0; index < text.length; index += 1) {
    const character = text[index]!;
    const blank = character === ' ' || character === '\t';
    if (
      separator === 'blank' ? blank : separator === '= ' ? blank || character === '=' : separator.includes(character)
    ) {
      at = index;
      break;
    }
  }
  if (at === -1) return { key: text, value: '' };
  const value = text.slice(at + 1).trim();
  return {
    key: text.slice(0, at).trim(),
    value: separator === '= ' && value.startsWith('=') ? value.slice(1).trim() : value,
  };
}

function withoutInlineComment(text: string, comments: string): string {
  let quote: string | null = null;
  for (let index = 0; index < text.length; index += 1) {
    const character = text[index]!;
    if (quote !== null) {
      if (character === quote) quote = null;
    } else if (character === '"' || character === "'") quote = character;
    else if (index > 0 && comments.includes(character) && /\s/.test(text[index - 1]!)) return text.slice(0, index);
  }
  return text;
}
