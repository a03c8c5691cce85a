import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, rename, writeFile } from 'node:fs/promises';
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
  /** Files changed before both sides look: path → new text, made from the old one (empty when there is none). */
  readonly edits?: Readonly<Record<string, (old: string) => string>>;
}

const ROWS: readonly Row[] = [
  { root: 'a', unit: 'nginx.service' },
  { root: 'a', unit: 'apache2.service' },
  { root: 'a', unit: 'lighttpd.service' },
  { root: 'a', unit: 'caddy.service' },
  { root: 'a', unit: 'haproxy.service', before: 'mkdir -p /run/haproxy' },
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
  {
    root: 'a',
    unit: 'pdns.service',
    before:
      'install -d -o pdns /run/pdns; mkdir -p /var/lib/powerdns; touch /var/lib/powerdns/supermaster.conf /etc/powerdns/named.conf',
  },
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

const append =
  (text: string) =>
  (old: string): string =>
    `${old}\n${text}\n`;
const only = (text: string) => (): string => text;

/** The same daemons after somebody changed their files. */
const CHANGED: readonly Row[] = [
  {
    root: 'a',
    unit: 'nginx.service',
    edits: {
      '/etc/nginx/conf.d/x.conf': only(
        'server { listen 127.0.0.1:8081; listen [::]:8082; listen 8083; }\nserver { listen [::]:8084 ipv6only=off; }\n# listen 9;\nstream { }'.replace(
          '\nstream { }',
          '',
        ),
      ),
      '/etc/nginx/sites-available/off': only('server { listen 8099; }'),
    },
  },
  {
    root: 'a',
    unit: 'apache2.service',
    edits: {
      '/etc/apache2/ports.conf': only(
        // biome-ignore lint/suspicious/noTemplateCurlyInString: a placeholder of the configuration's own
        'Define P 8080\nListen ${P}\nListen 127.0.0.1:8081\n<IfModule ssl_module>\nListen 443\n</IfModule>\n<IfModule !ssl_module>\nListen 8082\n</IfModule>',
      ),
    },
  },
  {
    root: 'a',
    unit: 'lighttpd.service',
    edits: {
      '/etc/lighttpd/lighttpd.conf': (old) =>
        old
          .replace(/server\.port\s*=\s*80/, 'server.port = 8088\nserver.bind = "127.0.0.1"')
          .replace(/^include_shell .*ipv6.*$/m, '')
          .concat('\n$SERVER["socket"] == "0.0.0.0:8089" { }\n'),
    },
  },
  {
    root: 'a',
    unit: 'haproxy.service',
    before: 'mkdir -p /run/haproxy',
    edits: {
      '/etc/haproxy/haproxy.cfg': append(
        'listen a\n  bind :8001\n  bind 127.0.0.1:8002,127.0.0.1:8003\n  bind ::1:8004\nfrontend off\n  disabled\n  bind :8009\nfrontend c\n  bind *:8005-8006\n  mode http',
      ),
    },
  },
  {
    root: 'a',
    unit: 'squid.service',
    edits: {
      '/etc/squid/squid.conf': (old) =>
        old.replace('http_port 3128', 'http_port 127.0.0.1:8118\nhttp_port 8119\nicp_port 3130'),
    },
  },
  {
    root: 'a',
    unit: 'postgresql@15-main.service',
    edits: { '/etc/postgresql/15/main/conf.d/x.conf': only("listen_addresses = '*' # all\nport = 5433\n") },
  },
  {
    root: 'a',
    unit: 'mariadb.service',
    start: 'exec mariadbd --user=mysql',
    before: 'install -d -o mysql /run/mysqld',
    edits: {
      '/etc/mysql/mariadb.conf.d/99-x.cnf': only('[mysqld]\nport=3307\nbind_address = 0.0.0.0\n[client]\nport=9\n'),
    },
  },
  {
    root: 'a',
    unit: 'mariadb.service',
    start: 'exec mariadbd --user=mysql',
    before: 'install -d -o mysql /run/mysqld',
    edits: { '/etc/mysql/conf.d/x.cnf': only('[mariadb]\nskip-networking\n') },
  },
  {
    root: 'a',
    unit: 'redis-server.service',
    edits: { '/etc/redis/redis.conf': append('bind 0.0.0.0\nport 6390\nprotected-mode no') },
  },
  {
    root: 'a',
    unit: 'memcached.service',
    edits: {
      '/etc/memcached.conf': (old) => old.replace(/^-l .*$/gm, '-l 0.0.0.0').replace(/^-p .*$/m, '-p 11311\n-U 11311'),
    },
  },
  {
    root: 'a',
    unit: 'ssh.service',
    before: 'mkdir -p /run/sshd',
    edits: {
      '/etc/ssh/sshd_config.d/x.conf': only('Port 2022\nListenAddress 127.0.0.1\n'),
      '/etc/ssh/sshd_config': append('Port 2023\nMatch User nobody\n  Banner none'),
    },
  },
  {
    root: 'a',
    unit: 'postfix@-.service',
    start: 'postfix start',
    edits: {
      '/etc/postfix/main.cf': append('inet_interfaces = loopback-only'),
      '/etc/postfix/master.cf': append(
        'submission inet n - y - - smtpd\n127.0.0.1:10025 inet n - n - - smtpd\n  -o smtpd_banner=x\n#smtps inet n - y - - smtpd',
      ),
    },
  },
  {
    root: 'a',
    unit: 'dovecot.service',
    edits: {
      '/etc/dovecot/conf.d/10-ssl.conf': only('ssl = no\n'),
      '/etc/dovecot/local.conf': only(
        'service imap-login {\n  inet_listener imap {\n    port = 1143\n    address = 127.0.0.1\n  }\n  inet_listener extra {\n    port = 1144\n  }\n}\nservice pop3-login {\n  inet_listener pop3 {\n    port = 0\n  }\n}\n',
      ),
    },
  },
  {
    root: 'a',
    unit: 'named.service',
    before: 'install -d -o bind /run/named',
    edits: {
      '/etc/bind/named.conf.options': only(
        'acl mine { 127.0.0.1; };\noptions { directory "/var/cache/bind"; listen-on port 5353 { mine; }; listen-on-v6 { none; }; };\ncontrols { };\nstatistics-channels { inet 127.0.0.1 port 8053 allow { any; }; };\n',
      ),
    },
  },
  {
    root: 'a',
    unit: 'unbound.service',
    before: '/usr/libexec/unbound-helper root_trust_anchor_update',
    edits: {
      '/etc/unbound/unbound.conf.d/x.conf': only(
        'server:\n  interface: 0.0.0.0\n  interface: 127.0.0.1@5335\n  do-ip6: no\n  port: 5300\nremote-control:\n  control-interface: 127.0.0.1\n',
      ),
    },
  },
  {
    root: 'a',
    unit: 'dnsmasq.service',
    start: 'dnsmasq -k -u root -7 /etc/dnsmasq.d,.dpkg-dist,.dpkg-old,.dpkg-new',
    edits: { '/etc/dnsmasq.d/x': only('bind-interfaces\nlisten-address=127.0.0.1\nport=5301\nenable-tftp\n') },
  },
  {
    root: 'a',
    unit: 'vsftpd.service',
    before: 'mkdir -p /run/vsftpd/empty',
    edits: {
      '/etc/vsftpd.conf': (old) =>
        old
          .replace('listen=NO', 'listen=YES')
          .replace('listen_ipv6=YES', '#listen_ipv6=YES')
          .concat('\nlisten_port=2121\nlisten_address=127.0.0.1\n'),
    },
  },
  {
    root: 'a',
    unit: 'mosquitto.service',
    before: 'install -d -o mosquitto /run/mosquitto /var/log/mosquitto',
    edits: { '/etc/mosquitto/conf.d/x.conf': only('listener 1884\nlistener 1885 127.0.0.1\nallow_anonymous true\n') },
  },
  {
    root: 'a',
    unit: 'mosquitto.service',
    before: 'install -d -o mosquitto /run/mosquitto /var/log/mosquitto',
    edits: { '/etc/mosquitto/conf.d/x.conf': only('port 1886\n') },
  },
  {
    root: 'a',
    unit: 'prometheus-node-exporter.service',
    edits: { '/etc/default/prometheus-node-exporter': only('ARGS="--web.listen-address=127.0.0.1:9200"\n') },
  },
  {
    root: 'a',
    unit: 'docker-registry.service',
    edits: { '/etc/docker/registry/config.yml': (old) => old.replace(/addr: :5000/, 'addr: 127.0.0.1:5005') },
  },
  {
    root: 'a',
    unit: 'php8.2-fpm.service',
    before: 'mkdir -p /run/php',
    edits: { '/etc/php/8.2/fpm/pool.d/www.conf': (old) => old.replace(/^listen = .*$/m, 'listen = 9000') },
  },
  {
    root: 'a',
    unit: 'smbd.service',
    before: 'mkdir -p /run/samba',
    edits: {
      '/etc/samba/smb.conf': (old) =>
        old.replace('[global]', '[global]\n interfaces = lo\n bind interfaces only = yes\n disable netbios = yes'),
    },
  },
  {
    root: 'a',
    unit: 'cups.service',
    before: 'mkdir -p /run/cups',
    edits: { '/etc/cups/cupsd.conf': (old) => old.replace(/^Listen localhost:631$/m, 'Port 6631') },
  },
  {
    root: 'a',
    unit: 'chrony.service',
    start: 'chronyd -d -x',
    before: 'install -d -o _chrony -m 700 /run/chrony',
    edits: { '/etc/chrony/conf.d/x.conf': only('allow 192.0.2.0/24\ncmdport 0\n') },
  },
  {
    root: 'a',
    unit: 'rsync.service',
    edits: { '/etc/rsyncd.conf': only('port = 8873\naddress = 127.0.0.1\n[data]\npath = /srv\nport = 9\n') },
  },
  {
    root: 'a',
    unit: 'slapd.service',
    start: '/etc/init.d/slapd start',
    command: ['/etc/init.d/slapd', 'start'],
    edits: {
      '/etc/default/slapd': (old) =>
        old.replace(/^SLAPD_SERVICES=.*$/m, 'SLAPD_SERVICES="ldap://127.0.0.1:1389/ ldapi:///"'),
    },
  },
  {
    root: 'a',
    unit: 'pdns.service',
    before:
      'install -d -o pdns /run/pdns; mkdir -p /var/lib/powerdns; touch /var/lib/powerdns/supermaster.conf /etc/powerdns/named.conf',
    edits: { '/etc/powerdns/pdns.d/x.conf': only('local-address=127.0.0.1\nlocal-port=5302\nwebserver=yes\n') },
  },
  {
    root: 'a',
    unit: 'rabbitmq-server.service',
    seconds: 40,
    edits: {
      '/etc/rabbitmq/rabbitmq.conf': only('listeners.tcp.1 = 127.0.0.1:5673\n'),
      '/etc/rabbitmq/enabled_plugins': only('[rabbitmq_management].\n'),
    },
  },
  {
    root: 'a',
    unit: 'zabbix-agent.service',
    before: 'install -d -o zabbix /run/zabbix',
    edits: { '/etc/zabbix/zabbix_agentd.conf': append('ListenPort=10055\nListenIP=127.0.0.1') },
  },
  {
    root: 'a',
    unit: 'caddy.service',
    edits: {
      '/etc/caddy/Caddyfile': only(
        '{\n  admin off\n}\nhttp://localhost:8085, :8086 {\n  respond "x"\n}\n(snip) {\n  header x y\n}\n',
      ),
    },
  },
  {
    root: 'a',
    unit: 'caddy.service',
    edits: {
      '/etc/caddy/Caddyfile': only('{\n  admin localhost:2020\n  local_certs\n}\nexample.test {\n  respond "x"\n}\n'),
    },
  },
  {
    root: 'b',
    unit: 'exim4.service',
    start: '/etc/init.d/exim4 start',
    command: ['/etc/init.d/exim4', 'start'],
    edits: {
      '/etc/exim4/update-exim4.conf.conf': (old) => old.replace(/^dc_local_interfaces=.*$/m, "dc_local_interfaces=''"),
      '/etc/default/exim4': (old) => old.replace(/^SMTPLISTENEROPTIONS=.*$/m, "SMTPLISTENEROPTIONS='-oX 587:25'"),
    },
  },
  {
    root: 'b',
    unit: 'proftpd.service',
    before: 'mkdir -p /run/proftpd; echo "127.0.1.1 $(hostname)" >> /etc/hosts',
    edits: {
      '/etc/proftpd/conf.d/x.conf': only(
        'Port 2122\n<VirtualHost 127.0.0.1>\n  Port 2123\n</VirtualHost>\n<IfModule mod_nothing.c>\nPort 9\n</IfModule>\n',
      ),
    },
  },
  {
    root: 'b',
    unit: 'snmpd.service',
    edits: {
      '/etc/snmp/snmpd.conf': (old) => old.replace(/^agentaddress.*$/m, 'agentaddress udp:1161,tcp:127.0.0.1:1162'),
    },
  },
  {
    root: 'b',
    unit: 'tomcat10.service',
    seconds: 30,
    edits: {
      '/etc/tomcat10/server.xml': (old) =>
        old.replace('port="8080"', 'port="8180" address="127.0.0.1"').replace('port="-1"', 'port="8005"'),
    },
  },
  {
    root: 'b',
    unit: 'jetty9.service',
    seconds: 40,
    edits: { '/etc/jetty9/start.ini': append('jetty.http.port=8280\njetty.http.host=127.0.0.1') },
  },
  {
    root: 'b',
    unit: 'nats-server.service',
    edits: {
      '/etc/nats-server.conf': only('listen: 0.0.0.0:4333\nhttp: 8222\ncluster {\n  listen: 127.0.0.1:6222\n}\n'),
    },
  },
  {
    root: 'b',
    unit: 'etcd.service',
    edits: {
      '/etc/default/etcd': only(
        'ETCD_LISTEN_CLIENT_URLS="http://0.0.0.0:2479"\nETCD_ADVERTISE_CLIENT_URLS="http://127.0.0.1:2479"\n',
      ),
    },
  },
];

/** Ports that the kernel chooses at every start. */
const RANDOM: Readonly<Record<string, RegExp>> = {
  'zookeeper.service': /:(?:3[2-9]|[45])\d{3,4}$/,
  'activemq.service': /:(?:3[2-9]|[45])\d{3}$/,
};

let agreed = 0;
let failed = 0;
for (const row of [...ROWS, ...CHANGED]) {
  if (process.argv.includes('--changed') && row.edits === undefined) continue;
  const named = process.argv.filter((argument) => /\.service$/.test(argument));
  if (named.length > 0 && !named.includes(row.unit)) continue;
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
  for (const [path, text] of Object.entries(editedFiles(root, row))) nodes[path] = text;
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

function editedFiles(root: string, row: Row): Record<string, string> {
  return Object.fromEntries(
    Object.entries(row.edits ?? {}).map(([path, edit]) => [
      path,
      edit(existsSync(join(root, path)) ? readFileSync(join(root, path), 'utf8') : ''),
    ]),
  );
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
  const environment = [
    ...unit.replaceAll('%p', row.unit.replace(/[@.].*$/, '')).matchAll(/^EnvironmentFile=-?(\S+)$/gm),
  ].map((match) => `[ -f ${match[1]} ] && set -a && . ${match[1]} && set +a`);
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
    // Whatever happens below is forgotten with the namespace: the root itself is only the lower folder.
    'mkdir -p /dev/shm/ports-truth; mount -t tmpfs tmpfs /dev/shm/ports-truth; cd /dev/shm/ports-truth; mkdir up work m',
    `mount -t overlay overlay -o lowerdir=${root},upperdir=up,workdir=work m`,
    ...Object.entries(editedFiles(root, row)).map(
      ([path, text]) => `echo ${Buffer.from(text).toString('base64')} | base64 -d > m${path}`,
    ),
    'mount -t proc proc m/proc; mount -t tmpfs tmpfs m/run; mount --rbind /dev m/dev',
    'mkdir -p m/run/lock m/run/systemd',
    `chroot m /bin/sh -c ${quote(inner)} > /dev/shm/ports-truth.log 2>&1 &`,
    'old=none; same=0; n=0',
    `while [ $same -lt ${row.seconds === undefined ? 6 : 24} ] && [ $n -lt ${(row.seconds ?? 15) * 2} ]; do sleep 0.5; n=$((n+1)); new=$(ss -Hlntu | sort); if [ -n "$new" ] && [ "$new" = "$old" ]; then same=$((same+1)); else same=0; fi; old=$new; done`,
    'echo =====; ss -Hlntup; echo =====; tail -n 20 /dev/shm/ports-truth.log',
  ].join('\n');
  const file = join(WORK, 'script.sh');
  await writeFile(file, script);
  const { stdout } = await execute(
    'unshare',
    ['--mount', '--net', '--pid', '--fork', '--kill-child', '/bin/sh', file],
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
function reach(written: string): string {
  // Java binds IPv4 addresses in their mapped form.
  const address = written.replace(/^::ffff:/, '');
  return address.startsWith('127.') || address === '::1' ? 'loopback' : 'all';
}
