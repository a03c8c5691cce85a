/**
 * Paragraphs of fields, the format of dpkg's status file, of archive indexes and of apt's `.sources` files: deb822(5),
 * RFC 822 without its mail parts. Reading never fails: what is not in the format is a defect beside the rest.
 */

export interface Field {
  /**
   * Text after the colon without surrounding blanks; continuation lines follow, each after a newline and without its
   * first blank.
   */
  readonly value: string;
  /** Counted from 1. */
  readonly line: number;
}

export interface Paragraph {
  readonly line: number;
  /** By name in lower case: names compare without regard to case. */
  readonly fields: ReadonlyMap<string, Field>;
  readonly defects: readonly Deb822Defect[];
}

export interface Deb822Defect {
  readonly line: number;
  readonly reason: string;
}

/** All paragraphs of the text in order. Lines that begin with `#` are comments. */
export function parseDeb822(text: string): Paragraph[] {
  const paragraphs: Paragraph[] = [];
  let current: OpenParagraph | null = null;
  let lineNumber = 0;
  let position = 0;
  while (position < text.length) {
    const newline = text.indexOf('\n', position);
    let end = newline === -1 ? text.length : newline;
    if (end > position && text[end - 1] === '\r') end -= 1;
    const line = text.slice(position, end);
    position = newline === -1 ? text.length : newline + 1;
    lineNumber += 1;
    if (isBlank(line)) {
      if (current !== null) paragraphs.push(closed(current));
      current = null;
    } else if (!line.startsWith('#')) {
      current ??= { line: lineNumber, fields: new Map(), defects: [], last: null };
      addLine(current, line, lineNumber);
    }
  }
  if (current !== null) paragraphs.push(closed(current));
  return paragraphs;
}

/** The text of a field on one line; undefined when the paragraph lacks it. */
export function fieldValue(paragraph: Paragraph, name: string): string | undefined {
  return paragraph.fields.get(name.toLowerCase())?.value;
}

/** The signed text of a clear-signed message (RFC 9580, section 7), or the text itself when it is not one. */
export function clearSignedText(text: string): string {
  if (!text.startsWith('-----BEGIN PGP SIGNED MESSAGE-----')) return text;
  const start = /\r?\n[ \t]*\r?\n/.exec(text.slice(0, 4096));
  if (start === null) return '';
  const body = start.index + start[0].length;
  const end = text.indexOf('\n-----BEGIN PGP SIGNATURE-----', body);
  return text.slice(body, end === -1 ? text.length : end + 1);
}

interface OpenField {
  first: string;
  more: string[];
  line: number;
}

interface OpenParagraph {
  readonly line: number;
  readonly fields: Map<string, OpenField>;
  readonly defects: Deb822Defect[];
  last: OpenField | null;
}

function addLine(paragraph: OpenParagraph, line: string, lineNumber: number): void {
  if (line[0] === ' ' || line[0] === '\t') {
    if (paragraph.last === null) paragraph.defects.push({ line: lineNumber, reason: 'A continuation of no field.' });
    else paragraph.last.more.push(line.slice(1));
    return;
  }
  const colon = line.indexOf(':');
  const name = line.slice(0, Math.max(colon, 0)).toLowerCase();
  const field: OpenField = { first: line.slice(colon + 1).trim(), more: [], line: lineNumber };
  paragraph.last = field;
  if (!/^[!-9;-~]+$/.test(name)) {
    paragraph.defects.push({ line: lineNumber, reason: 'Neither a field nor a continuation.' });
  } else if (paragraph.fields.has(name)) {
    paragraph.defects.push({ line: lineNumber, reason: `The field "${name}" is there twice; the first counts.` });
  } else {
    paragraph.fields.set(name, field);
  }
}

function closed(paragraph: OpenParagraph): Paragraph {
  const fields = new Map<string, Field>();
  for (const [name, { first, more, line }] of paragraph.fields) {
    fields.set(name, { value: more.length === 0 ? first : `${first}\n${more.join('\n')}`, line });
  }
  return { line: paragraph.line, fields, defects: paragraph.defects };
}

function isBlank(line: string): boolean {
  return line === '' || line.trim() === '';
}
