import { joinPath } from '../../../model/path.js';
import { globToRegExp } from '../../../syntax/glob.js';
import { readText, type ServiceContext } from '../context.js';
import { type Generated, NOTHING_GENERATED } from './generated.js';
import { instantiate, isTemplate, parseUnitName } from './unit-name.js';
import type { UnitStore } from './unit-store.js';
import { lastValue, listSettings } from './values.js';

const PRESET_FOLDERS = [
  '/etc/systemd/system-preset',
  '/usr/local/lib/systemd/system-preset',
  '/usr/lib/systemd/system-preset',
  '/lib/systemd/system-preset',
];
const MAX_RULES = 20_000;

interface PresetRule {
  readonly enable: boolean;
  readonly pattern: { test(text: string): boolean };
  readonly instances: readonly string[];
}

/**
 * Whether the next boot is the machine's first: machine-id is missing, or says `uninitialized`. An empty file only asks
 * for an id (machine-id(5), First Boot Semantics).
 */
export async function isFirstBoot(context: Pick<ServiceContext, 'fs' | 'report'>): Promise<boolean> {
  if (context.fs.stat('/etc/machine-id') === undefined) return true;
  return (await readText(context, '/etc/machine-id', 4096))?.trim() === 'uninitialized';
}

/**
 * Links that the first boot makes: presets are applied to every unit with an [Install] section, and only enable
 * (systemd.preset(5)). What no rule names is enabled.
 */
export async function applyPresets(context: ServiceContext, store: UnitStore): Promise<Generated> {
  const rules = await readPresets(context);
  const links: { rank: 'normal'; folder: string; name: string; path: string }[] = [];
  const aliases: { rank: 'normal'; name: string; target: string; path: string }[] = [];
  const enable = async (name: string, viaAlso: Set<string>): Promise<void> => {
    const unit = await store.load(name);
    if (unit?.state !== 'loaded' || unit.path === null || viaAlso.has(name)) return;
    viaAlso.add(name);
    const parsed = parseUnitName(name)!;
    const instance = isTemplate(parsed) ? lastValue(unit.settings, 'Install', 'DefaultInstance') : null;
    const linked = instance === null ? name : instantiate(parsed, instance);
    for (const [setting, kind] of [
      ['WantedBy', 'wants'],
      ['RequiredBy', 'requires'],
      ['UpheldBy', 'upholds'],
    ] as const) {
      if (isTemplate(parsed) && instance === null) break;
      for (const target of installNames(unit.settings, setting)) {
        links.push({ rank: 'normal', folder: `${target}.${kind}`, name: linked, path: unit.path });
      }
    }
    for (const alias of installNames(unit.settings, 'Alias')) {
      aliases.push({ rank: 'normal', name: alias, target: name, path: unit.path });
    }
    for (const also of installNames(unit.settings, 'Also')) if (viaAlso.size < 100) await enable(also, viaAlso);
  };
  for (const name of [...store.names()]) {
    const parsed = parseUnitName(name);
    if (parsed === null || store.resolve(name) !== name || parsed.instance) continue;
    const rule = rules.find(({ pattern }) => pattern.test(name));
    if (rule !== undefined && !rule.enable) continue;
    if (rule !== undefined && rule.instances.length > 0 && isTemplate(parsed)) {
      const unit = await store.load(name);
      for (const instance of rule.instances) {
        for (const target of installNames(unit?.settings ?? [], 'WantedBy')) {
          links.push({
            rank: 'normal',
            folder: `${target}.wants`,
            name: instantiate(parsed, instance),
            path: unit?.path ?? '/',
          });
        }
      }
    } else await enable(name, new Set());
  }
  return { ...NOTHING_GENERATED, links, aliases };
}

function installNames(settings: Parameters<typeof listSettings>[0], name: string): string[] {
  return listSettings(settings, 'Install', name)
    .flatMap(({ value }) => value.split(/\s+/).filter((word) => word !== ''))
    .slice(0, 1000);
}

/** Preset files sorted by name over all folders; the first rule that matches a unit counts. */
async function readPresets(context: ServiceContext): Promise<PresetRule[]> {
  const files = new Map<string, string>();
  for (const folder of PRESET_FOLDERS) {
    for (const name of context.fs.list(folder)) {
      if (name.endsWith('.preset') && !files.has(name)) files.set(name, joinPath(folder, name));
    }
  }
  const rules: PresetRule[] = [];
  for (const [, path] of [...files].sort(([a], [b]) => (a < b ? -1 : 1))) {
    for (const line of ((await readText(context, path)) ?? '').split('\n')) {
      const [verb, pattern, ...instances] = line.trim().split(/\s+/);
      if ((verb !== 'enable' && verb !== 'disable') || pattern === undefined || pattern.length > 255) continue;
      if (rules.length >= MAX_RULES) return rules;
      rules.push({ enable: verb === 'enable', pattern: globToRegExp(pattern), instances });
    }
  }
  return rules;
}
