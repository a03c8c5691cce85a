import type { Problem } from '../../../model/evidence.js';
import type { GuestFs } from '../../../model/guest-fs.js';
import type { Archive } from '../../../model/packages.js';
import { comparePaths, joinPath, normalizePath } from '../../../model/path.js';
import { readOptionalText } from '../../../syntax/guest-text.js';

export const PACMAN_CONFIGURATION = '/etc/pacman.conf';
const MIRRORS = '/etc/pacman.d';
const MAX_BYTES = 1024 * 1024;
const MAX_ARCHIVES = 10_000;
const MAX_INCLUDES = 100;

/** What `pacman.conf` says (pacman.conf(5)): repositories with their servers, packages to ignore, the database's place. */
export interface PacmanConfiguration {
  readonly archives: readonly Archive[];
  readonly ignored: ReadonlySet<string>;
  readonly databasePath: string;
  readonly architecture: string | null;
  readonly files: readonly string[];
}

export async function readPacmanConfiguration(fs: GuestFs, problems: Problem[]): Promise<PacmanConfiguration> {
  const archives: Archive[] = [];
  const ignored = new Set<string>();
  const files = new Set<string>();
  let databasePath = '/var/lib/pacman';
  let architecture: string | null = null;
  let section = '';

  const read = async (path: string, depth: number): Promise<void> => {
    const text = await readOptionalText(fs, path, MAX_BYTES, problems);
    if (text === undefined) return;
    files.add(path);
    for (const [index, raw] of text.split('\n').entries()) {
      const line = raw.slice(0, 4096).replace(/#.*/, '').trim();
      const header = /^\[([^\]]{1,255})\]$/.exec(line);
      if (header !== null) section = header[1]!;
      const equals = line.indexOf('=');
      if (header !== null || equals === -1) continue;
      const [key, value] = [line.slice(0, equals).trim(), line.slice(equals + 1).trim()];
      if (key === 'Include' && depth < 3) {
        for (const included of matchingFiles(fs, value)) if (files.size < MAX_INCLUDES) await read(included, depth + 1);
      } else if (section === 'options') {
        if (key === 'DBPath') databasePath = normalizePath(value);
        if (key === 'Architecture' && /^[A-Za-z0-9_]{1,64}$/.test(value) && value !== 'auto') architecture = value;
        if (key === 'IgnorePkg') for (const name of value.split(/\s+/)) ignored.add(name);
      } else if (key === 'Server' && section !== '' && archives.length < MAX_ARCHIVES) {
        const evidence = { path, line: index + 1 };
        archives.push({ uri: value, suite: section, components: [], signedBy: [], enabled: true, evidence });
      }
    }
  };
  await read(PACMAN_CONFIGURATION, 0);
  // `gnupg` beside the lists holds the machine's own secret key: it stays where it is.
  return { archives, ignored, databasePath, architecture, files: [...files].sort(comparePaths) };
}

export const PACMAN_CONFIGURATION_PATHS: readonly string[] = [PACMAN_CONFIGURATION, `${MIRRORS}/mirrorlist`];

/** `Include` takes a pattern: here a `*` in the last part. */
function matchingFiles(fs: GuestFs, pattern: string): string[] {
  const path = normalizePath(pattern);
  if (!path.includes('*')) return [path];
  const slash = path.lastIndexOf('/');
  const [folder, last] = [path.slice(0, slash) || '/', path.slice(slash + 1)];
  const star = last.indexOf('*');
  if (folder.includes('*') || star !== last.lastIndexOf('*')) return [];
  const [before, after] = [last.slice(0, star), last.slice(star + 1)];
  return fs
    .list(folder)
    .filter((name) => name.length >= before.length + after.length && name.startsWith(before) && name.endsWith(after))
    .map((name) => joinPath(folder, name));
}
