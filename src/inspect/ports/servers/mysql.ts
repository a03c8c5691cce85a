import { type InFile, readWithIncludes } from '../config-files.js';
import { collectFindings } from '../findings.js';
import { type Entry, parseLines } from '../formats/lines.js';
import type { PortContext, PortReader } from '../reader.js';
import type { Setting } from '../setting.js';
import { fallback, fromFile, isAtLeast, isNo, isYes } from '../settings.js';

/** https://dev.mysql.com/doc/refman/8.0/en/option-files.html, https://mariadb.com/kb/en/configuring-mariadb-with-option-files/ */
export const mysql: PortReader = {
  name: 'mysql',
  programs: ['mysqld', 'mariadbd', 'mysqld_safe', 'mariadbd-safe', 'mysql', 'mariadb', 'mysqld_multi', 'galera'],
  packages: [
    'mariadb-server',
    'mysql-server',
    'mysql-community-server',
    'mysql-server-8.0',
    'mariadb-server-10.5',
    'percona-server-server',
  ],
  async read(context) {
    const findings = await collectFindings(context, { wildcards: 'mapped' });
    const isMaria = /maria/.test(context.packageName ?? '') || /maria/.test(context.command.program);
    const { entries, main } = await options(context, isMaria);
    const setting = (name: string): Setting | undefined => {
      const spelled = [name, name.replaceAll('-', '_')];
      const given = context.command.option(...spelled);
      const entry = entries.findLast((candidate) => candidate.key === name);
      return given ?? (entry === undefined ? undefined : fromFile(entry));
    };
    const socket = setting('socket')?.value ?? defaultSocket(context);
    if (socket.startsWith('/')) findings.socket(socket);
    const skip = setting('skip-networking');
    if (skip !== undefined && !isNo(skip.value)) return findings.done();
    const port = nonZero(setting('port')) ?? fallback(context, main, 3306);
    const bind = setting('bind-address');
    const origin = port.evidence.line === undefined && bind !== undefined ? bind : port;
    for (const host of addresses(bind)) findings.add(host, port.value, origin);
    if (!isMaria && isMysql8(context)) {
      const pluginOff = setting('mysqlx');
      if (!isNo(pluginOff?.value)) {
        const pluginPort = setting('mysqlx-port') ?? fallback(context, main, 33060);
        const pluginBind = setting('mysqlx-bind-address');
        for (const host of addresses(pluginBind)) findings.add(host, pluginPort.value, pluginPort);
        findings.socket(setting('mysqlx-socket')?.value ?? '/var/run/mysqld/mysqlx.sock');
      }
      const admin = setting('admin-address');
      if (admin !== undefined) findings.add(admin.value, setting('admin-port')?.value ?? 33062, admin);
    }
    const cluster = setting('wsrep-on');
    if (isYes(cluster?.value) && setting('wsrep-cluster-address') !== undefined) {
      const listen = /gmcast\.listen_addr=\s*([^;\s]+)/.exec(setting('wsrep-provider-options')?.value ?? '')?.[1];
      findings.endpoint({ ...cluster!, value: listen ?? 'tcp://0.0.0.0:4567' }, { port: 4567 });
    }
    return findings.done();
  },
};

const MAIN_FILES = ['/etc/my.cnf', '/etc/mysql/my.cnf', '/usr/etc/my.cnf'];

async function options(
  context: PortContext,
  isMaria: boolean,
): Promise<{ entries: InFile<Entry>[]; main: string | undefined }> {
  const { command, files } = context;
  const only = command.option('defaults-file')?.value;
  const extra = command.option('defaults-extra-file')?.value;
  const paths = only !== undefined ? [only] : [...MAIN_FILES, ...(extra === undefined ? [] : [extra])];
  // /etc/mysql/my.cnf is often the very file that /etc/my.cnf links to.
  const real = new Map(paths.map((path) => [context.fs.stat(path)?.path, path]));
  const entries: InFile<Entry>[] = [];
  for (const [canonical, path] of real) {
    if (canonical === undefined) continue;
    entries.push(
      ...(await readWithIncludes(files, path, {
        parse: parseMysql,
        includes: (entry) => {
          const match = /^!include(dir)?\s+(.+)$/.exec(entry.key);
          if (match === null) return undefined;
          const target = match[2]!.trim();
          return match[1] === undefined ? [target] : files.folder(target, '.cnf');
        },
      })),
    );
  }
  const groups = serverGroups(isMaria);
  return {
    entries: entries.filter((entry) => groups.test(entry.section)),
    main: [...real.values()].find((path) => files.first([path])),
  };
}

/** The groups that a server reads; those with a version count for any version, which is how packages use them. */
function serverGroups(isMaria: boolean): RegExp {
  return isMaria
    ? /^(?:mysqld|server|mariadb|mariadbd|galera|client-server|mysqld-\d+\.\d+|mariadb-\d+\.\d+|mariadbd-\d+\.\d+)$/
    : /^(?:mysqld|server|mysqld-\d+\.\d+)$/;
}

function parseMysql(text: string): Entry[] {
  return parseLines(text, { separator: '=', comments: '#;', inlineComments: true, sections: true, unquote: true }).map(
    (entry) => ({
      ...entry,
      key: entry.key.startsWith('!') ? entry.key : entry.key.replaceAll('_', '-').replace(/^loose-/, ''),
    }),
  );
}

function addresses(bind: Setting | undefined): string[] {
  const hosts = (bind?.value ?? '*').split(',').map((host) => host.trim());
  return hosts.filter((host) => host !== '');
}

function nonZero(port: Setting | undefined): Setting | undefined {
  return port?.value === '0' ? undefined : port;
}

function isMysql8(context: PortContext): boolean {
  return context.packageName !== null && isAtLeast(context.version, '8.0.11');
}

function defaultSocket(context: PortContext): string {
  return context.fs.exists('/etc/debian_version') ? '/run/mysqld/mysqld.sock' : '/var/lib/mysql/mysql.sock';
}
