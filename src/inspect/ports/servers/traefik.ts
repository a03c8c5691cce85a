import type { InFile } from '../config-files.js';
import { collectFindings } from '../findings.js';
import { parseLines, TOML_STYLE } from '../formats/lines.js';
import type { PortContext, PortReader } from '../reader.js';
import type { Setting } from '../setting.js';
import { fallback, fromFile, readYaml } from '../settings.js';

/** https://doc.traefik.io/traefik/routing/entrypoints/: one source counts, a file, else the command line, else variables. */
export const traefik: PortReader = {
  name: 'traefik',
  programs: ['traefik'],
  async read(context) {
    const findings = await collectFindings(context, { wildcards: 'either' });
    const { settings, path } = await staticConfiguration(context);
    const points = new Map<string, Setting>();
    for (const [key, setting] of settings) {
      const name = /^entrypoints\.([^.]+)\.address$/.exec(key)?.[1];
      if (name !== undefined) points.set(name, setting);
    }
    const entryPoints = points.size > 0 ? points : new Map([['http', fallback(context, path, ':80')]]);
    if (settings.get('api.insecure')?.value === 'true' && !points.has('traefik')) {
      entryPoints.set('traefik', { ...settings.get('api.insecure')!, value: ':8080' });
    }
    for (const [name, setting] of entryPoints) {
      const [, address = '', protocol] = /^(.*?)(?:\/(tcp|udp))?$/s.exec(setting.value)!;
      findings.endpoint({ ...setting, value: address }, { protocol: protocol === 'udp' ? 'udp' : 'tcp' });
      const http3 = [...settings.keys()].some((key) => key.startsWith(`entrypoints.${name}.http3`));
      if (http3) findings.endpoint({ ...setting, value: address }, { protocol: 'udp' });
    }
    return findings.done();
  },
};

const FOLDERS = ['/etc/traefik', '/'];

async function staticConfiguration(
  context: PortContext,
): Promise<{ settings: Map<string, Setting>; path: string | undefined }> {
  const { command, files } = context;
  const named = command.option('configfile', 'configFile')?.value;
  const path =
    named ??
    files.first(FOLDERS.flatMap((folder) => ['yml', 'yaml', 'toml'].map((ending) => `${folder}/traefik.${ending}`)));
  const settings = new Map<string, Setting>();
  for (const leaf of await leavesOf(context, path))
    settings.set(leaf.key.toLowerCase().replaceAll('"', ''), fromFile(leaf));
  if (settings.size > 0) return { settings, path };
  for (const argument of command.arguments) {
    const match = /^--([a-z0-9_.-]{1,200})(?:=(.*))?$/i.exec(argument);
    if (match !== null) settings.set(match[1]!.toLowerCase(), command.setting(match[2] ?? 'true', argument));
  }
  for (const name of settings.size > 0 ? [] : Object.keys(context.service.environment)) {
    const setting = command.environment(name);
    if (name.startsWith('TRAEFIK_') && setting !== undefined)
      settings.set(name.slice(8).toLowerCase().replaceAll('_', '.'), setting);
  }
  return { settings, path };
}

async function leavesOf(
  context: PortContext,
  path: string | undefined,
): Promise<InFile<{ key: string; value: string; line: number }>[]> {
  if (path?.endsWith('.toml') !== true) return readYaml(context.files, path);
  const entries = parseLines((await context.files.read(path)) ?? '', TOML_STYLE);
  return entries.map(({ section, key, value, line }) => ({
    key: section === '' ? key : `${section}.${key}`,
    value,
    line,
    path,
  }));
}
