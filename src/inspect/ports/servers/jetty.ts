import type { InFile } from '../config-files.js';
import { collectFindings } from '../findings.js';
import { type Entry, PROPERTIES_STYLE } from '../formats/lines.js';
import type { PortReader } from '../reader.js';
import type { Setting } from '../setting.js';
import { fallback, fromFile, readLines } from '../settings.js';

/** https://jetty.org/docs/jetty/12/operations-guide/: start.ini and start.d of the base folder, modules `http` and `https`. */
export const jetty: PortReader = {
  name: 'jetty',
  programs: ['jetty', 'jetty.sh', 'start.jar', 'org.eclipse.jetty.start.Main'],
  packages: ['jetty9', 'jetty12', 'jetty'],
  async read(context) {
    const findings = await collectFindings(context, { wildcards: 'either' });
    const { command, files } = context;
    const property = (name: string): string | undefined =>
      command.arguments
        .findLast((word) => word.startsWith(`${name}=`) || word.startsWith(`-D${name}=`))
        ?.replace(/^[^=]*=/, '');
    const bases = [
      property('jetty.base'),
      command.environment('JETTY_BASE')?.value,
      '/etc/jetty9',
      '/usr/share/jetty9',
      '/etc/jetty12',
      '/opt/jetty',
      '/var/lib/jetty9',
    ];
    const base = bases.find(
      (path) =>
        path !== undefined &&
        (files.first([`${path}/start.ini`]) !== undefined || files.folder(`${path}/start.d`, '.ini').length > 0),
    );
    if (base === undefined) return findings.done();
    const paths = [`${base}/start.ini`, ...files.folder(`${base}/start.d`, '.ini')];
    const entries: InFile<Entry>[] = [];
    for (const path of paths) entries.push(...(await readLines(files, path, { ...PROPERTIES_STYLE, separator: '=' })));
    const setting = (...names: string[]): Setting | undefined => {
      for (const name of names) {
        const given = property(name);
        if (given !== undefined) return command.setting(given, `${name}=`);
      }
      const entry = entries.findLast((candidate) => names.includes(candidate.key));
      return entry === undefined ? undefined : fromFile(entry);
    };
    const modules = new Map(
      entries
        .filter((entry) => entry.key === '--module')
        .flatMap((entry) => entry.value.split(',').map((name) => [name.trim(), fromFile(entry)])),
    );
    for (const { module, names, hosts, port } of CONNECTORS) {
      const enabled = modules.get(module);
      if (enabled === undefined) continue;
      const number = setting(...names) ?? { ...(enabled ?? fallback(context, paths[0], port)), value: String(port) };
      findings.add(setting(...hosts)?.value ?? '', number.value, number);
    }
    return findings.done();
  },
};

const CONNECTORS = [
  {
    module: 'http',
    names: ['jetty.http.port', 'jetty.port', 'http.port'],
    hosts: ['jetty.http.host', 'jetty.host'],
    port: 8080,
  },
  { module: 'https', names: ['jetty.ssl.port', 'https.port'], hosts: ['jetty.ssl.host', 'jetty.host'], port: 8443 },
  { module: 'ssl', names: ['jetty.ssl.port', 'ssl.port'], hosts: ['jetty.ssl.host', 'jetty.host'], port: 8443 },
] as const;
