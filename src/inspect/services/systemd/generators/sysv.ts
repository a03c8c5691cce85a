import { readScriptHeader } from '../../sysvinit/init-script.js';
import { listScripts, startLinks } from '../../sysvinit/run-levels.js';
import { type Generated, generatedSettings, NOTHING_GENERATED } from '../generated.js';
import { parseUnitName } from '../unit-name.js';
import type { Generator } from './generator.js';

/** Run levels that a boot goes through, and the targets that take their place. */
const LEVEL_TARGETS = [
  ['2', 'multi-user.target'],
  ['3', 'multi-user.target'],
  ['4', 'multi-user.target'],
  ['5', 'graphical.target'],
] as const;

/** systemd-sysv-generator(8): a unit for each init script that has no unit of its own name. */
export const sysv: Generator = {
  program: 'systemd-sysv-generator',
  async generate({ context, native }) {
    const units: Generated['units'][number][] = [];
    const aliases: Generated['aliases'][number][] = [];
    const links: Generated['links'][number][] = [];
    const generated = new Set<string>();
    for (const [script, path] of listScripts(context.fs)) {
      const name = unitNameOf(script);
      if (parseUnitName(name) === null || native.has(name) || generated.has(name)) continue;
      generated.add(name);
      const header = await readScriptHeader(context, path);
      units.push({
        rank: 'late',
        name,
        path,
        settings: generatedSettings(path, [
          ['Unit', 'Description', header.description ?? script],
          ['Service', 'Type', 'forking'],
          ['Service', 'ExecStart', `${path} start`],
          ...header.requires
            .filter((word) => /^[\w.-]+$/.test(word))
            .map((word) => ['Unit', 'After', unitNameOf(word)] as const),
        ]),
      });
      for (const provided of header.provides) {
        const alias = unitNameOf(provided);
        if (alias === name || provided.startsWith('$') || parseUnitName(alias) === null || native.has(alias)) continue;
        aliases.push({ rank: 'late', name: alias, target: name, path });
      }
    }
    for (const [level, target] of LEVEL_TARGETS) {
      for (const link of startLinks(context.fs, level)) {
        const name = unitNameOf(link.script);
        if (generated.has(name)) links.push({ rank: 'late', folder: `${target}.wants`, name, path: link.path });
      }
    }
    // An alias never takes the place of another script's unit.
    return { ...NOTHING_GENERATED, units, links, aliases: aliases.filter(({ name }) => !generated.has(name)) };
  },
};

/** A trailing `.sh` is dropped. */
function unitNameOf(script: string): string {
  return `${script.replace(/\.sh$/, '')}.service`;
}
