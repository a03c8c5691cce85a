import { configLines } from './lines.js';

/** Apache's syntax (also ProFTPD's): directives, and sections `<Name arguments> … </Name>`. */
export interface ApacheDirective {
  readonly name: string;
  /** Quotes removed; `${NAME}` not yet expanded. */
  readonly words: readonly string[];
  readonly line: number;
  /** Open sections, outermost first: lower-case name and the rest as written. */
  readonly sections: readonly ApacheSection[];
  /** The section that it opens (its name is then `<name>`): the very object that the directives inside have in theirs. */
  readonly opens?: ApacheSection;
}

export interface ApacheSection {
  readonly name: string;
  readonly argument: string;
  readonly line: number;
}

const MAX_SECTIONS = 64;

/** Directives in order; the name is lower case, since Apache ignores case. Sections that are not closed end with the text. */
export function parseApache(text: string): ApacheDirective[] {
  const directives: ApacheDirective[] = [];
  let sections: readonly ApacheSection[] = [];
  for (const { text: content, line } of configLines(text, { comments: '#', continuation: true })) {
    const closing = /^<\/([A-Za-z_]+)/.exec(content);
    const opening = closing === null ? /^<([A-Za-z_]+)/.exec(content) : null;
    if (closing !== null) {
      const at = sections.findLastIndex((section) => section.name === closing[1]!.toLowerCase());
      if (at !== -1) sections = sections.slice(0, at);
    } else if (opening !== null) {
      const rest = content.slice(opening[0].length);
      const argument = rest.slice(0, rest.endsWith('>') ? -1 : undefined).trim();
      const section = { name: opening[1]!.toLowerCase(), argument, line };
      directives.push({ name: `<${section.name}>`, words: apacheWords(argument), line, sections, opens: section });
      if (sections.length < MAX_SECTIONS) sections = [...sections, section];
    } else {
      const [name = '', ...words] = apacheWords(content);
      directives.push({ name: name.toLowerCase(), words, line, sections });
    }
  }
  return directives;
}

/** Words parted by blanks; double or single quotes keep blanks, a backslash keeps a quote. */
function apacheWords(text: string): string[] {
  const words: string[] = [];
  let position = 0;
  while (position < text.length) {
    if (/\s/.test(text[position]!)) {
      position += 1;
      continue;
    }
    const quote = text[position] === '"' || text[position] === "'" ? text[position]! : null;
    let word = '';
    if (quote !== null) position += 1;
    while (position < text.length && (quote === null ? !/\s/.test(text[position]!) : text[position] !== quote)) {
      if (quote !== null && text[position] === '\\' && text[position + 1] === quote) position += 1;
      word += text[position]!;
      position += 1;
    }
    if (quote !== null) position += 1;
    words.push(word);
  }
  return words;
}
