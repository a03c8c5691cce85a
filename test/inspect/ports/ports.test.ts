import { readdirSync } from 'node:fs';
import test from 'ava';
import fc from 'fast-check';
import { memoryGuest } from '../../../src/guest/memory/memory-guest.js';
import { findReader, inspectPorts, PORT_READERS } from '../../../src/inspect/ports/index.js';
import type { ListeningPort } from '../../../src/model/services.js';
import { DEBIAN_12 } from '../../plan/machine.js';
import { packages, portsOf, service, withoutEvidence } from './service.js';

test('every file of servers/ is in the list, under its own name, and no two readers claim a program', (t) => {
  const folder = new URL('../../../src/inspect/ports/servers/', import.meta.url);
  const files = readdirSync(folder).map((file) => file.replace(/\.ts$/, ''));
  t.deepEqual(PORT_READERS.map((reader) => reader.name).sort(), files.filter((file) => file !== 'index').sort());
  const programs = PORT_READERS.flatMap((reader) => reader.programs);
  t.deepEqual(
    programs.filter((program, index) => programs.indexOf(program) !== index),
    [],
  );
});

type Files = Readonly<Record<string, string | { target: string }>>;

const listens = test.macro<[Files, readonly string[], readonly string[], string?]>({
  title: (title) => title ?? '',
  exec: async (
    t,
    files: Readonly<Record<string, string | { target: string }>>,
    command: readonly string[],
    expected: readonly string[],
    unit = 'x.service',
  ) => {
    const { ports } = await portsOf(memoryGuest(files), service(unit, command));
    t.deepEqual(
      ports.map((port) => port.replace(' /lib/systemd/system/x.service:1', '')),
      expected,
    );
  },
});

const NGINX = ['/usr/sbin/nginx', '-g', 'daemon off;'];
const nginx = (servers: string): string => `http {\n${servers}\n}\n`;

test(
  'nginx: the two families of one port are one finding',
  listens,
  { '/etc/nginx/nginx.conf': nginx('server { listen 80; listen [::]:80; }') },
  NGINX,
  ['tcp *:80 /etc/nginx/nginx.conf:2'],
);
test(
  'nginx: an IPv6 wildcard alone is IPv6 alone',
  listens,
  { '/etc/nginx/nginx.conf': nginx('server { listen [::]:81; }') },
  NGINX,
  ['tcp [::]:81 /etc/nginx/nginx.conf:2'],
);
test(
  'nginx: ipv6only=off takes both families',
  listens,
  { '/etc/nginx/nginx.conf': nginx('server { listen [::]:81 ipv6only=off; }') },
  NGINX,
  ['tcp *:81 /etc/nginx/nginx.conf:2'],
);
test(
  'nginx: a server without listen takes port 80',
  listens,
  { '/etc/nginx/nginx.conf': nginx('server { root /srv; }') },
  NGINX,
  ['tcp 0.0.0.0:80 /etc/nginx/nginx.conf:2'],
);
test(
  'nginx: QUIC is UDP, and stream servers can be',
  listens,
  {
    '/etc/nginx/nginx.conf': `${nginx('server { listen 443 quic; listen 443 ssl; }')}stream { server { listen 53 udp; } }`,
  },
  NGINX,
  [
    'udp 0.0.0.0:53 /etc/nginx/nginx.conf:4',
    'tcp 0.0.0.0:443 /etc/nginx/nginx.conf:2',
    'udp 0.0.0.0:443 /etc/nginx/nginx.conf:2',
  ],
);
test(
  'nginx: a site counts through a link, not while it only lies in sites-available',
  listens,
  {
    '/etc/nginx/nginx.conf': nginx('include sites-enabled/*;'),
    '/etc/nginx/sites-available/on': '\n\nserver { listen 127.0.0.1:8001; }',
    '/etc/nginx/sites-available/off': 'server { listen 8002; }',
    '/etc/nginx/sites-enabled/on': { target: '../sites-available/on' },
    '/etc/nginx/sites-enabled/dangling': { target: '../sites-available/none' },
  },
  NGINX,
  ['tcp 127.0.0.1:8001 /etc/nginx/sites-enabled/on:3'],
);
test(
  'nginx: -c names another configuration',
  listens,
  { '/srv/n.conf': nginx('server { listen 9; }') },
  ['nginx', '-c', '/srv/n.conf'],
  ['tcp 0.0.0.0:9 /srv/n.conf:2'],
);
test(
  'nginx: a configuration that includes itself ends',
  listens,
  { '/etc/nginx/nginx.conf': nginx('include nginx.conf; include /etc/nginx/*;\nserver { listen 5; }') },
  NGINX,
  ['tcp 0.0.0.0:5 /etc/nginx/nginx.conf:3'],
);

test(
  'memcached: TCP follows UDP where only that has a port',
  listens,
  { '/etc/memcached.conf': '-l 127.0.0.1\n-U 11311\n' },
  ['/usr/share/memcached/scripts/systemd-memcached-wrapper', '/etc/memcached.conf'],
  ['tcp 127.0.0.1:11311 /etc/memcached.conf:2', 'udp 127.0.0.1:11311 /etc/memcached.conf:2'],
);
test(
  'redis: a name is its address of IPv4',
  listens,
  { '/etc/redis/redis.conf': 'bind localhost\nport 1\n' },
  ['/usr/bin/redis-server', '/etc/redis/redis.conf'],
  ['tcp 127.0.0.1:1 /etc/redis/redis.conf:2'],
);
test(
  'haproxy: a name is the address that the resolver puts first',
  listens,
  { '/etc/haproxy/haproxy.cfg': 'frontend a\n bind localhost:1\n' },
  ['/usr/sbin/haproxy', '-Ws', '-f', '/etc/haproxy/haproxy.cfg'],
  ['tcp [::1]:1 /etc/haproxy/haproxy.cfg:2'],
);
test(
  'dovecot: an include counts where it stands, also inside of a block',
  listens,
  {
    '/etc/dovecot/dovecot.conf':
      'protocols = imap\nssl = no\nlisten = 127.0.0.1\nservice imap-login {\n inet_listener imap {\n  !include own/*.conf\n }\n}\n',
    '/etc/dovecot/own/a.conf': 'port = 1143\n!include /etc/dovecot/dovecot.conf\n',
  },
  ['/usr/sbin/dovecot', '-F'],
  ['tcp 127.0.0.1:1143 /etc/dovecot/own/a.conf:1'],
);
test(
  'caddy: files and snippets count where a block imports them',
  listens,
  {
    '/etc/caddy/Caddyfile':
      '{\n import /etc/caddy/global.conf\n}\n(local) {\n bind 127.0.0.1\n}\n:8085 {\n import local\n respond x\n}\n',
    '/etc/caddy/global.conf': '# own\nadmin localhost:2020\nimport global.conf\n',
  },
  ['/usr/bin/caddy', 'run', '--config', '/etc/caddy/Caddyfile'],
  ['tcp 127.0.0.1:2020 /etc/caddy/global.conf:2', 'tcp 127.0.0.1:8085 /etc/caddy/Caddyfile:7'],
);
test(
  'supervisord: its web server listens where it or an included file says, on IPv4 alone',
  listens,
  {
    '/etc/supervisor/supervisord.conf': '[inet_http_server]\n;port=9\n[include]\nfiles = %(here)s/conf.d/*.conf\n',
    '/etc/supervisor/conf.d/web.conf': '[inet_http_server]\nport=*:9001 ; all\n',
    '/etc/supervisor/conf.d/off.conf.disabled': '[inet_http_server]\nport=9002\n',
  },
  ['/usr/bin/python3', '/usr/bin/supervisord', '-n', '-c', '/etc/supervisor/supervisord.conf'],
  ['tcp 0.0.0.0:9001 /etc/supervisor/conf.d/web.conf:2'],
);

const APACHE = ['/usr/sbin/apache2', '-k', 'start'];
test(
  'apache: variables of envvars and Define are filled in',
  listens,
  {
    // biome-ignore lint/suspicious/noTemplateCurlyInString: a placeholder of the configuration's own
    '/etc/apache2/apache2.conf': 'Define PORT 8080\nListen ${PORT}\nListen 127.0.0.1:${OTHER}\n',
    '/etc/apache2/envvars': 'export OTHER=81\n',
  },
  APACHE,
  ['tcp 127.0.0.1:81 /etc/apache2/apache2.conf:3', 'tcp *:8080 /etc/apache2/apache2.conf:2'],
);
test(
  'apache: a section counts when its module is loaded before it',
  listens,
  {
    '/etc/apache2/apache2.conf':
      '<IfModule ssl_module>\nListen 1\n</IfModule>\nLoadModule ssl_module x.so\n<IfModule mod_ssl.c>\nListen 443\n</IfModule>\n<IfModule !ssl_module>\nListen 2\n</IfModule>\n<IfDefine X>\nListen 3\n</IfDefine>\n',
  },
  APACHE,
  ['tcp *:443 /etc/apache2/apache2.conf:6'],
);

test(
  'postgresql: what ALTER SYSTEM wrote wins over includes, and they over the file',
  listens,
  {
    '/etc/postgresql/15/main/postgresql.conf':
      "data_directory = '/var/lib/postgresql/15/main'\nport = 5432 # (change requires restart)\ninclude_dir = 'conf.d'\n",
    '/etc/postgresql/15/main/conf.d/a.conf': "port = 5433\nlisten_addresses = '*'\n",
    '/var/lib/postgresql/15/main/postgresql.auto.conf': "listen_addresses = '10.0.0.1'\n",
  },
  ['/usr/bin/pg_ctlcluster', '--skip-systemctl-redirect', '15-main', 'start'],
  ['tcp 10.0.0.1:5433 /etc/postgresql/15/main/conf.d/a.conf:1'],
  'postgresql@15-main.service',
);
test(
  'postgresql: empty listen_addresses leave the socket alone',
  listens,
  { '/d/postgresql.conf': "listen_addresses = ''\n" },
  ['/usr/bin/postgres', '-D', '/d'],
  [],
);

test(
  'redis: a bind line that comes later replaces the first, and port 0 listens on nothing',
  listens,
  {
    '/etc/redis/redis.conf': 'port 0\ntls-port 6380\nbind 127.0.0.1 -::1\ninclude /etc/redis/x.conf\n',
    '/etc/redis/x.conf': 'bind 10.0.0.1\n',
  },
  ['/usr/bin/redis-server', '/etc/redis/redis.conf'],
  ['tcp 10.0.0.1:6380 /etc/redis/redis.conf:2'],
);
test(
  'redis: the command line wins',
  listens,
  { '/etc/redis/redis.conf': 'port 6379\nbind 127.0.0.1\n' },
  ['redis-server', '/etc/redis/redis.conf', '--port', '7000'],
  ['?tcp 127.0.0.1:7000'],
);

test(
  'sshd: every Port with every ListenAddress that has none of its own',
  listens,
  {
    '/etc/ssh/sshd_config':
      'Port 22\nport=2222\nListenAddress 10.0.0.1\nListenAddress [::1]:2022\n#Port 9\nMatch all\nPort 8\n',
  },
  ['/usr/sbin/sshd', '-D'],
  [
    'tcp 10.0.0.1:22 /etc/ssh/sshd_config:1',
    'tcp [::1]:2022 /etc/ssh/sshd_config:4',
    'tcp 10.0.0.1:2222 /etc/ssh/sshd_config:2',
  ],
);

test(
  'haproxy: lists, ranges, families and sockets',
  listens,
  {
    '/etc/haproxy/haproxy.cfg':
      'frontend a\n bind :80,127.0.0.1:81\n bind :::90-91 v6only\n bind :::92\n bind unix@/run/a.sock\n bind quic4@:443 ssl\n server s 10.0.0.9:99\n',
  },
  ['/usr/sbin/haproxy', '-f', '/etc/haproxy/haproxy.cfg'],
  [
    'tcp 0.0.0.0:80 /etc/haproxy/haproxy.cfg:2',
    'tcp 127.0.0.1:81 /etc/haproxy/haproxy.cfg:2',
    'tcp [::]:90 /etc/haproxy/haproxy.cfg:3',
    'tcp [::]:91 /etc/haproxy/haproxy.cfg:3',
    'tcp *:92 /etc/haproxy/haproxy.cfg:4',
    'udp 0.0.0.0:443 /etc/haproxy/haproxy.cfg:6',
  ],
);

test(
  'rsyslog: both forms of input',
  listens,
  {
    '/etc/rsyslog.conf':
      '$ModLoad imudp\n$UDPServerRun 514\n#$InputTCPServerRun 1\nmodule(load="imtcp")\ninput(type="imtcp" port="601" address="127.0.0.1")\n$IncludeConfig /etc/rsyslog.d/*.conf\n',
    '/etc/rsyslog.d/a.conf': 'input(type="imtcp" port="602")\n',
  },
  ['/usr/sbin/rsyslogd', '-n'],
  ['udp *:514 /etc/rsyslog.conf:2', 'tcp 127.0.0.1:601 /etc/rsyslog.conf:5', 'tcp *:602 /etc/rsyslog.d/a.conf:1'],
);

test('mysql: MySQL 8 brings its X plugin, MariaDB does not', async (t) => {
  const guest = memoryGuest({ '/etc/mysql/my.cnf': '[client]\nport=1\n[mysqld]\nbind-address = 127.0.0.1\n' });
  const tested = service('mysql.service', ['/usr/sbin/mysqld']);
  const eight = await portsOf(guest, tested, { 'mysql-server': '8.0.36-1' });
  t.deepEqual(withoutEvidence(eight.ports), ['tcp 127.0.0.1:3306', 'tcp *:33060']);
  const maria = await portsOf(guest, tested, { 'mariadb-server': '1:10.11.6-0' });
  t.deepEqual(withoutEvidence(maria.ports), ['tcp 127.0.0.1:3306']);
});

test('mosquitto: 1.x without listeners takes everybody', async (t) => {
  const guest = memoryGuest({ '/etc/mosquitto/mosquitto.conf': 'persistence true\n' });
  const { ports } = await portsOf(
    guest,
    service('mosquitto.service', ['mosquitto', '-c', '/etc/mosquitto/mosquitto.conf']),
    { mosquitto: '1.6.12-1' },
  );
  t.deepEqual(ports, ['tcp *:1883 /etc/mosquitto/mosquitto.conf']);
});

test('localhost means what the hosts file of the guest says', async (t) => {
  const guest = memoryGuest({
    '/etc/hosts': '127.0.0.1 localhost\n10.9.8.7 db # x\n',
    '/d/postgresql.conf': "listen_addresses = 'localhost, db, nobody'\n",
  });
  const { ports, inspection } = await portsOf(guest, service('pg.service', ['postgres', '-D', '/d']));
  t.deepEqual(withoutEvidence(ports), ['tcp 10.9.8.7:5432', 'tcp 127.0.0.1:5432', 'tcp nobody:5432']);
  t.deepEqual(
    inspection.problems.map(({ code, path }) => [code, path]),
    [['address-unknown', '/d/postgresql.conf']],
  );
});

const SOCKET_PORT: ListeningPort = {
  port: 2200,
  protocol: 'tcp',
  address: '*',
  evidence: { path: '/etc/systemd/system/ssh.socket', line: 3 },
};

test('a program that its socket unit starts listens where the unit says', async (t) => {
  const guest = memoryGuest({ '/etc/ssh/sshd_config': 'Port 22\n' });
  const { ports } = await portsOf(guest, service('ssh.service', ['/usr/sbin/sshd', '-D'], { ports: [SOCKET_PORT] }));
  t.deepEqual(ports, ['tcp *:2200 /etc/systemd/system/ssh.socket:3']);
});

test('what a configuration names beside the socket unit counts, defaults do not', async (t) => {
  const guest = memoryGuest({ '/etc/cups/cupsd.conf': 'Listen localhost:631\nListen /run/cups/cups.sock\n' });
  const { ports, listens: sockets } = await portsOf(
    guest,
    service('cups.service', ['/usr/sbin/cupsd', '-l'], { ports: [SOCKET_PORT], listens: ['/run/x'] }),
  );
  t.deepEqual(withoutEvidence(ports), ['tcp 127.0.0.1:631', 'tcp [::1]:631', 'tcp *:2200']);
  t.deepEqual(sockets, ['/run/cups/cups.sock', '/run/x']);
});

test(
  'a unit that only groups others listens on nothing',
  listens,
  { '/etc/postfix/master.cf': 'smtp inet n - y - - smtpd\n' },
  ['/bin/true'],
  [],
  'postgresql.service',
);

test('the group unit of Postfix listens nowhere: its instance does', async (t) => {
  const guest = memoryGuest({ '/etc/postfix/master.cf': 'smtp inet n - y - - smtpd\n', '/etc/postfix/main.cf': '' });
  const group = service('postfix.service', ['/bin/true']);
  const instance = service('postfix@-.service', ['/usr/sbin/postmulti', '-i', '-', '-p', 'start']);
  const { byService } = await inspectPorts(guest, [group, instance], { packages: null, os: DEBIAN_12 });
  t.deepEqual(
    [...byService.values()].map(({ ports }) => ports.map((port) => port.port)),
    [[], [25]],
  );
});

const found = test.macro<[readonly string[], string | undefined, string?]>({
  title: (title) => `a program is recognised ${title}`,
  exec: async (t, command: readonly string[], expected: string | undefined, unit = 'x.service') => {
    const { readCommandLine } = await import('../../../src/inspect/ports/command-line.js');
    const { configFiles } = await import('../../../src/inspect/ports/config-files.js');
    const { names } = await readCommandLine(service(unit, command), configFiles(memoryGuest({})));
    t.is(findReader(names)?.name, expected);
  },
});

test('by its version-less name', found, ['/usr/sbin/php-fpm8.2', '--nodaemonize'], 'php-fpm');
test('behind env', found, ['/usr/bin/env', 'A=b', 'redis-server'], 'redis');
test('behind a shell', found, ['/bin/sh', '-c', 'ulimit -n 9; exec /usr/sbin/nginx -g "daemon off;"'], 'nginx');
test(
  'behind start-stop-daemon',
  found,
  ['start-stop-daemon', '--start', '--exec', '/usr/sbin/unbound', '--', '-d'],
  'unbound',
);
test('behind chpst', found, ['chpst', '-u', 'www', 'memcached', '-p', '1'], 'memcached');
test('as a Python module', found, ['/usr/bin/python3.11', '-m', 'gunicorn', 'a:b'], 'gunicorn');
test(
  'by its main class',
  found,
  ['/usr/bin/java', '-cp', 'a.jar', '-Xmx1g', 'org.apache.catalina.startup.Bootstrap', 'start'],
  'tomcat',
);
test('by its jar', found, ['/usr/bin/java', '-jar', '/usr/share/java/jenkins.war'], 'jenkins');
test('by its unit when a script starts it', found, ['/etc/init.d/slapd', 'start'], 'openldap', 'slapd.service');
test('never by the hook of another program', found, ['/etc/resolvconf/update-libc.d/postfix'], undefined);
test('never by a name that only resembles one', found, ['/usr/bin/nginx-ui'], undefined);

test('unknown: options that name a port', listens, {}, ['/opt/x', '--port', '8081'], ['?tcp *:8081']);
test(
  'unknown: a host beside the port',
  listens,
  {},
  ['/opt/x', '--host=127.0.0.1', '-p', '8082'],
  ['?tcp 127.0.0.1:8082'],
);
test('unknown: an address', listens, {}, ['/opt/x', '--listen', '[::1]:8083'], ['?tcp [::1]:8083']);
test('unknown: Go flags', listens, {}, ['/opt/x', '-web.listen-address=:8084'], ['?tcp *:8084']);
test('unknown: a bare address', listens, {}, ['/opt/x', 'serve', '0.0.0.0:8085'], ['?tcp 0.0.0.0:8085']);
test("unknown: Python's http.server", listens, {}, ['python3', '-m', 'http.server'], ['?tcp 0.0.0.0:8000']);
test(
  'unknown: where it connects to is not where it listens',
  listens,
  {},
  ['/opt/x', '--server', 'db:5432', '--target=http://10.0.0.1:80', '--connect', '127.0.0.1:99', 'example.test:443'],
  [],
);
test(
  'unknown: numbers of other meanings',
  listens,
  {},
  ['/opt/x', '-p', '/run/x.pid', '-pidfile', '--timeout', '30', '--port', '99999', '--listen', 'yes'],
  [],
);
test('unknown: clients and shells are no servers', listens, {}, ['/usr/bin/curl', '--port', '80'], []);

const tunnels = test.macro<[string, readonly string[]]>({
  title: (_, command, expected) => `${command} keeps ${expected.join(', ') || 'nothing'} open here`,
  exec: async (t, command, expected) => {
    const { ports } = await portsOf(memoryGuest({}), service('tunnel.service', command.split(' ')));
    t.deepEqual(
      ports.map((port) => port.replace(/ \/lib.*/, '')),
      expected,
    );
  },
});
test(tunnels, '/usr/bin/ssh -N -o ExitOnForwardFailure=yes -L 8080:db:80 u@h', [
  '?tcp 127.0.0.1:8080',
  '?tcp [::1]:8080',
]);
test(tunnels, '/usr/bin/ssh -NTL 127.0.0.1:8081:db:80 -R 9000:x:1 -p 2222 h', ['?tcp 127.0.0.1:8081']);
test(tunnels, '/usr/bin/ssh h -gND 1080', ['?tcp *:1080']);
test(tunnels, '/usr/bin/ssh -N -L *:8082:/run/x.sock -L [::1]:8083:x:1 h', ['?tcp *:8082', '?tcp [::1]:8083']);
test(tunnels, '/usr/bin/autossh -M 0 -N -L 0.0.0.0:8084:x:1 h -i k', ['?tcp 0.0.0.0:8084']);
test(tunnels, '/usr/bin/ssh -N -R 8085:localhost:80 h sleep -L 1:x:2', []);
const SOCAT = '/usr/bin/socat';
test(
  'socat: families, protocols and addresses',
  listens,
  {},
  [SOCAT, 'UDP6-RECVFROM:7001,fork,bind=[::1]', '-'],
  ['?udp [::1]:7001'],
);
test(
  'socat: what it connects to is not its own',
  listens,
  {},
  [SOCAT, 'TCP4-LISTEN:7002,bind=127.0.0.1', 'TCP:x:80'],
  ['?tcp 127.0.0.1:7002'],
);
test('socat: IPv6 takes IPv4 too', listens, {}, [SOCAT, 'TCP6-LISTEN:7003,fork', 'STDIO'], ['?tcp *:7003']);
test(
  'docker: the hosts of daemon.json and of the command line; without an address it is loopback',
  listens,
  { '/etc/docker/daemon.json': '{"hosts": ["fd://", "tcp://127.0.0.1:2400"]}', '/etc/hosts': '127.0.0.1 localhost' },
  ['/usr/sbin/dockerd', '-H', 'tcp://', '-H', 'tcp://0.0.0.0:2401'],
  ['?tcp 127.0.0.1:2375', 'tcp 127.0.0.1:2400 /etc/docker/daemon.json:1', '?tcp *:2401'],
);
test(
  'docker: what containers publish that come back at boot',
  listens,
  {
    '/var/lib/docker/containers/a/config.v2.json': '{"Name": "/web", "HasBeenManuallyStopped": false}',
    '/var/lib/docker/containers/a/hostconfig.json':
      '{"PortBindings": {"80/tcp": [{"HostIp": "", "HostPort": "8080"}], "53/udp": [{"HostIp": "127.0.0.1", "HostPort": "5353"}]}, "RestartPolicy": {"Name": "unless-stopped"}}',
    '/var/lib/docker/containers/b/config.v2.json': '{"Name": "/stopped", "HasBeenManuallyStopped": true}',
    '/var/lib/docker/containers/b/hostconfig.json':
      '{"PortBindings": {"80/tcp": [{"HostIp": "", "HostPort": "8081"}]}, "RestartPolicy": {"Name": "unless-stopped"}}',
    '/var/lib/docker/containers/c/config.v2.json': '{"Name": "/once"}',
    '/var/lib/docker/containers/c/hostconfig.json':
      '{"PortBindings": {"80/tcp": [{"HostIp": "", "HostPort": "8082"}]}, "RestartPolicy": {"Name": "no"}}',
  },
  ['/usr/sbin/dockerd', '-H', 'fd://'],
  [
    '?udp 127.0.0.1:5353 /var/lib/docker/containers/a/hostconfig.json:1',
    '?tcp *:8080 /var/lib/docker/containers/a/hostconfig.json:1',
  ],
);
test(
  'docker run: published ports of the host, not those of the container, and none that the engine chooses',
  listens,
  {},
  [
    '/usr/bin/docker', 'run', '--rm', '--name', 'web', '-p', '8080:80', '--publish=127.0.0.1:8443:443/tcp', '-p', '53:53/udp',
    '-p', '9000', '-p', '[::1]:7000-7001:80-81', 'nginx:1', '-g', 'daemon off;',
  ], // biome-ignore format: a list
  ['?udp *:53', '?tcp [::1]:7000', '?tcp [::1]:7001', '?tcp *:8080', '?tcp 127.0.0.1:8443'],
);
test(
  'podman run: IPv4 alone',
  listens,
  {},
  ['/usr/bin/podman', 'run', '--publish', '8088:80', 'docker.io/library/nginx'],
  ['?tcp 0.0.0.0:8088'],
);
test(
  'docker-compose up: the ports of its file in both forms',
  listens,
  {
    '/opt/shop/docker-compose.yml':
      'services:\n  web:\n    image: web\n    ports:\n      - "80:8080"\n      - 127.0.0.1:81:8081\n      - 82\n      - target: 90\n        published: 9090\n        protocol: udp\n  db:\n    expose:\n      - "5432"\n',
  },
  ['/usr/bin/docker-compose', '-f', '/opt/shop/docker-compose.yml', 'up'],
  [
    '?tcp *:80 /opt/shop/docker-compose.yml:5',
    '?tcp 127.0.0.1:81 /opt/shop/docker-compose.yml:6',
    '?udp *:9090 /opt/shop/docker-compose.yml:9',
  ],
);
test(
  'syslog-ng: drivers of sources that a log statement names, through includes',
  listens,
  {
    '/etc/syslog-ng/syslog-ng.conf':
      '@version: 3.38\n@include "/etc/syslog-ng/conf.d/*.conf"\nsource s_off { tcp(port(1)); };\nsource s_net {\n  udp(ip("127.0.0.1") port(1514)); # tcp(port(2));\n  network(\n    transport("udp")\n    port(3514) tls(peer_verify(no)));\n  syslog();\n};\nlog { source(s_net); source(s_own); source { tcp(); }; };\n',
    '/etc/syslog-ng/conf.d/own.conf': 'source s_own { tcp6(localport(4514)); };\n',
    '/etc/syslog-ng/conf.d/own.conf.off': 'source s_own { tcp6(localport(4515)); };\n',
  },
  ['/usr/sbin/syslog-ng', '-F'],
  [
    'tcp 0.0.0.0:514 /etc/syslog-ng/syslog-ng.conf:11',
    'tcp 0.0.0.0:601 /etc/syslog-ng/syslog-ng.conf:9',
    'udp 127.0.0.1:1514 /etc/syslog-ng/syslog-ng.conf:5',
    'udp 0.0.0.0:3514 /etc/syslog-ng/syslog-ng.conf:8',
    'tcp *:4514 /etc/syslog-ng/conf.d/own.conf:1',
  ],
);
test(
  'monit: one statement over several lines, in an included file',
  listens,
  {
    '/etc/monit/monitrc': 'set daemon 120\n# set httpd port 1\ninclude /etc/monit/conf.d/*\n',
    '/etc/monit/conf.d/web': 'set httpd\n  port 2900 and # the port\n  use address localhost\n  allow localhost\n',
    '/etc/hosts': '127.0.0.1 localhost\n',
  },
  ['/usr/bin/monit', '-I'],
  ['tcp 127.0.0.1:2900 /etc/monit/conf.d/web:2'],
);
test(
  'tor: its own file replaces the packaged defaults, option by option',
  listens,
  {
    '/usr/share/tor/d': 'SocksPort 9050\nControlPort 9051\n',
    '/etc/tor/torrc':
      '#SocksPort 1\nSocksPort 0.0.0.0:9060\nSocksPort 9061\nORPort 9001 IPv4Only\nDNSPort 5353\n%include /etc/tor/torrc.d/*.conf\n',
    '/etc/tor/torrc.d/own.conf': 'HTTPTunnelPort auto\nDirPort 0\nTransPort 9040\n',
  },
  ['/usr/bin/tor', '--defaults-torrc', '/usr/share/tor/d', '-f', '/etc/tor/torrc'],
  [
    'udp 127.0.0.1:5353 /etc/tor/torrc:5',
    'tcp 0.0.0.0:9001 /etc/tor/torrc:4',
    'tcp 127.0.0.1:9040 /etc/tor/torrc.d/own.conf:3',
    'tcp 127.0.0.1:9051 /usr/share/tor/d:2',
    'tcp 0.0.0.0:9060 /etc/tor/torrc:2',
    'tcp 127.0.0.1:9061 /etc/tor/torrc:3',
  ],
);
test(
  'nsd: addresses with ports of their own, and remote control once it is on',
  listens,
  {
    '/etc/nsd/nsd.conf':
      'server:\n  port: 5300\n  ip-address: 127.0.0.1\n  ip-address: ::1@5301 # x\nremote-control:\n  control-enable: yes\n  control-interface: 127.0.0.1\n',
  },
  ['/usr/sbin/nsd', '-d'],
  [
    'tcp 127.0.0.1:5300 /etc/nsd/nsd.conf:3',
    'udp 127.0.0.1:5300 /etc/nsd/nsd.conf:3',
    'tcp [::1]:5301 /etc/nsd/nsd.conf:4',
    'udp [::1]:5301 /etc/nsd/nsd.conf:4',
    'tcp 127.0.0.1:8952 /etc/nsd/nsd.conf:6',
  ],
);
test(
  'nsd: as Debian has it, with keys and without a word',
  listens,
  { '/etc/nsd/nsd.conf': 'server:\n  log-only-syslog: yes\n', '/etc/nsd/nsd_server.pem': '' },
  ['/usr/sbin/nsd', '-d'],
  [
    'tcp *:53 /etc/nsd/nsd.conf',
    'udp *:53 /etc/nsd/nsd.conf',
    'tcp 127.0.0.1:8952 /etc/nsd/nsd.conf',
    'tcp [::1]:8952 /etc/nsd/nsd.conf',
  ],
);
test(
  'knot: one address, or a list',
  listens,
  { '/etc/knot/knot.conf': 'server:\n  listen: [ 127.0.0.1@5353, "::@53" ]\n#  listen: 0.0.0.0@1\n' },
  ['/usr/sbin/knotd'],
  [
    'tcp [::]:53 /etc/knot/knot.conf:2',
    'udp [::]:53 /etc/knot/knot.conf:2',
    'tcp 127.0.0.1:5353 /etc/knot/knot.conf:2',
    'udp 127.0.0.1:5353 /etc/knot/knot.conf:2',
  ],
);
test(
  'nrpe: files of included folders',
  listens,
  {
    '/etc/nagios/nrpe.cfg': 'server_port=5666\ninclude_dir=/etc/nagios/nrpe.d\n',
    '/etc/nagios/nrpe.d/a.cfg': 'server_port=5700\nserver_address=127.0.0.1\n',
  },
  ['/usr/sbin/nrpe', '-c', '/etc/nagios/nrpe.cfg', '-f'],
  ['tcp 127.0.0.1:5700 /etc/nagios/nrpe.d/a.cfg:1'],
);
test(
  'rinetd: forwarding lines alone',
  listens,
  {
    '/etc/rinetd.conf':
      'allow 10.0.0.*\n# 0.0.0.0 1 x 2\n0.0.0.0 8080 10.0.0.5 80\n127.0.0.1 53/udp 10.0.0.5 53/udp\nlogfile /var/log/rinetd.log\n',
  },
  ['/usr/sbin/rinetd'],
  ['udp 127.0.0.1:53 /etc/rinetd.conf:4', 'tcp 0.0.0.0:8080 /etc/rinetd.conf:3'],
);
test(
  'pdns_recursor: a recursor.conf of YAML, with the files of its folder',
  listens,
  {
    '/etc/powerdns/recursor.conf':
      'dnssec:\n  trustanchorfile: /usr/share/dns/root.key\nrecursor:\n  include_dir: /etc/powerdns/recursor.d\nincoming:\n  # listen:\n  # - 0.0.0.0\n  port: 5300\n',
    '/etc/powerdns/recursor.d/own.yml': 'incoming:\n  listen:\n    - 127.0.0.1\n    - "[::1]:5301"\n',
    '/etc/powerdns/recursor.d/off.yml.off': 'incoming:\n  listen: [0.0.0.0]\n',
  },
  ['/usr/sbin/pdns_recursor', '--daemon=no'],
  [
    'tcp 127.0.0.1:5300 /etc/powerdns/recursor.conf:8',
    'udp 127.0.0.1:5300 /etc/powerdns/recursor.conf:8',
    'tcp [::1]:5301 /etc/powerdns/recursor.conf:8',
    'udp [::1]:5301 /etc/powerdns/recursor.conf:8',
  ],
);
for (const [version, hosts] of [
  ['5.1.3-1', ['127.0.0.1']],
  ['5.4.9-1~deb13u1', ['127.0.0.1', '[::1]']],
] as const) {
  test(`pdns_recursor: silent YAML of ${version} is loopback`, async (t) => {
    const configuration = 'incoming:\n  # listen:\n  # - 127.0.0.1 # default\noutgoing:\n';
    const guest = memoryGuest({ '/etc/powerdns/recursor.conf': configuration });
    const unit = service('pdns-recursor.service', ['/usr/sbin/pdns_recursor']);
    const { ports } = await portsOf(guest, unit, { 'pdns-recursor': version });
    const expected = hosts.flatMap((host) =>
      ['tcp', 'udp'].map((protocol) => `${protocol} ${host}:53 /etc/powerdns/recursor.conf`),
    );
    t.deepEqual([...ports].sort(), expected.sort());
  });
}
test(
  'proftpd: an include inside of a virtual host speaks of that host, and a silent one has the port of FTP',
  listens,
  {
    '/etc/proftpd/proftpd.conf':
      'Port 2100\nInclude /etc/proftpd/conf.d/\n<IfModule mod_nothing.c>\nInclude /etc/proftpd/off.conf\n</IfModule>\n',
    '/etc/proftpd/conf.d/a.conf': '<VirtualHost 127.0.0.1>\nInclude /etc/proftpd/port.conf\n</VirtualHost>\n',
    '/etc/proftpd/conf.d/b.conf': '<VirtualHost 10.0.0.1>\n# Port 2102\n</VirtualHost>\n',
    '/etc/proftpd/port.conf': 'Port 2101\n',
    '/etc/proftpd/off.conf': '<VirtualHost 10.0.0.2>\nPort 2103\n</VirtualHost>\n',
  },
  ['/usr/sbin/proftpd', '-c', '/etc/proftpd/proftpd.conf'],
  [
    'tcp *:21 /etc/proftpd/conf.d/b.conf:1',
    'tcp *:2100 /etc/proftpd/proftpd.conf:1',
    'tcp *:2101 /etc/proftpd/port.conf:1',
  ],
);
const LOOPBACK_ALONE = { '/etc/samba/smb.conf': '[global]\n interfaces = lo\n bind interfaces only = yes\n' };
test(
  'smbd: the loopback interface has both families',
  listens,
  LOOPBACK_ALONE,
  ['/usr/sbin/smbd'],
  [
    'tcp 127.0.0.1:139 /etc/samba/smb.conf',
    'tcp [::1]:139 /etc/samba/smb.conf',
    'tcp 127.0.0.1:445 /etc/samba/smb.conf',
    'tcp [::1]:445 /etc/samba/smb.conf',
  ],
);
test(
  'nmbd: NetBIOS is IPv4 alone, and broadcasts are read on every address',
  listens,
  LOOPBACK_ALONE,
  ['/usr/sbin/nmbd'],
  ['udp 0.0.0.0:137 /etc/samba/smb.conf', 'udp 0.0.0.0:138 /etc/samba/smb.conf'],
);
test(
  'nmbd: the address of its client sockets may be one',
  listens,
  { '/etc/samba/smb.conf': '[global]\nnbt client socket address = 192.0.2.1\n' },
  ['/usr/sbin/nmbd'],
  ['udp 192.0.2.1:137 /etc/samba/smb.conf:2', 'udp 192.0.2.1:138 /etc/samba/smb.conf:2'],
);
test(
  'pdns: files of its folder win, wherever the folder is named',
  listens,
  {
    '/etc/powerdns/pdns.conf': 'include-dir=/etc/powerdns/pdns.d\nlocal-address=127.0.0.1\nlocal-port=5300\n',
    '/etc/powerdns/pdns.d/x.conf': 'local-address=127.0.0.2\n',
  },
  ['/usr/sbin/pdns_server'],
  ['tcp 127.0.0.2:5300 /etc/powerdns/pdns.conf:3', 'udp 127.0.0.2:5300 /etc/powerdns/pdns.conf:3'],
);
test(
  'nats: the monitor has the address of the clients',
  listens,
  { '/etc/nats-server.conf': 'listen: 127.0.0.1:4333\nhttp: 8222\nhttps: "0.0.0.0:8223"\n' },
  ['/usr/bin/nats-server', '-c', '/etc/nats-server.conf'],
  [
    'tcp 127.0.0.1:4333 /etc/nats-server.conf:1',
    'tcp 127.0.0.1:8222 /etc/nats-server.conf:2',
    'tcp *:8223 /etc/nats-server.conf:3',
  ],
);
test(
  'uwsgi: vassals of an emperor that its own file names',
  listens,
  {
    '/etc/uwsgi-emperor/emperor.ini': '[uwsgi]\nautoload = true\nemperor = /etc/uwsgi-emperor/vassals\n',
    '/etc/uwsgi-emperor/vassals/site.ini': '[uwsgi]\nhttp-socket = 127.0.0.1:8020\n',
    '/etc/uwsgi-emperor/vassals/site.ini.off': '[uwsgi]\nhttp-socket = 127.0.0.1:8021\n',
  },
  ['/usr/bin/uwsgi', '--ini', '/etc/uwsgi-emperor/emperor.ini'],
  ['tcp 127.0.0.1:8020 /etc/uwsgi-emperor/vassals/site.ini:2'],
);
test(
  'uwsgi: HTTP is served by a plugin, which must be asked for where it is a file of its own',
  listens,
  {
    '/usr/lib/uwsgi/plugins/http_plugin.so': '',
    '/srv/a.ini': '[uwsgi]\nplugins = python3\nsocket = 127.0.0.1:8121\nhttp = :8122\n',
    '/srv/b.ini': '[uwsgi]\nplugins = http,python3\nhttp = :8123\n',
    '/srv/c.ini': '[uwsgi]\nautoload = true\nhttp = 127.0.0.1:8124\n',
  },
  ['/usr/bin/uwsgi', '--ini', '/srv/a.ini', '--ini', '/srv/b.ini', '--ini', '/srv/c.ini'],
  ['tcp 127.0.0.1:8121 /srv/a.ini:3', 'tcp 0.0.0.0:8123 /srv/b.ini:3', 'tcp 127.0.0.1:8124 /srv/c.ini:3'],
);

test('uwsgi: Debian’s script starts each enabled file, after one that gives it a socket', async (t) => {
  const guest = memoryGuest({
    '/etc/uwsgi/apps-enabled/site.ini': '[uwsgi]\nhttp-socket = 127.0.0.1:8121\n',
    '/etc/uwsgi/apps-available/off.ini': '[uwsgi]\nhttp-socket = 127.0.0.1:8122\n',
    '/usr/share/uwsgi/conf/default.ini': '[uwsgi]\nsocket = /run/uwsgi/%(deb-confnamespace)/%(deb-confname)/socket\n',
  });
  const evidence = [{ path: '/usr/share/uwsgi/init/specific_daemon', line: 50 }, { path: '/etc/init.d/uwsgi' }];
  const command = ['/usr/bin/uwsgi', '/usr/share/uwsgi/conf/default.ini', '--daemonize'];
  const { ports, listens: sockets } = await portsOf(guest, service('uwsgi.service', command, { evidence }));
  t.deepEqual(ports, ['tcp 127.0.0.1:8121 /etc/uwsgi/apps-enabled/site.ini:2']);
  t.deepEqual(sockets, ['/run/uwsgi/app/site/socket']);
});

const PROSODY = ['/usr/bin/prosody', '-F'];
test(
  'prosody: clients and servers, on every address, and nothing for modules that are commented',
  listens,
  {
    '/etc/prosody/prosody.cfg.lua':
      'modules_enabled = {\n "disco"; -- found\n -- "bosh";\n --[[ "proxy65";\n ]]\n}\nmodules_disabled = {\n -- "s2s";\n}\nVirtualHost "localhost"\n',
  },
  PROSODY,
  ['tcp *:5222 /etc/prosody/prosody.cfg.lua', 'tcp *:5269 /etc/prosody/prosody.cfg.lua'],
);
test(
  'prosody: ports and interfaces of their own, a component, pages for clients',
  listens,
  {
    '/etc/prosody/prosody.cfg.lua':
      'modules_enabled = { "websocket" }\nmodules_disabled = { "s2s" }\nc2s_ports = {\n 5322,\n 5323 }\nc2s_interfaces = "127.0.0.1"\nlegacy_ssl_ports = { 5223 }\ninterfaces = { "*" }\nhttp_ports = { }\nVirtualHost "a.test"\n c2s_ports = { 9 }\nComponent "x.test"\n component_secret = "x"\nComponent "rooms.test" "muc"\n',
  },
  PROSODY,
  [
    'tcp 0.0.0.0:5223 /etc/prosody/prosody.cfg.lua:7',
    'tcp 0.0.0.0:5281 /etc/prosody/prosody.cfg.lua',
    'tcp 127.0.0.1:5322 /etc/prosody/prosody.cfg.lua:3',
    'tcp 127.0.0.1:5323 /etc/prosody/prosody.cfg.lua:3',
    'tcp 127.0.0.1:5347 /etc/prosody/prosody.cfg.lua',
    'tcp [::1]:5347 /etc/prosody/prosody.cfg.lua',
  ],
);

test(
  'webhook: its own port, and another',
  listens,
  {},
  ['/usr/bin/webhook', '-hooks', '/etc/webhook.conf'],
  ['?tcp *:9000'],
);
test(
  'webhook: an address',
  listens,
  {},
  ['/usr/bin/webhook', '-ip', '127.0.0.1', '-port', '9001'],
  ['?tcp 127.0.0.1:9001'],
);

test('mosquitto: WebSockets are deaf to an IPv4 address up to 2.0.11', async (t) => {
  const files = {
    '/etc/mosquitto/mosquitto.conf':
      'listener 9884 127.0.0.1\nprotocol websockets\nlistener 9885 127.0.0.1\nprotocol websockets\nsocket_domain ipv4\n',
  };
  const broker = service('x.service', ['/usr/sbin/mosquitto', '-c', '/etc/mosquitto/mosquitto.conf']);
  const old = await portsOf(memoryGuest(files), broker, { mosquitto: '2.0.11-1.2+deb12u2' });
  t.deepEqual(old.ports, [
    'tcp *:9884 /etc/mosquitto/mosquitto.conf:1',
    'tcp 127.0.0.1:9885 /etc/mosquitto/mosquitto.conf:3',
  ]);
  const { ports } = await portsOf(memoryGuest(files), broker, { mosquitto: '2.0.21-1' });
  t.deepEqual(ports, [
    'tcp 127.0.0.1:9884 /etc/mosquitto/mosquitto.conf:1',
    'tcp 127.0.0.1:9885 /etc/mosquitto/mosquitto.conf:3',
  ]);
});

test(
  'exim: an interface of either family with a port of its own',
  listens,
  { '/etc/exim4/exim4.conf': 'local_interfaces = <; 127.0.0.1.2525 ; ::1.2525 ; [::1]:2526 ; 192.0.2.1\n' },
  ['/usr/sbin/exim4', '-bd', '-q30m'],
  [
    'tcp 192.0.2.1:25 /etc/exim4/exim4.conf:1',
    'tcp 127.0.0.1:2525 /etc/exim4/exim4.conf:1',
    'tcp [::1]:2525 /etc/exim4/exim4.conf:1',
    'tcp [::1]:2526 /etc/exim4/exim4.conf:1',
  ],
);

test('what a socket alone starts does not listen yet, whatever its configuration says', async (t) => {
  const guest = memoryGuest({ '/etc/cups/cupsd.conf': 'Listen 127.0.0.1:6310\nListen /run/cups/own.sock\n' });
  const command = ['/usr/sbin/cupsd', '-l'];
  const onDemand = service('cups.socket', command, { listens: ['/run/cups/cups.sock'] });
  const asleep = await portsOf(guest, onDemand);
  t.deepEqual([asleep.ports, asleep.listens], [[], ['/run/cups/cups.sock']]);
  const awake = await portsOf(guest, service('cups.service', command, { listens: ['/run/cups/cups.sock'] }));
  t.deepEqual(awake.ports, ['tcp 127.0.0.1:6310 /etc/cups/cupsd.conf:1']);
});

test(
  'rabbitmq: a plugin in a comment is off, and IPv4 alone is what Erlang nodes listen on',
  listens,
  {
    '/etc/rabbitmq/enabled_plugins': '%[rabbitmq_management].\n[rabbitmq_stomp]. % not rabbitmq_mqtt\n',
    '/etc/rabbitmq/rabbitmq.conf': 'listeners.tcp.1 = 127.0.0.1:5673\n',
    '/etc/systemd/system/sockets.target.wants/epmd.socket': '',
  },
  ['/usr/sbin/rabbitmq-server'],
  [
    'tcp 127.0.0.1:5673 /etc/rabbitmq/rabbitmq.conf:1',
    'tcp 0.0.0.0:25672 /etc/rabbitmq/rabbitmq.conf',
    'tcp *:61613 /etc/rabbitmq/enabled_plugins:2',
  ],
);

const TURNSERVER = ['/usr/bin/turnserver', '-c', '/etc/turnserver.conf'];
test(
  'coturn: every address, and the next port beside its own',
  listens,
  { '/etc/turnserver.conf': 'listening-port=3479\n' },
  TURNSERVER,
  [
    'tcp *:3479 /etc/turnserver.conf:1',
    'udp *:3479 /etc/turnserver.conf:1',
    'tcp *:3480 /etc/turnserver.conf:1',
    'udp *:3480 /etc/turnserver.conf:1',
  ],
);
test(
  'coturn: one address has no port beside; TLS needs keys that are there, the console a password',
  listens,
  {
    '/etc/x.pem': '',
    '/etc/turnserver.conf':
      'listening-ip=127.0.0.1\nno-udp\ncert=/etc/x.pem\npkey=/etc/x.pem\nno-dtls\ncli-password=x\ncli-port=5777\n',
  },
  TURNSERVER,
  [
    'tcp 127.0.0.1:3478 /etc/turnserver.conf:1',
    'tcp 127.0.0.1:5349 /etc/turnserver.conf:1',
    'tcp 127.0.0.1:5777 /etc/turnserver.conf:7',
  ],
);
test(
  'coturn: keys that are missing, and a second address without answers from others',
  listens,
  {
    '/etc/turnserver.conf':
      'listening-ip=127.0.0.1\nlistening-ip=::1\nno-tcp\nno-rfc5780\ncert=/etc/none.pem\npkey=/etc/none.pem\n',
  },
  TURNSERVER,
  ['udp 127.0.0.1:3478 /etc/turnserver.conf:1', 'udp [::1]:3478 /etc/turnserver.conf:2'],
);

test(
  'unknown: a program of somebody’s own may be called like a shell',
  listens,
  {},
  ['/opt/dash/dash', '--web.listen-address=:3001'],
  ['?tcp *:3001'],
);
test(
  'http.server: the short form of --bind',
  listens,
  {},
  ['/usr/bin/python3', '-m', 'http.server', '-b', '127.0.0.1', '8500'],
  ['?tcp 127.0.0.1:8500'],
);

test('a variable named after the service speaks of it, one named after another does not', async (t) => {
  const environment = { GUESTBOOK_PORT: '8081', GUESTBOOK_ADDRESS: '127.0.0.1', DATABASE_PORT: '5432' };
  const { ports } = await portsOf(
    memoryGuest({}),
    service('guestbook.service', ['/opt/guestbook/run'], { environment }),
  );
  t.is(ports.length, 1);
  t.regex(ports[0]!, /^\?tcp 127\.0\.0\.1:8081 /);
});

test('an environment variable names the port of an unknown program, and its file is the evidence', async (t) => {
  const guest = memoryGuest({ '/etc/default/app': '# PORT=1\nOTHER=x\nPORT=8090\n' });
  const { ports } = await portsOf(
    guest,
    service('app.service', ['/opt/app'], { environment: { PORT: '8090', HOST: 'app.example' } }),
  );
  t.deepEqual(ports, ['?tcp *:8090 /etc/default/app:3']);
});

test('a configuration that is too large is a problem, and the other services are read', async (t) => {
  const guest = memoryGuest({
    '/etc/nginx/nginx.conf': { type: 'file', size: 50_000_000 },
    '/etc/vsftpd.conf': 'listen=YES\n',
  });
  const services = [service('nginx.service', NGINX), service('vsftpd.service', ['vsftpd'])];
  const { byService, problems } = await inspectPorts(guest, services, { packages: packages({}), os: DEBIAN_12 });
  t.deepEqual(byService.get('nginx.service'), { ports: [], listens: [] });
  t.is(byService.get('vsftpd.service')!.ports.length, 1);
  t.deepEqual(
    problems.map(({ code, path }) => [code, path]),
    [['config-too-large', '/etc/nginx/nginx.conf']],
  );
});

test('files that include each other over and over end with a problem', async (t) => {
  const names = Array.from({ length: 14 }, (_, index) => `/etc/loop/${index}.conf`);
  const all = (line: string): Record<string, string> => Object.fromEntries(names.map((name) => [name, line]));
  for (const [command, path, line] of [
    [['/usr/sbin/sshd'], '/etc/ssh/sshd_config', 'Include /etc/loop/*\n'],
    [['/usr/sbin/named'], '/etc/bind/named.conf', 'include "/etc/loop/*";\n'],
    [['/usr/bin/caddy', 'run', '--config', '/etc/caddy/Caddyfile'], '/etc/caddy/Caddyfile', 'import /etc/loop/*\n'],
    [
      ['/usr/sbin/lighttpd', '-f', '/etc/lighttpd/lighttpd.conf'],
      '/etc/lighttpd/lighttpd.conf',
      'include "/etc/loop/*"\n',
    ],
    [['/usr/sbin/syslog-ng'], '/etc/syslog-ng/syslog-ng.conf', '@include "/etc/loop/*"\n'.repeat(20)],
    [
      ['/usr/sbin/pgbouncer', '/etc/loop/0.conf'],
      '/etc/pgbouncer/pgbouncer.ini',
      '%include /etc/pgbouncer/pgbouncer.ini\n'.repeat(20),
    ],
  ] as const) {
    const guest = memoryGuest({ ...all(line), [path]: line });
    const { inspection } = await portsOf(guest, service('x.service', command));
    t.true(
      inspection.problems.some(({ code }) => code === 'include-loop'),
      path,
    );
  }
});

/** Where each reader looks, so that random text reaches all of them. */
const PLACES = [
  '/etc/nginx/nginx.conf', '/etc/apache2/apache2.conf', '/etc/lighttpd/lighttpd.conf', '/etc/caddy/Caddyfile', '/etc/haproxy/haproxy.cfg',
  '/etc/squid/squid.conf', '/etc/envoy/envoy.yaml', '/etc/traefik/traefik.yml', '/etc/postgresql/15/main/postgresql.conf', '/etc/my.cnf',
  '/etc/mongod.conf', '/etc/redis/redis.conf', '/etc/memcached.conf', '/opt/couchdb/etc/local.ini', '/etc/elasticsearch/elasticsearch.yml',
  '/etc/influxdb/influxdb.conf', '/etc/cassandra/cassandra.yaml', '/etc/rabbitmq/rabbitmq.conf', '/etc/kafka/server.properties',
  '/etc/zookeeper/zoo.cfg', '/opt/activemq/conf/activemq.xml', '/etc/tomcat/server.xml', '/etc/jetty9/start.ini',
  '/opt/wildfly/standalone/configuration/standalone.xml', '/etc/php-fpm.conf', '/etc/ssh/sshd_config', '/etc/vsftpd.conf',
  '/etc/proftpd/proftpd.conf', '/etc/samba/smb.conf', '/etc/nfs.conf', '/etc/rsyncd.conf', '/etc/bind/named.conf', '/etc/unbound/unbound.conf',
  '/etc/dnsmasq.conf', '/etc/powerdns/pdns.conf', '/etc/postfix/main.cf', '/etc/postfix/master.cf', '/etc/exim4/exim4.conf',
  '/etc/dovecot/dovecot.conf', '/etc/default/slapd', '/etc/grafana/grafana.ini', '/etc/zabbix/zabbix_agentd.conf', '/etc/snmp/snmpd.conf',
  '/etc/cups/cupsd.conf', '/etc/chrony/chrony.conf', '/etc/ntp.conf', '/etc/docker/registry/config.yml', '/etc/gitea/app.ini', '/etc/hosts',
  '/etc/services', '/etc/ufw/user.rules', '/etc/ufw/ufw.conf', '/etc/nftables.conf', '/etc/iptables/rules.v4', '/etc/firewalld/firewalld.conf',
]; // biome-ignore format: a list

test('no configuration and no command line makes a reader throw', async (t) => {
  const words = [
    'listen',
    'Listen',
    'port',
    'bind',
    'include',
    'server',
    '{',
    '}',
    '[',
    ']',
    '<a>',
    '</a>',
    '"',
    "'",
    '\\',
    '\n',
    ' ',
    ':',
    '=',
    ';',
    '#',
    '/*',
    '*',
    '/etc/*',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: a placeholder of the configuration's own
    '${x}',
    '$x',
    '80',
    '0',
    '65536',
    '99999999999',
    '::',
    '127.0.0.1:',
    'a: ',
    '- ',
    '&',
    'service x',
    'options',
    'inet_listener',
    'inet n - - - - smtpd',
    '%',
  ];
  const text = fc
    .array(fc.oneof(fc.constantFrom(...words), fc.string({ maxLength: 3 })), { maxLength: 60 })
    .map((pieces) => pieces.join(''));
  const argument = fc.oneof(
    fc.constantFrom('-p', '--port', '-c', '-f', '-h', '-D', '-a', '--listen=', '-E', 'agent', '/bin/sh', '-jar', '--'),
    text,
  );
  await fc.assert(
    fc.asyncProperty(text, fc.array(argument, { maxLength: 6 }), async (content, words_) => {
      const guest = memoryGuest(Object.fromEntries(PLACES.map((path) => [path, content])));
      const services = PORT_READERS.map((reader) =>
        service(`${reader.name}.service`, [`/usr/sbin/${reader.programs[0]}`, ...words_]),
      );
      const { problems, byService } = await inspectPorts(guest, [...services, service('?.service', words_)], {
        packages: null,
        os: DEBIAN_12,
      });
      for (const { ports } of byService.values()) {
        for (const port of ports) if (!Number.isInteger(port.port) || port.port < 1 || port.port > 65535) return false;
      }
      return !problems.some((problem) => problem.code === 'ports-unreadable');
    }),
    { numRuns: 200 },
  );
  t.pass();
});

test(
  'redis: without a file it listens everywhere, whatever file lies on the disk',
  listens,
  { '/etc/redis/redis.conf': 'port 6380\nbind 127.0.0.1\n' },
  ['/usr/bin/redis-server', '--port', '7001'],
  ['?tcp *:7001'],
);
test(
  'redis: a script that hides the command line leaves the file of the package',
  listens,
  { '/etc/redis/redis.conf': 'port 6380\nbind 127.0.0.1\n' },
  ['/etc/init.d/redis-server', 'start'],
  ['tcp 127.0.0.1:6380 /etc/redis/redis.conf:1'],
);
test(
  'webfs: 8000 unless its file or command line says otherwise',
  listens,
  { '/etc/webfsd.conf': 'web_port=""\n' },
  ['/usr/bin/webfsd', '-r', '/var/www/html'],
  ['?tcp *:8000'],
);
test(
  'webfs: port and address of its file',
  listens,
  { '/etc/webfsd.conf': 'web_ip="127.0.0.1"\nweb_port="8001"\n' },
  ['/etc/init.d/webfsd', 'start'],
  ['tcp 127.0.0.1:8001 /etc/webfsd.conf:2'],
);
test(
  'netcat: address and port that ncat listens on',
  listens,
  {},
  ['/usr/bin/ncat', '--listen', '--keep-open', '127.0.0.1', '9000'],
  ['?tcp 127.0.0.1:9000'],
);
test(
  'netcat: letters run together, the port as option or argument',
  listens,
  {},
  ['/bin/nc', '-lkup', '5300'],
  ['?udp 0.0.0.0:5300'],
);
test(
  'netcat: a value of another option is no port',
  listens,
  {},
  ['nc', '-l', '-w', '30', '-k', '99'],
  ['?tcp 0.0.0.0:99'],
);
test('netcat: a client listens nowhere', listens, {}, ['/bin/nc', 'db.example', '5432'], []);
