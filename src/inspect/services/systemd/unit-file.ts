import type { Problem } from '../../../model/evidence.js';

/** One `Name=value` of a unit file. A unit is an ordered list of them: names repeat, and an empty value resets. */
export interface Setting {
  readonly section: string;
  readonly name: string;
  readonly value: string;
  readonly path: string;
  /** Where the assignment begins, counted from 1. */
  readonly line: number;
}

const MAX_SETTINGS = 20_000;

/**
 * Reads the syntax of systemd.syntax(7): sections, assignments, comments (`#`, `;`), and lines that a backslash
 * continues (comment lines inside of a continued one are passed over). Lines that are none of these become problems.
 */
export function parseUnitFile(text: string, path: string): { settings: Setting[]; problems: Problem[] } {
  const settings: Setting[] = [];
  const problems: Problem[] = [];
  let section = '';
  for (const { content, line } of logicalLines(text)) {
    const header = /^\[([^\]\n]*)\]$/.exec(content);
    const equals = content.indexOf('=');
    if (header !== null) {
      section = header[1]!;
    } else if (equals <= 0 || section === '') {
      const reason = equals <= 0 ? 'is neither a section nor an assignment' : 'stands before any section';
      if (problems.length < 20) problems.push({ code: 'unit-syntax', path, reason: `line ${line} ${reason}` });
    } else if (settings.length >= MAX_SETTINGS) {
      problems.push({
        code: 'unit-too-long',
        path,
        reason: `more than ${MAX_SETTINGS} settings; the rest is not read`,
      });
      break;
    } else {
      settings.push({
        section,
        name: content.slice(0, equals).trimEnd(),
        value: content.slice(equals + 1).trimStart(),
        path,
        line,
      });
    }
  }
  return { settings, problems };
}

function* logicalLines(text: string): Generator<{ content: string; line: number }> {
  let pieces: string[] = [];
  let startLine = 0;
  let line = 0;
  for (const raw of text.replace(/^\uFEFF/, '').split('\n')) {
    line += 1;
    const piece = raw.trim();
    if (/^[#;]/.test(piece)) continue;
    if (pieces.length === 0) startLine = line;
    if (endsInBackslash(piece)) {
      pieces.push(`${piece.slice(0, -1)} `);
      continue;
    }
    const content = pieces.length === 0 ? piece : (pieces.join('') + piece).trim();
    pieces = [];
    if (content !== '') yield { content, line: startLine };
  }
  const rest = pieces.join('').trim();
  if (rest !== '') yield { content: rest, line: startLine };
}

/** An escaped backslash at the end does not continue the line. */
function endsInBackslash(text: string): boolean {
  let count = 0;
  while (count < text.length && text[text.length - 1 - count] === '\\') count += 1;
  return count % 2 === 1;
}
