import { absolute } from '../config-files.js';
import { collectFindings, type Findings } from '../findings.js';
import { INI_STYLE } from '../formats/lines.js';
import type { PortContext, PortReader } from '../reader.js';
import type { Setting } from '../setting.js';
import { fromFile, isYes, readLines } from '../settings.js';

const KEYS = [
  'http',
  'https',
  'http-socket',
  'https-socket',
  'socket',
  'uwsgi-socket',
  'fastcgi-socket',
  'scgi-socket',
  'http11-socket',
  'stats',
  'raw-socket',
];

/** Served by a plugin, which Debian and Fedora keep in a file of its own: there it must be asked for. */
const HTTP_KEYS = ['http', 'https'];
const HTTP_PLUGINS = ['/usr/lib/uwsgi/plugins/http_plugin.so', '/usr/lib64/uwsgi/http_plugin.so'];
/** Debian's script gives this file before each of its own. */
const DEBIAN_DEFAULTS = '/usr/share/uwsgi/conf/default.ini';

/** https://uwsgi-docs.readthedocs.io/en/latest/Options.html; the ini form, and the same names as options. */
export const uwsgi: PortReader = {
  name: 'uwsgi',
  programs: ['uwsgi', 'uwsgi-core', 'uwsgi_python3', 'uwsgi-emperor'],
  async read(context) {
    const findings = await collectFindings(context);
    const { command, files, service } = context;
    const named = [
      ...command.options('ini').map((setting) => setting.value),
      ...command.arguments.filter((argument) => /\.ini$/.test(argument) && !argument.startsWith('-')),
    ].map((path) => absolute(path, service.workingDirectory ?? '/'));
    const vassals = command.options('emperor').flatMap(({ value }) => vassalsOf(context, value));
    // Debian's script starts a server for each file of apps-enabled.
    const isDebian = service.evidence.some(({ path }) => path === '/etc/init.d/uwsgi');
    const apps = isDebian ? files.folder('/etc/uwsgi/apps-enabled', '.ini') : [];
    const given = [...new Set([...named, ...vassals])].filter((path) => !isDebian || path !== DEBIAN_DEFAULTS);
    const plugins = command.options('plugin', 'plugins').map(({ value }) => value);
    for (const key of keysOf(context, plugins))
      for (const setting of command.options(key, ...(key === 'socket' ? ['s'] : []))) addSocket(findings, setting);
    for (const path of given.slice(0, 200)) await addFile(context, path, findings);
    for (const path of apps.slice(0, 200)) {
      await addFile(context, path, findings);
      await addFile(context, DEBIAN_DEFAULTS, findings, { name: nameOf(path) });
    }
    return findings.done();
  },
};

/** What the emperor watches: a folder, or a pattern. */
function vassalsOf({ files }: PortContext, watched: string): string[] {
  return [...files.expand(watched).filter((path) => path.endsWith('.ini')), ...files.folder(watched, '.ini')];
}

function nameOf(path: string): string {
  return path.replace(/^.*\//, '').replace(/\.ini$/, '');
}

/** The keys that open a socket, given the values of `plugins`. */
function keysOf({ fs }: PortContext, plugins: readonly string[]): readonly string[] {
  const isLoaded = plugins.some((list) => list.split(/[\s,]+/).includes('http'));
  const isBuiltIn = !HTTP_PLUGINS.some((path) => fs.exists(path));
  return isLoaded || isBuiltIn ? KEYS : KEYS.filter((key) => !HTTP_KEYS.includes(key));
}

interface Reading {
  readonly isVassal?: boolean;
  /** What stands for the application's name; the file's by default. */
  readonly name?: string;
}

async function addFile(context: PortContext, path: string, findings: Findings, reading: Reading = {}): Promise<void> {
  const name = reading.name ?? nameOf(path);
  const lines = await readLines(context.files, path, { ...INI_STYLE, separator: '=' });
  const entries = lines.filter(({ section }) => section === '' || section === 'uwsgi');
  // `autoload` looks for the plugin of an option that nobody knows.
  const keys = entries.some(({ key, value }) => key === 'autoload' && isYes(value))
    ? KEYS
    : keysOf(
        context,
        entries.filter(({ key }) => /^(?:need-)?plugins?$/.test(key)).map(({ value }) => value),
      );
  for (const entry of entries) {
    // A vassal may be an emperor too; one level is what is met.
    if (entry.key === 'emperor' && reading.isVassal !== true && entry.section === 'uwsgi') {
      for (const vassal of vassalsOf(context, entry.value).slice(0, 200))
        await addFile(context, vassal, findings, { isVassal: true });
    }
    if (!keys.includes(entry.key)) continue;
    const value = entry.value.replaceAll(/%n|%N|%\(deb-confname\)/g, name).replaceAll('%(deb-confnamespace)', 'app');
    addSocket(findings, { ...fromFile(entry), value });
  }
}

function addSocket(findings: Findings, setting: Setting): void {
  const address = setting.value
    .split(',')[0]!
    .trim()
    .replace(/^=\d+$/, '');
  if (address === '') return;
  // An empty host is IPv4 alone.
  if (/^:?\d+$/.test(address)) findings.add('0.0.0.0', address.replace(':', ''), setting);
  else findings.endpoint({ ...setting, value: address });
}
