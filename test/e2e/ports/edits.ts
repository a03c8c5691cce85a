import type { ListeningPort } from '../../../src/model/services.js';
import { editedFiles, readInRoot } from './root.js';
import type { Row } from './rows.js';

/**
 * Edits of a daemon's real files, made from where its ports were found: numbers and addresses changed, lines commented,
 * moved into an included file, put into a disabled one. Each is a row of its own, for both sides to look at.
 */
export function editsOf(root: string, row: Row, ports: readonly ListeningPort[]): { what: string; row: Row }[] {
  const lines = citedLines(root, row, ports);
  const habits = HABITS.find(({ units }) => units.test(row.unit));
  const edited = (what: string, change: (line: CitedLine) => string | null, of: readonly CitedLine[]) => {
    const edits = editLines(of, change);
    return Object.keys(edits).length === 0 ? [] : [{ what, row: withEdits(row, edits) }];
  };
  // RabbitMQ's list of plugins is a term of Erlang.
  const comment = (line: CitedLine): string | null =>
    commented(line, line.path.endsWith('/enabled_plugins') ? '%' : (habits?.comment ?? '#'));
  const rows = [
    ...edited('changed', changeNumbers, lines),
    ...edited('bound elsewhere', changeAddress, lines),
    ...lines.slice(0, 4).flatMap((line) => edited(`line ${line.path}:${line.number} commented`, comment, [line])),
    ...(lines.length > 1 ? edited('all commented', comment, lines) : []),
  ];
  if (habits?.include !== undefined) {
    const { include, prefix = '' } = habits;
    const files: Record<string, string> = {};
    const edits = editLines(
      lines.filter(({ path }) => habits.files.test(path)),
      (line) => {
        if (/[{<[]\s*$|^\s*[<[]/.test(line.text)) return null;
        const moved = `${habits.folder}/moved-${line.number}.conf`;
        files[moved] = `${prefix}${line.text.trim()}\n`;
        return include(moved);
      },
    );
    const moved = Object.fromEntries(Object.entries(files).map(([path, text]) => [path, () => text]));
    if (Object.keys(edits).length > 0)
      rows.push({ what: 'moved into an include', row: withEdits(row, { ...edits, ...moved }) });
  }
  if (habits?.disabled !== undefined) {
    const [path, text] = habits.disabled;
    rows.push({ what: 'in a disabled file', row: withEdits(row, { [path]: () => text }) });
  }
  return rows;
}

interface CitedLine {
  readonly path: string;
  readonly number: number;
  readonly text: string;
  readonly ports: readonly number[];
}

/** The row with further edits on top of its own. */
function withEdits(row: Row, edits: NonNullable<Row['edits']>): Row {
  const own = row.edits ?? {};
  const both = Object.keys(edits).map((path): [string, (old: string) => string] => [
    path,
    (old) => edits[path]!(own[path]?.(old) ?? old),
  ]);
  return { ...row, edits: { ...own, ...Object.fromEntries(both) } };
}

function citedLines(root: string, row: Row, ports: readonly ListeningPort[]): CitedLine[] {
  const edited = editedFiles(root, row);
  const cited = new Map<string, CitedLine>();
  for (const { port, evidence } of ports) {
    const { path, line } = evidence;
    const whole = line === undefined || !path.startsWith('/etc/') ? null : (edited[path] ?? readInRoot(root, path));
    if (line === undefined || whole === null) continue;
    const known = cited.get(`${path}:${line}`);
    const text = whole.split('\n')[line - 1] ?? '';
    cited.set(`${path}:${line}`, { path, number: line, text, ports: [...(known?.ports ?? []), port] });
  }
  return [...cited.values()];
}

/** Every given line as `change` makes it (null leaves it), grouped by file. */
function editLines(of: readonly CitedLine[], change: (line: CitedLine) => string | null): NonNullable<Row['edits']> {
  const byPath = new Map<string, Map<number, string>>();
  for (const line of of) {
    const text = change(line);
    if (text === null || text === line.text) continue;
    byPath.set(line.path, (byPath.get(line.path) ?? new Map()).set(line.number - 1, text));
  }
  return Object.fromEntries(
    [...byPath].map(([path, texts]) => [
      path,
      (old: string) =>
        old
          .split('\n')
          .map((text, index) => texts.get(index) ?? text)
          .join('\n'),
    ]),
  );
}

/** Ports are moved by a fixed distance; a line that does not name its port by number stays. */
function changeNumbers({ text, ports }: CitedLine): string | null {
  const numbers = ports.filter((port) => new RegExp(`(?<![\\d.])${port}(?!\\d)`).test(text));
  if (numbers.length === 0) return null;
  return text.replace(/(?<![\d.])\d{1,5}(?!\d)/g, (word) =>
    numbers.includes(Number(word)) ? String(Number(word) + 12_000) : word,
  );
}

function changeAddress({ text }: CitedLine): string | null {
  if (/\b127\.0\.0\.1\b/.test(text)) return text.replaceAll(/\b127\.0\.0\.1\b/g, '0.0.0.0');
  if (/\b0\.0\.0\.0\b/.test(text)) return text.replaceAll(/\b0\.0\.0\.0\b/g, '127.0.0.1');
  return text.includes('[::]:') ? text.replace('[::]:', '[::1]:') : null;
}

/** A line that opens a block, or lies inside of an element, cannot go alone. */
function commented({ text }: CitedLine, mark: string): string | null {
  if (/\{\s*$/.test(text) || /^\s*</.test(text)) return null;
  return `${mark}${text}`;
}

interface Habits {
  readonly units: RegExp;
  readonly comment?: string;
  /** Files that may include others, where included ones are put, and the line that includes one. */
  readonly files: RegExp;
  readonly folder: string;
  readonly include?: (path: string) => string;
  /** What an included file must begin with, to mean the same. */
  readonly prefix?: string;
  /** A file that the daemon does not read, however much it looks like one. */
  readonly disabled?: readonly [path: string, text: string];
}

const HABITS: readonly Habits[] = [
  {
    units: /^nginx/,
    files: /nginx/,
    folder: '/etc/nginx',
    include: (path) => `include ${path};`,
    disabled: ['/etc/nginx/sites-available/off', 'server { listen 9099; }\n'],
  },
  {
    units: /^apache2/,
    files: /apache2/,
    folder: '/etc/apache2',
    include: (path) => `Include ${path}`,
    disabled: ['/etc/apache2/conf-available/off.conf', 'Listen 9099\n'],
  },
  {
    units: /^lighttpd/,
    files: /lighttpd/,
    folder: '/etc/lighttpd',
    include: (path) => `include "${path}"`,
    disabled: ['/etc/lighttpd/conf-available/99-off.conf', '$SERVER["socket"] == ":9099" { }\n'],
  },
  {
    units: /^squid/,
    files: /squid/,
    folder: '/etc/squid',
    include: (path) => `include ${path}`,
    disabled: ['/etc/squid/conf.d/off.conf.off', 'http_port 9099\n'],
  },
  {
    units: /^postgresql/,
    files: /postgresql\.conf/,
    folder: '/etc/postgresql',
    include: (path) => `include '${path}'`,
    disabled: ['/etc/postgresql/15/main/conf.d/off.conf.off', 'port = 9099\n'],
  },
  {
    units: /^mariadb/,
    files: /\.cnf$/,
    folder: '/etc/mysql',
    include: (path) => `!include ${path}`,
    prefix: '[mysqld]\n',
    disabled: ['/etc/mysql/mariadb.conf.d/off.cnf.off', '[mysqld]\nport = 9099\n'],
  },
  {
    units: /^redis/,
    files: /redis/,
    folder: '/etc/redis',
    include: (path) => `include ${path}`,
    disabled: ['/etc/redis/off.conf', 'port 9099\n'],
  },
  {
    units: /^ssh/,
    files: /sshd_config/,
    folder: '/etc/ssh',
    include: (path) => `Include ${path}`,
    disabled: ['/etc/ssh/sshd_config.d/off.conf.off', 'Port 9099\n'],
  },
  {
    units: /^dovecot/,
    files: /dovecot/,
    folder: '/etc/dovecot',
    include: (path) => `!include ${path}`,
    disabled: ['/etc/dovecot/conf.d/off.conf.off', 'service imap-login {\n inet_listener x {\n  port = 9099\n }\n}\n'],
  },
  {
    units: /^named/,
    comment: '//',
    files: /bind/,
    folder: '/etc/bind',
    include: (path) => `include "${path}";`,
    disabled: ['/etc/bind/named.conf.off', 'options { listen-on port 9099 { any; }; };\n'],
  },
  {
    units: /^unbound/,
    files: /unbound/,
    folder: '/etc/unbound',
    include: (path) => `include: "${path}"`,
    prefix: 'server:\n',
    disabled: ['/etc/unbound/unbound.conf.d/off.conf.off', 'server:\n port: 9099\n'],
  },
  {
    units: /^dnsmasq/,
    files: /dnsmasq/,
    folder: '/etc',
    include: (path) => `conf-file=${path}`,
    disabled: ['/etc/dnsmasq.d/off.dpkg-dist', 'port=9099\n'],
  },
  {
    units: /^mosquitto/,
    files: /none/,
    folder: '/etc',
    disabled: ['/etc/mosquitto/conf.d/off.conf.off', 'listener 9099\n'],
  },
  {
    units: /^caddy/,
    files: /Caddyfile/,
    folder: '/etc/caddy',
    include: (path) => `import ${path}`,
    disabled: ['/etc/caddy/off.caddy', ':9099 {\n}\n'],
  },
  {
    units: /^php/,
    comment: ';',
    files: /none/,
    folder: '/etc',
    disabled: [
      '/etc/php/8.2/fpm/pool.d/off.conf.off',
      '[off]\nuser = www-data\nlisten = 9099\npm = static\npm.max_children = 1\n',
    ],
  },
  {
    units: /^(?:smbd|nmbd)/,
    files: /smb\.conf/,
    folder: '/etc/samba',
    include: (path) => `include = ${path}`,
    disabled: ['/etc/samba/off.conf', 'smb ports = 9099\n'],
  },
  {
    units: /^chrony/,
    files: /chrony/,
    folder: '/etc/chrony',
    include: (path) => `include ${path}`,
    disabled: ['/etc/chrony/conf.d/off.conf.off', 'port 9099\nallow\n'],
  },
  {
    units: /^pdns\./,
    files: /none/,
    folder: '/etc',
    disabled: ['/etc/powerdns/pdns.d/off.conf.off', 'local-port=9099\n'],
  },
  {
    units: /^zabbix/,
    files: /zabbix/,
    folder: '/etc/zabbix',
    include: (path) => `Include=${path}`,
    disabled: ['/etc/zabbix/zabbix_agentd.conf.d/off.conf.off', 'ListenPort=9099\n'],
  },
  {
    units: /^proftpd/,
    files: /proftpd/,
    folder: '/etc/proftpd',
    include: (path) => `Include ${path}`,
    disabled: ['/etc/proftpd/conf.d/off.conf.off', 'Port 9099\n'],
  },
  {
    units: /^snmpd/,
    files: /snmpd/,
    folder: '/etc/snmp',
    include: (path) => `includeFile ${path}`,
    disabled: ['/etc/snmp/snmpd.conf.d/off.conf.off', 'agentaddress 9099\n'],
  },
  {
    units: /^rsync/,
    files: /rsyncd/,
    folder: '/etc',
    include: (path) => `&include ${path}`,
    disabled: ['/etc/rsyncd.conf.off', 'port = 9099\n'],
  },
];
