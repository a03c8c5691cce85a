import type { Problem } from '../../../model/evidence.js';
import type { GuestFs } from '../../../model/guest-fs.js';
import type { ModuleStream } from '../../../model/packages.js';
import { comparePaths, joinPath } from '../../../model/path.js';
import { readOptionalText } from '../../../syntax/guest-text.js';

const FOLDER = '/etc/dnf/modules.d';
const MAX_MODULES = 2000;
const MAX_BYTES = 65536;

/** `/etc/dnf/modules.d/NAME.module` of dnf 4: `[name]`, `stream=`, `profiles=`, `state=enabled|disabled`. */
export async function readModules(fs: GuestFs, problems: Problem[]): Promise<ModuleStream[]> {
  const found: ModuleStream[] = [];
  for (const file of fs
    .list(FOLDER)
    .filter((name) => name.endsWith('.module'))
    .slice(0, MAX_MODULES)) {
    const path = joinPath(FOLDER, file);
    const text = (await readOptionalText(fs, path, MAX_BYTES, problems)) ?? '';
    const field = (key: string): string => {
      const line = text.split('\n').find((candidate) => candidate.replace(/\s/g, '').startsWith(`${key}=`));
      return line === undefined ? '' : line.slice(line.indexOf('=') + 1).trim();
    };
    const state = field('state');
    found.push({
      name: field('name') || file.slice(0, -'.module'.length),
      stream: field('stream'),
      state:
        state === 'enabled' || state === '1'
          ? 'enabled'
          : state === 'disabled' || state === '0'
            ? 'disabled'
            : 'unknown',
      profiles: field('profiles')
        .split(/[\s,]+/)
        .filter((word) => word !== ''),
      evidence: { path },
    });
  }
  return found.sort((a, b) => comparePaths(a.name, b.name));
}
