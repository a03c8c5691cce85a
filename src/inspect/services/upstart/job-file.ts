/** One stanza of an Upstart job (init(5)): its words, or the lines of its script. */
export interface Stanza {
  readonly name: string;
  readonly value: string;
  readonly line: number;
  /** A `… script` block: `value` holds its text, `line` is its first line. */
  readonly isScript: boolean;
}

const PREFIXES = new Set(['pre-start', 'post-start', 'pre-stop', 'post-stop']);
const MAX_STANZAS = 2000;

/** Reads a job file. Words go on over a newline after a backslash, and in `start on` inside of brackets. */
export function parseJobFile(text: string): Stanza[] {
  const lines = text.split('\n');
  const stanzas: Stanza[] = [];
  for (let index = 0; index < lines.length && stanzas.length < MAX_STANZAS; index += 1) {
    const line = index + 1;
    let content = stripComment(lines[index]!);
    if (content === '') continue;
    while (index + 1 < lines.length && (content.endsWith('\\') || isOpen(content))) {
      index += 1;
      content = `${content.replace(/\\$/, '')} ${stripComment(lines[index]!)}`;
      if (content.length > 20_000) break;
    }
    const match = /^([a-z-]+)(?:\s+([\s\S]*))?$/.exec(content);
    if (match === null) continue;
    const rest = (match[2] ?? '').trim();
    const prefixed = PREFIXES.has(match[1]!) ? /^(script|exec)\b\s*([\s\S]*)$/.exec(rest) : null;
    const name = prefixed === null ? match[1]! : `${match[1]} ${prefixed[1]}`;
    if (name === 'script' || name.endsWith(' script')) {
      const body: string[] = [];
      while (index + 1 < lines.length && !/^\s*end\s+script\s*$/.test(lines[index + 1]!)) body.push(lines[++index]!);
      index += 1;
      stanzas.push({ name, value: body.join('\n'), line: line + 1, isScript: true });
    } else stanzas.push({ name, value: prefixed?.[2] ?? rest, line, isScript: false });
  }
  return stanzas;
}

/** A `start on` whose brackets are still open goes on in the next line. */
function isOpen(content: string): boolean {
  if (!/^(?:start|stop)\s+on\b/.test(content)) return false;
  let level = 0;
  for (const character of content) level += character === '(' ? 1 : character === ')' ? -1 : 0;
  return level > 0 || /\b(?:and|or)$/.test(content);
}

function stripComment(line: string): string {
  return line.replace(/(?:^|\s)#.*$/, '').trim();
}
