import { gunzipSync } from 'node:zlib';
import type { Problem } from '../../../model/evidence.js';
import type { GuestFs } from '../../../model/guest-fs.js';
import { displayPath, joinPath } from '../../../model/path.js';
import { readOptional } from '../../../syntax/guest-text.js';

/** A repository whose index is on the disk: versions of its packages by name. */
export interface SyncIndex {
  readonly repository: string;
  readonly versions: ReadonlyMap<string, string>;
}

const MAX_INDEX_BYTES = 64 * 1024 * 1024;
const MAX_UNPACKED_BYTES = 256 * 1024 * 1024;
const MAX_INDEXES = 64;
const BLOCK = 512;

/** `sync/REPOSITORY.db`: an archive, gzip-compressed as a rule, of one folder `NAME-VERSION-RELEASE/` for each package. */
export async function readSyncIndexes(fs: GuestFs, folder: string, problems: Problem[]): Promise<SyncIndex[]> {
  const indexes: SyncIndex[] = [];
  for (const file of fs
    .list(folder)
    .filter((name) => name.endsWith('.db'))
    .slice(0, MAX_INDEXES)) {
    const path = joinPath(folder, file);
    const content = await readOptional(fs, path, MAX_INDEX_BYTES, problems);
    if (content === undefined) continue;
    try {
      const packed = content[0] === 0x1f && content[1] === 0x8b;
      const archive = packed ? gunzipSync(content, { maxOutputLength: MAX_UNPACKED_BYTES }) : content;
      indexes.push({ repository: file.slice(0, -'.db'.length), versions: packagesOf(archive) });
    } catch {
      const reason = 'The index of the repository cannot be unpacked (only gzip is).';
      problems.push({ code: 'pacman-unreadable-index', path: displayPath(path), reason });
    }
  }
  return indexes;
}

function packagesOf(archive: Buffer): Map<string, string> {
  const versions = new Map<string, string>();
  for (let at = 0; at + BLOCK <= archive.length; ) {
    const name = archive.toString('latin1', at, at + 100).replace(/\0.*$/s, '');
    if (name === '') break;
    const size = Number.parseInt(archive.toString('latin1', at + 124, at + 136), 8) || 0;
    if (archive.toString('latin1', at + 257, at + 262) !== 'ustar') throw new Error('no tar archive');
    const match = /^([^/]{1,255})-([^-/]{1,255}-[^-/]{1,255})\//.exec(name);
    if (match !== null) versions.set(match[1]!, match[2]!);
    at += BLOCK + Math.ceil(Math.max(size, 0) / BLOCK) * BLOCK;
  }
  return versions;
}
