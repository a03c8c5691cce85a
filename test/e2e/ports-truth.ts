import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type MemoryNode, memoryGuest } from '../../src/guest/memory/memory-guest.js';
import { inspectPorts } from '../../src/inspect/ports/index.js';
import { collect, commandOfUnit, readTexts } from '../inspect/ports/debian-packages.js';
import { DEBIAN, packages, service } from '../inspect/ports/service.js';

/**
 * Starts the daemons of Debian 12 one by one, each in namespaces of its own inside of a bootstrapped root folder, asks
 * the kernel what they listen on, and compares it with what is read from their files. Needs root, mmdebstrap and a
 * Debian archive. `npx tsx test/e2e/ports-truth.ts [UNIT…]`
 */

const execute = promisify(execFile);
const WORK = new URL('../../build/ports-truth/', import.meta.url).pathname;

/** Two roots, since some of the packages exclude each other. */
const ROOTS: Readonly<Record<string, readonly string[]>> = {
  a: [
    'nginx', 'apache2', 'lighttpd', 'caddy', 'haproxy', 'varnish', 'squid', 'postgresql', 'mariadb-server', 'redis-server',
    'memcached', 'openssh-server', 'postfix', 'dovecot-imapd', 'dovecot-pop3d', 'dovecot-managesieved', 'bind9', 'unbound',
    'dnsmasq', 'vsftpd', 'mosquitto', 'prometheus', 'prometheus-node-exporter', 'docker-registry', 'php-fpm', 'samba',
    'cups', 'chrony', 'rsync', 'slapd', 'pdns-server', 'pdns-backend-bind', 'rabbitmq-server', 'zabbix-agent', 'influxdb', 'rpcbind',
    'avahi-daemon', 'iproute2',
  ],
  b: [
    'exim4-daemon-light', 'proftpd-core', 'snmpd', 'zookeeperd', 'activemq', 'nats-server', 'etcd-server', 'tomcat10',
    'ntpsec', 'pdns-recursor', 'jetty9', 'iproute2',
  ],
}; // biome-ignore format: lists

interface Row {
  readonly root: string;
  readonly unit: string;
  /** Where the unit has only an init script, or its command needs systemd. */
  readonly start?: string;
  /** Shell text before the daemon, in its root. */
  readonly before?: string;
  /** The argv to read the ports from, when the unit's is not it. */
  readonly command?: readonly string[];
  readonly seconds?: number;
}

const ROWS: readonly Row[] = [
  { root: 'a', unit: 'nginx.service' },
  { root: 'a', unit: 'apache2.service' },
  { root: 'a', unit: 'lighttpd.service' },
  { root: 'a', unit: 'caddy.service' },
  { root: 'a', unit: 'haproxy.service' },
  { root: 'a', unit: 'varnish.service' },
  { root: 'a', unit: 'squid.service' },
  { root: 'a', unit: 'postgresql@15-main.service' },
  {
    root: 'a',
    unit: 'mariadb.service',
    start: 'exec mariadbd --user=mysql',
    before: 'install -d -o mysql /run/mysqld',
  },
  { root: 'a', unit: 'redis-server.service' },
  { root: 'a', unit: 'memcached.service' },
  { root: 'a', unit: 'ssh.service', before: 'mkdir -p /run/sshd' },
  { root: 'a', unit: 'postfix@-.service', start: 'postfix start' },
  { root: 'a', unit: 'dovecot.service' },
  { root: 'a', unit: 'named.service', before: 'install -d -o bind /run/named' },
  { root: 'a', unit: 'unbound.service', before: '/usr/libexec/unbound-helper root_trust_anchor_update' },
  { root: 'a', unit: 'dnsmasq.service', start: 'dnsmasq -k -u root -7 /etc/dnsmasq.d,.dpkg-dist,.dpkg-old,.dpkg-new' },
  { root: 'a', unit: 'vsftpd.service', before: 'mkdir -p /run/vsftpd/empty' },
  { root: 'a', unit: 'mosquitto.service', before: 'install -d -o mosquitto /run/mosquitto /var/log/mosquitto' },
  { root: 'a', unit: 'prometheus.service' },
  { root: 'a', unit: 'prometheus-node-exporter.service' },
  { root: 'a', unit: 'docker-registry.service' },
  { root: 'a', unit: 'php8.2-fpm.service', before: 'mkdir -p /run/php' },
  { root: 'a', unit: 'smbd.service', before: 'mkdir -p /run/samba' },
  { root: 'a', unit: 'nmbd.service', before: 'mkdir -p /run/samba' },
  { root: 'a', unit: 'cups.service', before: 'mkdir -p /run/cups' },
  { root: 'a', unit: 'chrony.service', start: 'chronyd -d -x', before: 'install -d -o _chrony -m 700 /run/chrony' },
  { root: 'a', unit: 'rsync.service', before: 'printf "[data]\\npath = /srv\\n" > /etc/rsyncd.conf' },
  { root: 'a', unit: 'slapd.service', start: '/etc/init.d/slapd start', command: ['/etc/init.d/slapd', 'start'] },
  { root: 'a', unit: 'pdns.service', before: 'install -d -o pdns /run/pdns' },
  { root: 'a', unit: 'rabbitmq-server.service', seconds: 40 },
  { root: 'a', unit: 'zabbix-agent.service', before: 'install -d -o zabbix /run/zabbix' },
  { root: 'a', unit: 'influxdb.service' },
  { root: 'a', unit: 'rpcbind.service' },
  { root: 'b', unit: 'exim4.service', start: '/etc/init.d/exim4 start', command: ['/etc/init.d/exim4', 'start'] },
  { root: 'b', unit: 'proftpd.service', before: 'mkdir -p /run/proftpd; echo "127.0.1.1 $(hostname)" >> /etc/hosts' },
  { root: 'b', unit: 'snmpd.service' },
  {
    root: 'b',
    unit: 'zookeeper.service',
    start: '/etc/init.d/zookeeper start',
    command: ['/etc/init.d/zookeeper', 'start'],
    seconds: 30,
  },
  {
    root: 'b',
    unit: 'activemq.service',
    start: '/etc/init.d/activemq start',
    before: 'ln -sf /etc/activemq/instances-available/main /etc/activemq/instances-enabled/main',
    command: ['/etc/init.d/activemq', 'start'],
    seconds: 40,
  },
  { root: 'b', unit: 'nats-server.service' },
  { root: 'b', unit: 'etcd.service' },
  { root: 'b', unit: 'tomcat10.service', seconds: 30 },
  { root: 'b', unit: 'jetty9.service', seconds: 40 },
  { root: 'b', unit: 'ntpsec.service', start: 'ntpd -n -p /run/ntpd.pid -c /etc/ntpsec/ntp.conf -u ntpsec:ntpsec' },
  { root: 'b', unit: 'pdns-recursor.service', before: 'install -d -o pdns /run/pdns-recursor' },
];

/** Ports that the kernel chooses at every start. */
const RANDOM: Readonly<Record<string, RegExp>> = {
  'zookeeper.service': /:(?:3[2-9]|[45])\d{3,4}$/,
  'activemq.service': /:(?:3[2-9]|[45])\d{3}$/,
};

let agreed = 0;
let failed = 0;
for (const row of ROWS) {
  if (process.argv.length > 2 && !process.argv.includes(row.unit)) continue;
  const root = await buildRoot(row.root);
  const { command, found, unit } = await readPorts(root, row);
  const truth = await startAndAsk(root, row, command, unit);
  const missing = truth.listening.filter((port) => !found.includes(port) && !RANDOM[row.unit]?.test(port));
  const invented = found.filter((port) => !truth.listening.includes(port));
  const same = missing.length === 0 && invented.length === 0;
  if (same) agreed += 1;
  else failed += 1;
  console.log(`${same ? 'ok  ' : 'DIFF'} ${row.unit}: ${found.join(', ') || '(none)'}`);
  if (same) continue;
  if (missing.length > 0) console.log(`     listens, not read: ${missing.join(', ')}`);
  if (invented.length > 0) console.log(`     read, does not listen: ${invented.join(', ')}`);
  console.log(
    truth.output
      .trim()
      .split('\n')
      .slice(-6)
      .map((line) => `     | ${line}`)
      .join('\n'),
  );
}
console.log(`${agreed} of ${agreed + failed} daemons listen exactly where their files say`);
process.exitCode = failed === 0 ? 0 : 1;

async function buildRoot(name: string): Promise<string> {
  const root = join(WORK, name);
  if (existsSync(root)) return root;
  await mkdir(WORK, { recursive: true });
  const include = `--include=${ROOTS[name]!.join(',')}`;
  await execute(
    'mmdebstrap',
    [
      '--quiet',
      '--variant=minbase',
      '--aptopt=APT::Install-Recommends "false"',
      include,
      'bookworm',
      `${root}.partial`,
    ],
    { timeout: 1_200_000 },
  );
  await rename(`${root}.partial`, root);
  return root;
}

async function readPorts(
  root: string,
  row: Row,
): Promise<{ command: readonly string[]; found: string[]; unit: string }> {
  const nodes: Record<string, MemoryNode> = {};
  collect(root, '', nodes);
  const guest = memoryGuest(nodes);
  await readTexts(guest);
  const template = row.unit.replace(/@[^.]*/, '@');
  const path = ['/lib/systemd/system', '/etc/systemd/system']
    .map((folder) => `${folder}/${template}`)
    .find((candidate) => existsSync(join(root, candidate)));
  const unit = path === undefined ? '' : readFileSync(join(root, path), 'utf8');
  const { command: own, environment } = commandOfUnit(guest, row.unit, unit);
  const command = row.command ?? own;
  const tested = service(row.unit, command, { environment, evidence: [{ path: path ?? '/etc/init.d' }] });
  const inspection = await inspectPorts(guest, [tested], { packages: packages(versionsIn(root)), os: DEBIAN });
  const ports = inspection.byService
    .get(row.unit)!
    .ports.map(({ port, protocol, address }) => `${protocol} ${reach(address)}:${port}`);
  for (const problem of inspection.problems) console.log(`     ! ${problem.code} ${problem.path}: ${problem.reason}`);
  return { command, found: reachable(ports), unit };
}

function versionsIn(root: string): Record<string, string> {
  const versions: Record<string, string> = {};
  for (const record of readFileSync(join(root, 'var/lib/dpkg/status'), 'utf8').split('\n\n')) {
    const name = /^Package: (.*)$/m.exec(record)?.[1];
    const version = /^Version: (.*)$/m.exec(record)?.[1];
    if (name !== undefined && version !== undefined) versions[name] = version;
  }
  return versions;
}

/** The script is pid 1 of its namespace: when it ends, everything that the daemon left behind ends with it. */
async function startAndAsk(
  root: string,
  row: Row,
  command: readonly string[],
  unit: string,
): Promise<{ listening: string[]; output: string }> {
  const field = (name: string): string => new RegExp(`^${name}=(.*)$`, 'm').exec(unit)?.[1]?.trim() ?? '';
  const user = field('User') || 'root';
  const quote = (word: string): string => `'${word.replaceAll("'", `'\\''`)}'`;
  const environment = [...unit.matchAll(/^EnvironmentFile=-?(\S+)$/gm)].map(
    (match) => `[ -f ${match[1]} ] && set -a && . ${match[1]} && set +a`,
  );
  const folders = [
    ...field('RuntimeDirectory')
      .split(/\s+/)
      .map((name) => `/run/${name}`),
    ...field('StateDirectory')
      .split(/\s+/)
      .map((name) => `/var/lib/${name}`),
    ...field('LogsDirectory')
      .split(/\s+/)
      .map((name) => `/var/log/${name}`),
  ];
  const made = folders.filter((path) => !path.endsWith('/')).map((path) => `install -d -o ${user} ${path}`);
  const assignments = [...unit.matchAll(/^Environment="?([A-Z_]\w*=[^"\n]*)"?$/gm)].map(
    (match) => `export ${quote(match[1]!)}`,
  );
  const exec = row.start ?? `exec ${command.map(quote).join(' ')}`;
  const inner = [
    ...environment,
    ...assignments,
    ...made,
    row.before ?? 'true',
    'cd /',
    user === 'root' || row.start !== undefined
      ? exec
      : `exec setpriv --reuid ${user} --regid ${field('Group') || user} --init-groups --inh-caps +net_bind_service --ambient-caps +net_bind_service -- env HOME=$(getent passwd ${user} | cut -d: -f6) ${exec.replace(/^exec /, '')}`,
  ].join('\n');
  const script = [
    'ip link set lo up',
    'ip link add d0 type veth peer name d1 && ip link set d1 up && ip addr add 192.0.2.1/24 dev d0 && ip link set d0 up',
    `mount -t proc proc ${root}/proc; mount -t tmpfs tmpfs ${root}/run; mount --rbind /dev ${root}/dev`,
    `mkdir -p ${root}/run/lock ${root}/run/systemd`,
    `chroot ${root} /bin/sh -c ${quote(inner)} > /dev/shm/ports-truth.log 2>&1 &`,
    'old=none; same=0; n=0',
    `while [ $same -lt 6 ] && [ $n -lt ${(row.seconds ?? 15) * 2} ]; do sleep 0.5; n=$((n+1)); new=$(ss -Hlntu | sort); if [ -n "$new" ] && [ "$new" = "$old" ]; then same=$((same+1)); else same=0; fi; old=$new; done`,
    'echo =====; ss -Hlntup; echo =====; tail -n 20 /dev/shm/ports-truth.log',
  ].join('\n');
  const { stdout } = await execute(
    'unshare',
    ['--mount', '--net', '--pid', '--fork', '--kill-child', '/bin/sh', '-c', script],
    { timeout: 120_000, maxBuffer: 4_000_000 },
  );
  const [, sockets = '', output = ''] = stdout.split('=====\n');
  return { listening: parseSockets(sockets), output };
}

/** UDP above 32768 without a server behind it is what a resolver or a client asks from. */
function parseSockets(text: string): string[] {
  const found = text.split('\n').flatMap((line) => {
    const [protocol = '', , , , local = ''] = line.trim().split(/\s+/);
    const at = local.lastIndexOf(':');
    const port = Number(local.slice(at + 1));
    if (protocol === '' || (protocol === 'udp' && port >= 32768)) return [];
    return [
      `${protocol} ${reach(
        local
          .slice(0, at)
          .replace(/^\[|\]$/g, '')
          .replace(/%.*/, ''),
      )}:${port}`,
    ];
  });
  return reachable(found);
}

/** A port that everybody reaches is reached over loopback, too. */
function reachable(ports: readonly string[]): string[] {
  return [...new Set(ports)]
    .filter((port) => !ports.includes(port.replace(' loopback:', ' all:')) || !port.includes(' loopback:'))
    .sort();
}

/** Families and single addresses are not compared, only who can reach the port. */
function reach(address: string): string {
  return address.startsWith('127.') || address === '::1' ? 'loopback' : 'all';
}
