import { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import type { Problem } from '../../../../model/evidence.js';
import type { GuestFs } from '../../../../model/guest-fs.js';
import { displayPath, joinPath } from '../../../../model/path.js';
import { clearSignedText, fieldValue, parseDeb822 } from '../../../../syntax/deb822.js';
import { readOptional, readOptionalText } from '../../../../syntax/guest-text.js';
import { lz4Blocks } from './lz4.js';

/** What apt last fetched about its archives: `/var/lib/apt/lists`, one `[In]Release` an archive, its indexes beside. */

export const LISTS = '/var/lib/apt/lists';
const MAX_RELEASE_BYTES = 8 * 1024 * 1024;
const MAX_INDEX_BYTES = 256 * 1024 * 1024;
const MAX_TEXT_BYTES = 512 * 1024 * 1024;
const MAX_FILES = 2000;
const MAX_VERSIONS_OF_NAME = 200;

/** An archive as its release file describes it. */
export interface ReleaseFile {
  readonly path: string;
  readonly origin: string | null;
  readonly label: string | null;
  readonly suite: string | null;
  readonly codename: string | null;
  /** ISO 8601; null without a date that can be read. */
  readonly date: string | null;
  /** Paths of its indexes of binary packages. */
  readonly indexes: readonly string[];
}

export interface IndexedVersion {
  readonly version: string;
  readonly architecture: string;
  readonly release: ReleaseFile;
}

/** What the indexes say about the names that were asked for. */
export interface ArchiveIndex {
  readonly versions: ReadonlyMap<string, readonly IndexedVersion[]>;
  /** Source package → the first archive that has anything of it. */
  readonly sources: ReadonlyMap<string, ReleaseFile>;
  /** Whether any index could be read at all. */
  readonly complete: boolean;
  readonly empty: boolean;
}

export async function readReleases(fs: GuestFs, problems: Problem[]): Promise<ReleaseFile[]> {
  const names = fs.list(LISTS).slice(0, MAX_FILES);
  const indexes = names.filter((name) => /_Packages(?:\.[a-z0-9]+)?$/.test(name));
  // An InRelease replaces the Release and Release.gpg of the same archive.
  const releases = new Map<string, string>();
  for (const name of names) if (name.endsWith('_Release')) releases.set(name.slice(0, -'_Release'.length), name);
  for (const name of names) if (name.endsWith('_InRelease')) releases.set(name.slice(0, -'_InRelease'.length), name);
  for (const index of indexes) {
    const base = index.replace(/_(?:[^_]+_binary-[^_]+_)?Packages(?:\.[a-z0-9]+)?$/, '');
    if (![...releases.keys()].some((prefix) => index.startsWith(`${prefix}_`))) releases.set(base, '');
  }
  await fs.prefetch([...releases.values()].filter((name) => name !== '').map((name) => joinPath(LISTS, name)));
  const found: ReleaseFile[] = [];
  for (const [base, name] of releases) {
    const path = joinPath(LISTS, name === '' ? base : name);
    const text = name === '' ? '' : ((await readOptionalText(fs, path, MAX_RELEASE_BYTES, problems)) ?? '');
    const head = parseDeb822(clearSignedText(text).split('\nSHA256:')[0]!.split('\nMD5Sum:')[0]!)[0];
    const value = (field: string): string | null => (head === undefined ? null : (fieldValue(head, field) ?? null));
    found.push({
      path,
      origin: value('Origin'),
      label: value('Label'),
      suite: value('Suite'),
      codename: value('Codename'),
      date: isoDate(value('Date') ?? ''),
      indexes: indexes.filter((index) => index.startsWith(`${base}_`)).map((index) => joinPath(LISTS, index)),
    });
  }
  return found;
}

/**
 * Looks the wanted binary and source packages up in every index.
 * @param names Names of binary packages; others are passed over, an index has sixty thousand.
 */
export async function readIndexes(
  fs: GuestFs,
  releases: readonly ReleaseFile[],
  names: ReadonlySet<string>,
  sources: ReadonlySet<string>,
  problems: Problem[],
): Promise<ArchiveIndex> {
  const versions = new Map<string, IndexedVersion[]>();
  const knownSources = new Map<string, ReleaseFile>();
  let read = 0;
  let unread = 0;
  await fs.prefetch(releases.flatMap((release) => release.indexes.filter(isReadable)));
  for (const release of releases) {
    for (const path of release.indexes) {
      const before = problems.length;
      const content = isReadable(path) ? await readOptional(fs, path, MAX_INDEX_BYTES, problems) : undefined;
      if (content === undefined) {
        unread += 1;
        if (problems.length === before)
          problems.push(unreadable(path, 'Its compression is not one that can be read here.'));
        continue;
      }
      try {
        await scanIndex(piecesOf(path, content), (item) => {
          if (sources.has(item.source) && !knownSources.has(item.source)) knownSources.set(item.source, release);
          if (!names.has(item.name)) return;
          const list = versions.get(item.name) ?? [];
          if (list.length < MAX_VERSIONS_OF_NAME) {
            list.push({ version: item.version, architecture: item.architecture, release });
          }
          versions.set(item.name, list);
        });
        read += 1;
      } catch (error) {
        unread += 1;
        problems.push(unreadable(path, error instanceof Error ? error.message : String(error)));
      }
    }
  }
  return { versions, sources: knownSources, complete: read > 0 && unread === 0, empty: read === 0 };
}

interface IndexItem {
  name: string;
  source: string;
  version: string;
  architecture: string;
}

type Pieces = Iterable<Buffer> | AsyncIterable<Buffer>;

/** Passes over the paragraphs line by line, without building them: an index is tens of megabytes. */
async function scanIndex(pieces: Pieces, found: (item: IndexItem) => void): Promise<void> {
  let rest = '';
  let total = 0;
  let item: IndexItem = { name: '', source: '', version: '', architecture: '' };
  const finish = (): void => {
    if (item.name !== '') found({ ...item, source: item.source === '' ? item.name : item.source });
    item = { name: '', source: '', version: '', architecture: '' };
  };
  const takeLine = (line: string): void => {
    if (line === '' || line === '\r') finish();
    else if (line.startsWith('Package: ')) item.name = copyOf(line, 9);
    else if (line.startsWith('Version: ')) item.version = copyOf(line, 9);
    else if (line.startsWith('Architecture: ')) item.architecture = copyOf(line, 14);
    else if (line.startsWith('Source: ')) item.source = copyOf(line, 8).split(' ')[0]!;
  };
  for await (const piece of pieces) {
    total += piece.length;
    if (total > MAX_TEXT_BYTES) throw new RangeError(`more than ${MAX_TEXT_BYTES} bytes of text`);
    const text = rest + piece.toString('latin1');
    let position = 0;
    for (let end = text.indexOf('\n'); end !== -1; end = text.indexOf('\n', position)) {
      const code = text.charCodeAt(position);
      // P, V, A, S or an empty line: everything else is not worth a string.
      if (code === 0x50 || code === 0x56 || code === 0x41 || code === 0x53 || end - position < 2) {
        takeLine(text.slice(position, end));
      }
      position = end + 1;
    }
    rest = text.slice(position);
    if (rest.length > 1024 * 1024) throw new RangeError('a line of more than a megabyte');
  }
  takeLine(rest);
  finish();
}

/** A copy: a slice would keep the whole piece it was cut from in memory. */
function copyOf(line: string, from: number): string {
  return Buffer.from(line.slice(from).trim(), 'latin1').toString('latin1');
}

function isReadable(path: string): boolean {
  return /_Packages(?:\.lz4|\.gz)?$/.test(path);
}

function piecesOf(path: string, content: Buffer): Pieces {
  if (path.endsWith('.lz4')) return lz4Blocks(content);
  if (path.endsWith('.gz')) return Readable.from([content]).pipe(createGunzip()) as AsyncIterable<Buffer>;
  return plainPieces(content);
}

function* plainPieces(content: Buffer): Generator<Buffer> {
  const step = 4 * 1024 * 1024;
  for (let start = 0; start < content.length; start += step) yield content.subarray(start, start + step);
}

function unreadable(path: string, reason: string): Problem {
  return { code: 'apt-index-unreadable', path: displayPath(path), reason: `The index cannot be used: ${reason}` };
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** `Sat, 10 Feb 2024 09:58:37 UTC` (RFC 5322 in UTC) as `2024-02-10T09:58:37Z`. */
function isoDate(text: string): string | null {
  const match =
    /^(?:[A-Z][a-z]{2},\s+)?(\d{1,2})\s+([A-Z][a-z]{2})\s+(\d{4})\s+(\d{1,2}):(\d\d):(\d\d)(?:\s+(?:UTC|GMT|\+0000|Z))?$/.exec(
      text.trim().slice(0, 64),
    );
  if (match === null) return null;
  const [, day, month, year, hour, minute, second] = match;
  const time = Date.UTC(
    Number(year),
    MONTHS.indexOf(month!),
    Number(day),
    Number(hour),
    Number(minute),
    Number(second),
  );
  if (!MONTHS.includes(month!) || Number.isNaN(time)) return null;
  return new Date(time).toISOString().replace('.000Z', 'Z');
}
