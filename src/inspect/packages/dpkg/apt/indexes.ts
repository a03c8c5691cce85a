import { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import type { Problem } from '../../../../model/evidence.js';
import type { GuestFs } from '../../../../model/guest-fs.js';
import { displayPath } from '../../../../model/path.js';
import { readOptional } from '../../../../syntax/guest-text.js';
import { lz4Blocks } from './lz4.js';
import type { ReleaseFile } from './releases.js';

/** The indexes that apt last fetched: which packages, in which versions, its archives had. */

const MAX_INDEX_BYTES = 256 * 1024 * 1024;
const MAX_TEXT_BYTES = 512 * 1024 * 1024;
const MAX_VERSIONS_OF_NAME = 200;

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
