import type { Problem } from '../../../../model/evidence.js';
import type { GuestFs } from '../../../../model/guest-fs.js';
import type { Archive } from '../../../../model/packages.js';
import { displayPath, joinPath } from '../../../../model/path.js';
import { fieldValue, type Paragraph, parseDeb822 } from '../../../../syntax/deb822.js';
import { readOptionalText } from '../../../../syntax/guest-text.js';

/** Where apt fetches from: sources.list(5), both of its formats. */

const MAX_BYTES = 1024 * 1024;
const MAX_ARCHIVES = 10_000;
const LIST = '/etc/apt/sources.list';
const PARTS = '/etc/apt/sources.list.d';

export async function readSources(fs: GuestFs, problems: Problem[]): Promise<Archive[]> {
  const archives: Archive[] = [];
  for (const path of sourceFiles(fs)) {
    const text = await readOptionalText(fs, path, MAX_BYTES, problems);
    if (text === undefined) continue;
    const read = path.endsWith('.sources') ? paragraphArchives : lineArchives;
    for (const archive of read(text, path, problems)) if (archives.length < MAX_ARCHIVES) archives.push(archive);
  }
  return archives;
}

/** apt ignores files of other names: apt.conf(5), "FILES" of sources.list(5). */
export function sourceFiles(fs: GuestFs): string[] {
  const parts = fs.list(PARTS).filter((name) => /^[A-Za-z0-9_.-]+\.(?:list|sources)$/.test(name));
  return [LIST, ...parts.map((name) => joinPath(PARTS, name))].filter((path) => fs.stat(path)?.type === 'file');
}

/** `deb [option=value …] URI suite [component …]`; source archives are passed over. */
function* lineArchives(text: string, path: string, problems: Problem[]): Generator<Archive> {
  for (const [index, raw] of text.split('\n').entries()) {
    const line = raw.replace(/#.*$/, '').trim();
    if (line === '' || /^deb-src\s/.test(line)) continue;
    const evidence = { path, line: index + 1 };
    const type = /^deb\s+/.exec(line);
    const options = type === null ? null : /^\[([^\]]*)\]\s*/.exec(line.slice(type[0].length));
    const words = type === null ? [] : line.slice(type[0].length + (options?.[0].length ?? 0)).split(/\s+/);
    const [uri, suite, ...components] = words;
    if (uri === undefined || suite === undefined) {
      problems.push({
        code: 'apt-broken-source',
        path: `${displayPath(path)}:${index + 1}`,
        reason: 'Not a source of packages.',
      });
      continue;
    }
    const trusted = /(?:^|\s)trusted=yes(?:\s|$)/i.test(options?.[1] ?? '');
    yield {
      ...{ uri, suite, components, signedBy: signedBy(options?.[1] ?? ''), enabled: true, evidence },
      ...(trusted ? { trusted } : {}),
    };
  }
}

function signedBy(options: string): string[] {
  const option = options.split(/\s+/).find((word) => /^signed-by=/i.test(word));
  return option === undefined
    ? []
    : option
        .slice(option.indexOf('=') + 1)
        .split(',')
        .filter(isKeyring);
}

/** One archive for each pair of URI and suite. */
function* paragraphArchives(text: string, path: string, problems: Problem[]): Generator<Archive> {
  for (const paragraph of parseDeb822(text)) {
    for (const { line, reason } of paragraph.defects) {
      problems.push({ code: 'apt-broken-source', path: `${displayPath(path)}:${line}`, reason });
    }
    const types = wordsOf(paragraph, 'Types');
    if (types.length > 0 && !types.includes('deb')) continue;
    const uris = wordsOf(paragraph, 'URIs');
    const suites = wordsOf(paragraph, 'Suites');
    if (types.length === 0 || uris.length === 0 || suites.length === 0) {
      if (paragraph.fields.size === 0) continue;
      problems.push({
        code: 'apt-broken-source',
        path: `${displayPath(path)}:${paragraph.line}`,
        reason: 'A source needs Types, URIs and Suites.',
      });
      continue;
    }
    const key = inlineKey(fieldValue(paragraph, 'Signed-By') ?? '');
    const isTrusted = /^yes$/i.test(fieldValue(paragraph, 'Trusted') ?? '');
    const shared = {
      ...(key === null ? {} : { key }),
      ...(isTrusted ? { trusted: true } : {}),
      components: wordsOf(paragraph, 'Components'),
      signedBy: wordsOf(paragraph, 'Signed-By').filter(isKeyring),
      enabled: !/^(?:no|false|without|off|disable)$/i.test(fieldValue(paragraph, 'Enabled') ?? 'yes'),
      evidence: { path, line: paragraph.line },
    };
    for (const uri of uris.slice(0, 100)) for (const suite of suites.slice(0, 100)) yield { uri, suite, ...shared };
  }
}

const MAX_KEY = 64 * 1024;

/** An armoured key in a paragraph: its empty lines are written as a dot, as in every field of several lines. */
function inlineKey(text: string): string | null {
  if (!text.includes('-----BEGIN PGP PUBLIC KEY BLOCK-----') || text.length > MAX_KEY) return null;
  const lines = text.split('\n').map((line) => line.trim());
  const key = lines.filter((line, index) => index > 0 || line !== '').map((line) => (line === '.' ? '' : line));
  return key.every((line) => /^[\x20-\x7e]*$/.test(line)) ? `${key.join('\n')}\n` : null;
}

/** Signed-By also takes fingerprints, and in paragraphs a whole key: both are in the source file itself. */
function isKeyring(word: string): boolean {
  return word.startsWith('/');
}

function wordsOf(paragraph: Paragraph, name: string): string[] {
  return (fieldValue(paragraph, name) ?? '').split(/\s+/).filter((word) => word !== '');
}
