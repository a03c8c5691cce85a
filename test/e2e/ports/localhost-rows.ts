import type { Row } from './rows.js';

const append =
  (text: string) =>
  (old: string): string =>
    `${old}\n${text}\n`;
const only = (text: string) => (): string => text;

/** Daemons that are told to listen on a name with two addresses: some take both, some one of them. */
export const LOCALHOST: readonly Row[] = [
  {
    root: 'a',
    unit: 'nginx.service',
    edits: { '/etc/nginx/conf.d/x.conf': only('server { listen localhost:8081; }') },
  },
  { root: 'a', unit: 'apache2.service', edits: { '/etc/apache2/ports.conf': only('Listen localhost:8081\n') } },
  {
    root: 'a',
    unit: 'lighttpd.service',
    edits: {
      '/etc/lighttpd/lighttpd.conf': (old) =>
        old
          .replace(/server\.port\s*=\s*80/, 'server.port = 8088\nserver.bind = "localhost"')
          .replace(/^include_shell .*ipv6.*$/m, ''),
    },
  },
  {
    root: 'a',
    unit: 'haproxy.service',
    before: 'mkdir -p /run/haproxy',
    edits: { '/etc/haproxy/haproxy.cfg': append('frontend a\n  bind localhost:8081\n') },
  },
  {
    root: 'a',
    unit: 'squid.service',
    edits: {
      '/etc/squid/squid.conf': (old) => old.replace('http_port 3128', 'http_port localhost:8081'),
    },
  },
  {
    root: 'a',
    unit: 'postgresql@15-main.service',
    edits: { '/etc/postgresql/15/main/conf.d/x.conf': only("listen_addresses = 'localhost'\n") },
  },
  {
    root: 'a',
    unit: 'mariadb.service',
    start: 'exec mariadbd --user=mysql',
    before: 'install -d -o mysql /run/mysqld',
    edits: { '/etc/mysql/mariadb.conf.d/99-x.cnf': only('[mysqld]\nbind_address = localhost\n') },
  },
  { root: 'a', unit: 'redis-server.service', edits: { '/etc/redis/redis.conf': append('bind localhost') } },
  {
    root: 'a',
    unit: 'memcached.service',
    edits: { '/etc/memcached.conf': (old) => old.replace(/^-l .*$/gm, '-l localhost') },
  },
  {
    root: 'a',
    unit: 'ssh.service',
    before: 'mkdir -p /run/sshd',
    edits: { '/etc/ssh/sshd_config.d/x.conf': only('ListenAddress localhost\n') },
  },
  {
    root: 'a',
    unit: 'postfix@-.service',
    start: 'postfix start',
    edits: { '/etc/postfix/main.cf': append('inet_interfaces = localhost') },
  },
  { root: 'a', unit: 'dovecot.service', edits: { '/etc/dovecot/local.conf': only('listen = localhost\n') } },
  {
    root: 'a',
    unit: 'mosquitto.service',
    before: 'install -d -o mosquitto /run/mosquitto /var/log/mosquitto',
    edits: { '/etc/mosquitto/conf.d/x.conf': only('listener 1884 localhost\nallow_anonymous true\n') },
  },
  {
    root: 'a',
    unit: 'prometheus.service',
    edits: { '/etc/default/prometheus': only('ARGS="--web.listen-address=localhost:9200"\n') },
  },
  {
    root: 'a',
    unit: 'prometheus-node-exporter.service',
    edits: { '/etc/default/prometheus-node-exporter': only('ARGS="--web.listen-address=localhost:9200"\n') },
  },
  {
    root: 'a',
    unit: 'docker-registry.service',
    edits: { '/etc/docker/registry/config.yml': (old) => old.replace(/addr: :5000/, 'addr: localhost:5005') },
  },
  {
    root: 'a',
    unit: 'caddy.service',
    edits: {
      '/etc/caddy/Caddyfile': only('{\n  admin localhost:2020\n}\n:8085 {\n  bind localhost\n  respond "x"\n}\n'),
    },
  },
  {
    root: 'a',
    unit: 'php8.2-fpm.service',
    before: 'mkdir -p /run/php',
    edits: {
      '/etc/php/8.2/fpm/pool.d/www.conf': (old) => old.replace(/^listen = .*$/m, 'listen = localhost:9000'),
    },
  },
  {
    root: 'a',
    unit: 'rsync.service',
    edits: { '/etc/rsyncd.conf': only('address = localhost\n[data]\npath = /srv\n') },
  },
  {
    root: 'a',
    unit: 'slapd.service',
    start: '/etc/init.d/slapd start',
    command: ['/etc/init.d/slapd', 'start'],
    edits: {
      '/etc/default/slapd': (old) =>
        old.replace(/^SLAPD_SERVICES=.*$/m, 'SLAPD_SERVICES="ldap://localhost/ ldapi:///"'),
    },
  },
  {
    root: 'a',
    unit: 'rabbitmq-server.service',
    seconds: 40,
    edits: { '/etc/rabbitmq/rabbitmq.conf': only('listeners.tcp.1 = localhost:5673\n') },
  },
  {
    root: 'a',
    unit: 'zabbix-agent.service',
    before: 'install -d -o zabbix /run/zabbix',
    edits: { '/etc/zabbix/zabbix_agentd.conf': append('ListenIP=localhost') },
  },
  {
    root: 'a',
    unit: 'influxdb.service',
    edits: {
      '/etc/influxdb/influxdb.conf': only('bind-address = "localhost:8088"\n[http]\nbind-address = "localhost:8086"\n'),
    },
  },
  {
    root: 'b',
    unit: 'proftpd.service',
    before: 'mkdir -p /run/proftpd',
    edits: { '/etc/proftpd/conf.d/x.conf': only('DefaultAddress localhost\nSocketBindTight on\n') },
  },
  {
    root: 'b',
    unit: 'snmpd.service',
    edits: { '/etc/snmp/snmpd.conf': (old) => old.replace(/^agentaddress.*$/m, 'agentaddress udp:localhost:1161') },
  },
  {
    root: 'b',
    unit: 'tomcat10.service',
    seconds: 30,
    edits: { '/etc/tomcat10/server.xml': (old) => old.replace('port="8080"', 'port="8180" address="localhost"') },
  },
  {
    root: 'b',
    unit: 'jetty9.service',
    seconds: 40,
    edits: { '/etc/jetty9/start.ini': append('jetty.http.host=localhost') },
  },
  { root: 'b', unit: 'nats-server.service', edits: { '/etc/nats-server.conf': only('listen: localhost:4333\n') } },
];
