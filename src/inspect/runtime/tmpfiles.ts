import type { RuntimeFolder } from '../../model/containers.js';
import type { GuestFs } from '../../model/guest-fs.js';
import { comparePaths, joinPath, normalizePath } from '../../model/path.js';
import { readOptionalText } from '../../syntax/guest-text.js';

/** By precedence, highest first (tmpfiles.d(5)); a file of one name hides those below it. */
export const TMPFILES_FOLDERS: readonly string[] = [
  '/etc/tmpfiles.d',
  '/usr/local/lib/tmpfiles.d',
  '/usr/lib/tmpfiles.d',
];

const MAX_FILES = 500;
const MAX_BYTES = 256 * 1024;
const MAX_FOLDERS = 1000;

/** The folders below /run that the lines `d`, `D`, `v`, `q`, `Q` make at each boot. */
export async function readTmpfiles(fs: GuestFs): Promise<RuntimeFolder[]> {
  const files = new Map<string, string>();
  for (const folder of TMPFILES_FOLDERS) {
    for (const name of fs.list(folder)) {
      if (name.endsWith('.conf') && !files.has(name)) files.set(name, joinPath(folder, name));
    }
  }
  const found = new Map<string, RuntimeFolder>();
  for (const name of [...files.keys()].sort(comparePaths).slice(0, MAX_FILES)) {
    const path = files.get(name)!;
    if (fs.stat(path)?.type !== 'file') continue;
    const text = (await readOptionalText(fs, path, MAX_BYTES, [])) ?? '';
    for (const line of text.split('\n')) {
      const folder = parseLine(line);
      if (folder !== null && !found.has(folder.path) && found.size < MAX_FOLDERS) found.set(folder.path, folder);
    }
  }
  return [...found.values()].sort((a, b) => comparePaths(a.path, b.path));
}

/** `type path mode user group age argument`; `-` is the default, `~` and `:` before a mode only say when it applies. */
function parseLine(line: string): RuntimeFolder | null {
  const [type = '', rawPath = '', mode = '-', owner = '-', group = '-'] = line.trim().split(/\s+/, 6);
  if (!/^[dDvqQ][!+=~^$-]*$/.test(type)) return null;
  const path = normalizePath(
    rawPath
      .replace(/^"|"$/g, '')
      .replaceAll('%t', '/run')
      .replace(/^\/var\/run\//, '/run/'),
  );
  if (!path.startsWith('/run/') || path.includes('%')) return null;
  const bits = Number.parseInt(mode.replace(/^[~:]+/, ''), 8);
  return { path, mode: Number.isNaN(bits) ? 0o755 : bits & 0o7777, owner: named(owner), group: named(group) };
}

function named(text: string): string {
  const bare = text.replace(/^:/, '');
  return bare === '-' || bare === '' ? 'root' : bare;
}
