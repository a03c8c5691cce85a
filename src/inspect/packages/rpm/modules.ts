import type { Problem } from '../../../model/evidence.js';
import type { GuestFs } from '../../../model/guest-fs.js';
import type { ModuleStream } from '../../../model/packages.js';
import { comparePaths, joinPath } from '../../../model/path.js';
import { readOptionalText } from '../../../syntax/guest-text.js';
import { DNF5_FOLDERS, field, readTomlTable } from './dnf5-state.js';

const FOLDER = '/etc/dnf/modules.d';
const MAX_MODULES = 2000;
const MAX_BYTES = 65536;

/**
 * `/etc/dnf/modules.d/NAME.module` of dnf 4 (`[name]`, `stream=`, `profiles=`, `state=enabled|disabled`), and
 * `modules.toml` of dnf 5.
 */
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
  for (const folder of DNF5_FOLDERS) found.push(...(await readDnf5Modules(fs, folder, problems)));
  return found.sort((a, b) => comparePaths(a.name, b.name));
}

async function readDnf5Modules(fs: GuestFs, folder: string, problems: Problem[]): Promise<ModuleStream[]> {
  const path = joinPath(folder, 'modules.toml');
  const modules = await readTomlTable(fs, path, 'modules', problems);
  return [...modules].slice(0, MAX_MODULES).map(([name, module]) => {
    const [stream, state, profiles] = ['enabled_stream', 'state', 'installed_profiles'].map((key) =>
      field(module, key),
    );
    const word = String(state).toLowerCase();
    return {
      name,
      stream: typeof stream === 'string' ? stream : '',
      state: word === 'enabled' || word === 'disabled' ? word : 'unknown',
      profiles: Array.isArray(profiles) ? profiles.filter((profile) => typeof profile === 'string') : [],
      evidence: { path },
    };
  });
}
