import { joinPath, parentPath } from '../../../model/path.js';
import { absolute, type ConfigFiles, type InFile, readWithIncludes } from '../config-files.js';
import { collectFindings } from '../findings.js';
import { configLines, type Entry, unquote } from '../formats/lines.js';
import type { PortContext, PortReader } from '../reader.js';
import type { Setting } from '../setting.js';
import { fallback, fromFile } from '../settings.js';

/** https://www.postgresql.org/docs/current/config-setting.html and runtime-config-connection.html */
export const postgresql: PortReader = {
  name: 'postgresql',
  programs: ['postgresql', 'postgres', 'pg_ctlcluster', 'pg_ctl', 'postmaster', 'postgresql-check-db-dir'],
  packages: ['postgresql', 'postgresql-server'],
  async read(context) {
    const findings = await collectFindings(context);
    for (const cluster of clusters(context)) {
      const entries = await readCluster(context.files, cluster);
      const setting = (name: string): Setting | undefined => {
        const entry = entries.findLast((candidate) => candidate.key === name);
        return entry === undefined ? undefined : fromFile(entry);
      };
      const given = commandSettings(context);
      const port = given.get('port') ?? setting('port') ?? fallback(context, cluster.configuration, 5432);
      const addresses =
        given.get('listen_addresses') ??
        setting('listen_addresses') ??
        fallback(context, cluster.configuration, 'localhost');
      const folders =
        given.get('unix_socket_directories') ??
        setting('unix_socket_directories') ??
        setting('unix_socket_directory') ??
        fallback(context, cluster.configuration, '/var/run/postgresql');
      // The line that says where to listen tells more than a default port would.
      const origin = port.evidence.line !== undefined || port.inferred === true ? port : addresses;
      for (const host of list(addresses.value)) findings.add(host, port.value, origin);
      for (const folder of list(folders.value))
        if (folder.startsWith('/')) findings.socket(joinPath(folder, `.s.PGSQL.${port.value}`));
    }
    return findings.done();
  },
};

interface Cluster {
  readonly configuration: string | undefined;
  /** Where `ALTER SYSTEM` writes. */
  readonly data: string | undefined;
}

function clusters(context: PortContext): Cluster[] {
  const { command, fs, service } = context;
  const file = commandSettings(context).get('config_file')?.value;
  const data = command.option('D')?.value ?? command.environment('PGDATA')?.value;
  if (file !== undefined) return [{ configuration: file, data }];
  // Debian: /etc/postgresql/VERSION/NAME, named by the instance of the unit or by pg_ctlcluster's arguments.
  const named =
    /^postgresql@(\d[\d.]*)-(.+)\.service$/.exec(service.name)?.slice(1) ?? clusterArgument(command.arguments);
  if (named !== undefined) return [{ configuration: `/etc/postgresql/${named[0]}/${named[1]}/postgresql.conf`, data }];
  if (data !== undefined) return [{ configuration: joinPath(data, 'postgresql.conf'), data }];
  const debian = fs.list('/etc/postgresql').flatMap((version) => {
    const folder = joinPath('/etc/postgresql', version);
    return fs.list(folder).map((name) => ({ configuration: `${folder}/${name}/postgresql.conf`, data: undefined }));
  });
  if (debian.length > 0) return debian.slice(0, 100);
  const folder = ['/var/lib/pgsql/data', '/var/lib/postgres/data', '/var/lib/postgresql/data'].find((path) =>
    fs.exists(`${path}/postgresql.conf`),
  );
  return folder === undefined ? [] : [{ configuration: `${folder}/postgresql.conf`, data: folder }];
}

/** `pg_ctlcluster 15 main start`, or `pg_ctlcluster 15-main start`. */
function clusterArgument(words: readonly string[]): string[] | undefined {
  const plain = words.filter((word) => !word.startsWith('-'));
  const joined = /^(\d[\d.]*)-(.+)$/.exec(plain[0] ?? '');
  if (joined !== null) return joined.slice(1);
  return /^\d[\d.]*$/.test(plain[0] ?? '') && plain[1] !== undefined ? [plain[0]!, plain[1]] : undefined;
}

/** `-p`, `-h`, `-k`, `-c name=value`, `--name=value` of postgres, also inside of `pg_ctl -o "…"`. */
function commandSettings(context: PortContext): Map<string, Setting> {
  const settings = new Map<string, Setting>();
  const { command } = context;
  if (command.program.endsWith('ctlcluster') || command.program.endsWith('pg_ctl')) return settings;
  const short = { p: 'port', h: 'listen_addresses', k: 'unix_socket_directories' };
  for (const [letter, name] of Object.entries(short)) {
    const found = command.option(letter);
    if (found !== undefined) settings.set(name, found);
  }
  for (const found of command.options('c')) {
    const at = found.value.indexOf('=');
    if (at > 0) settings.set(found.value.slice(0, at).trim(), { ...found, value: found.value.slice(at + 1).trim() });
  }
  for (const name of ['port', 'listen_addresses', 'listen-addresses', 'config_file', 'config-file']) {
    const found = command.arguments.find((argument) => argument.startsWith(`--${name}=`));
    if (found !== undefined) settings.set(name.replaceAll('-', '_'), command.setting(found.slice(name.length + 3)));
  }
  return settings;
}

async function readCluster(files: ConfigFiles, cluster: Cluster): Promise<InFile<Entry>[]> {
  if (cluster.configuration === undefined) return [];
  const entries = await readWithIncludes(files, cluster.configuration, {
    parse: parsePostgres,
    includes: (entry, path) => {
      if (entry.key === 'include' || entry.key === 'include_if_exists') return [literal(entry.value)];
      if (entry.key !== 'include_dir') return undefined;
      return files.folder(absolute(entry.value, parentPath(path)), '.conf').map(literal);
    },
  });
  const data = entries.findLast((entry) => entry.key === 'data_directory')?.value ?? cluster.data;
  if (data === undefined) return entries;
  const automatic = joinPath(data, 'postgresql.auto.conf');
  const text = await files.read(automatic);
  return text === null ? entries : [...entries, ...parsePostgres(text).map((entry) => ({ ...entry, path: automatic }))];
}

/** `name = value`, `name value`; strings in single quotes; a comment may follow. */
function parsePostgres(text: string): Entry[] {
  return configLines(text, { comments: '#', inlineComments: true }).flatMap(({ text: content, line }) => {
    const match = /^([A-Za-z_][\w.]*)(?:\s*=\s*|\s+)(.*)$/.exec(content);
    if (match === null) return [];
    const raw = match[2]!.trim();
    const quoted = /^'((?:[^']|'')*)'/.exec(raw);
    const value = quoted !== null ? quoted[1]!.replaceAll("''", "'") : unquote(raw.replace(/#.*/, '').trim());
    return [{ section: '', key: match[1]!.toLowerCase(), value, line }];
  });
}

function literal(path: string): string {
  return path.replace(/[*?[\\]/g, '\\$&');
}

function list(text: string): string[] {
  return text
    .split(',')
    .map((part) => unquote(part.trim()))
    .filter((part) => part !== '');
}
