import { append, changed, only } from './edited-row.js';
import type { Row } from './rows.js';

/** Daemons that are told to listen on a name with two addresses: some take both, some one of them. */
export const LOCALHOST: readonly Row[] = [
  changed('nginx.service', { '/etc/nginx/conf.d/x.conf': only('server { listen localhost:8081; }') }),
  changed('apache2.service', { '/etc/apache2/ports.conf': only('Listen localhost:8081\n') }),
  changed('lighttpd.service', {
    '/etc/lighttpd/lighttpd.conf': (old) =>
      old
        .replace(/server\.port\s*=\s*80/, 'server.port = 8088\nserver.bind = "localhost"')
        .replace(/^include_shell .*ipv6.*$/m, ''),
  }),
  changed('haproxy.service', { '/etc/haproxy/haproxy.cfg': append('frontend a\n  bind localhost:8081\n') }),
  changed('squid.service', {
    '/etc/squid/squid.conf': (old) => old.replace('http_port 3128', 'http_port localhost:8081'),
  }),
  changed('postgresql@15-main.service', {
    '/etc/postgresql/15/main/conf.d/x.conf': only("listen_addresses = 'localhost'\n"),
  }),
  changed('mariadb.service', { '/etc/mysql/mariadb.conf.d/99-x.cnf': only('[mysqld]\nbind_address = localhost\n') }),
  changed('redis-server.service', { '/etc/redis/redis.conf': append('bind localhost') }),
  changed('memcached.service', { '/etc/memcached.conf': (old) => old.replace(/^-l .*$/gm, '-l localhost') }),
  changed('ssh.service', { '/etc/ssh/sshd_config.d/x.conf': only('ListenAddress localhost\n') }),
  changed('postfix@-.service', { '/etc/postfix/main.cf': append('inet_interfaces = localhost') }),
  changed('dovecot.service', { '/etc/dovecot/local.conf': only('listen = localhost\n') }),
  changed('mosquitto.service', {
    '/etc/mosquitto/conf.d/x.conf': only('listener 1884 localhost\nallow_anonymous true\n'),
  }),
  changed('prometheus.service', { '/etc/default/prometheus': only('ARGS="--web.listen-address=localhost:9200"\n') }),
  changed('prometheus-node-exporter.service', {
    '/etc/default/prometheus-node-exporter': only('ARGS="--web.listen-address=localhost:9200"\n'),
  }),
  changed('docker-registry.service', {
    '/etc/docker/registry/config.yml': (old) => old.replace(/addr: :5000/, 'addr: localhost:5005'),
  }),
  changed('caddy.service', {
    '/etc/caddy/Caddyfile': only('{\n  admin localhost:2020\n}\n:8085 {\n  bind localhost\n  respond "x"\n}\n'),
  }),
  changed('php8.2-fpm.service', {
    '/etc/php/8.2/fpm/pool.d/www.conf': (old) => old.replace(/^listen = .*$/m, 'listen = localhost:9000'),
  }),
  changed('rsync.service', { '/etc/rsyncd.conf': only('address = localhost\n[data]\npath = /srv\n') }),
  changed('slapd.service', {
    '/etc/default/slapd': (old) => old.replace(/^SLAPD_SERVICES=.*$/m, 'SLAPD_SERVICES="ldap://localhost/ ldapi:///"'),
  }),
  changed('rabbitmq-server.service', { '/etc/rabbitmq/rabbitmq.conf': only('listeners.tcp.1 = localhost:5673\n') }),
  changed('zabbix-agent.service', { '/etc/zabbix/zabbix_agentd.conf': append('ListenIP=localhost') }),
  changed('influxdb.service', {
    '/etc/influxdb/influxdb.conf': (old) =>
      old
        .replace('# bind-address = "127.0.0.1:8088"', 'bind-address = "localhost:8088"')
        .replace('# bind-address = ":8086"', 'bind-address = "localhost:8086"'),
  }),
  changed('proftpd.service', { '/etc/proftpd/conf.d/x.conf': only('DefaultAddress localhost\nSocketBindTight on\n') }),
  changed('snmpd.service', {
    '/etc/snmp/snmpd.conf': (old) => old.replace(/^agentaddress.*$/m, 'agentaddress udp:localhost:1161'),
  }),
  changed('tomcat10.service', {
    '/etc/tomcat10/server.xml': (old) => old.replace('port="8080"', 'port="8180" address="localhost"'),
  }),
  changed('jetty9.service', { '/etc/jetty9/start.ini': append('jetty.http.host=localhost') }),
  changed('nats-server.service', { '/etc/nats-server.conf': only('listen: localhost:4333\n') }),
];
