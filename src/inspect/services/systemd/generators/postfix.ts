import { baseName } from '../../../../model/path.js';
import { readText } from '../../context.js';
import { NOTHING_GENERATED } from '../generated.js';
import type { Generator, GeneratorInput } from './generator.js';

const PRIMARY = '/etc/postfix';
const MAX_INSTANCES = 200;

/**
 * Debian's postfix-instance-generator: the instances that `postmulti -l` calls enabled hang on postfix.service. The
 * first is `-`; main.cf names the folders of the others, each of which says whether it starts (postmulti(1)).
 */
export const postfix: Generator = {
  program: 'postfix-instance-generator',
  async generate({ context }) {
    const primary = await parameters(context, PRIMARY);
    if (primary === null) return NOTHING_GENERATED;
    const folders = (primary.get('multi_instance_directories') ?? '').split(/[\s,]+/).filter((word) => word !== '');
    const instances = folders.length === 0 || isEnabled(primary) ? [{ name: '-', folder: PRIMARY }] : [];
    for (const folder of folders.slice(0, MAX_INSTANCES)) {
      const own = folder.startsWith('/') ? await parameters(context, folder) : null;
      if (own === null || !isEnabled(own)) continue;
      const name = own.get('multi_instance_name') || baseName(folder);
      if (/^[\w.-]{1,100}$/.test(name)) instances.push({ name, folder });
    }
    return {
      ...NOTHING_GENERATED,
      links: instances.map(({ name, folder }) => ({
        rank: 'normal',
        folder: 'postfix.service.wants',
        name: `postfix@${name}.service`,
        path: `${folder}/main.cf`,
      })),
    };
  },
};

function isEnabled(settings: ReadonlyMap<string, string>): boolean {
  return settings.get('multi_instance_enable') === 'yes';
}

/** `name = value` lines of main.cf; a line that starts with a blank goes on with the one before (postconf(5)). */
async function parameters(context: GeneratorInput['context'], folder: string): Promise<Map<string, string> | null> {
  const text = await readText(context, `${folder}/main.cf`);
  if (text === null) return null;
  const settings = new Map<string, string>();
  let last: string | null = null;
  for (const line of text.split('\n')) {
    if (line.trim() === '' || line.trimStart().startsWith('#')) continue;
    const at = line.indexOf('=');
    if (/^\s/.test(line)) {
      const before = last === null ? '' : settings.get(last)!;
      if (last !== null && before.length < 65_536) settings.set(last, `${before} ${line.trim()}`);
    } else if (at > 0) {
      last = line.slice(0, at).trim();
      settings.set(last, line.slice(at + 1).trim());
    }
  }
  return settings;
}
