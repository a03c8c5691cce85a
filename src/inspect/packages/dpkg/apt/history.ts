import { gunzipSync } from 'node:zlib';
import type { Problem } from '../../../../model/evidence.js';
import type { GuestFs } from '../../../../model/guest-fs.js';
import { baseName, decodePath, displayPath, joinPath } from '../../../../model/path.js';
import { readOptional } from '../../../../syntax/guest-text.js';
import { shellWords } from '../../../../syntax/shell.js';

const FOLDER = '/var/log/apt';
const MAX_BYTES = 8 * 1024 * 1024;
const MAX_FILES = 24;

/**
 * Packages that somebody installed from a file, by name: `Commandline: apt install ./tool_1.0_amd64.deb` in apt's
 * history. What `dpkg -i` installed is not there: its log names packages and no files.
 * @returns Name → where it says so.
 */
export async function installedFromFiles(fs: GuestFs, problems: Problem[]): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>();
  const names = fs.list(FOLDER).filter((name) => /^history\.log(?:\.\d{1,3}(?:\.gz)?)?$/.test(name));
  const paths = names.slice(0, MAX_FILES).map((name) => joinPath(FOLDER, name));
  await fs.prefetch(paths);
  for (const path of paths) {
    const content = await readOptional(fs, path, MAX_BYTES, problems);
    const text = content === undefined ? null : textOf(path, content, problems);
    for (const [index, line] of (text ?? '').split('\n').entries()) {
      if (!line.startsWith('Commandline: ') || line.length > 65536) continue;
      for (const word of shellWords(line.slice('Commandline: '.length))) {
        const file = /^([A-Za-z0-9][A-Za-z0-9+.-]*)(?:_[^/]*)?\.deb$/.exec(word.includes('/') ? baseName(word) : '');
        if (file !== null && !found.has(file[1]!)) found.set(file[1]!, `${path}:${index + 1}`);
      }
    }
  }
  return found;
}

function textOf(path: string, content: Buffer, problems: Problem[]): string | null {
  try {
    return decodePath(path.endsWith('.gz') ? gunzipSync(content, { maxOutputLength: MAX_BYTES }) : content);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    problems.push({ code: 'apt-history-unreadable', path: displayPath(path), reason });
    return null;
  }
}
