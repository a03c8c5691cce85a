import test from 'ava';
import type { Service } from '../../../src/model/services.js';
import { FOREGROUND_ROWS, foregroundForm } from '../../../src/plan/containers/foreground/index.js';
import { imageFiles } from '../../../src/plan/containers/image-files.js';
import { machineOf } from '../machine.js';

/** Of each row one command that forks, and the form that stays. Those of distributions are as their scripts start them. */
const CASES: readonly (readonly [given: string, expected: string])[] = [
  ['/usr/sbin/lighttpd -f /etc/lighttpd/lighttpd.conf', '/usr/sbin/lighttpd -D -f /etc/lighttpd/lighttpd.conf'],
  ['/usr/bin/caddy start --config /etc/caddy/Caddyfile', '/usr/bin/caddy run --config /etc/caddy/Caddyfile'],
  [
    '/usr/sbin/haproxy -f /etc/haproxy/haproxy.cfg -D -p /run/haproxy.pid',
    '/usr/sbin/haproxy -f /etc/haproxy/haproxy.cfg -p /run/haproxy.pid -db',
  ],
  [
    '/usr/sbin/haproxy -Ws -f /etc/haproxy/haproxy.cfg -p /run/haproxy.pid',
    '/usr/sbin/haproxy -W -f /etc/haproxy/haproxy.cfg -p /run/haproxy.pid -db',
  ],
  ['/usr/sbin/varnishd -a :6081 -s malloc', '/usr/sbin/varnishd -F -a :6081 -s malloc'],
  ['/usr/sbin/squid -YC -f /etc/squid/squid.conf', '/usr/sbin/squid -N -YC -f /etc/squid/squid.conf'],
  ['/usr/bin/webfsd -k /var/run/webfs/webfsd.pid', '/usr/bin/webfsd -F -k /var/run/webfs/webfsd.pid'],
  [
    '/usr/share/memcached/scripts/start-memcached /etc/memcached.conf /var/run/memcached.pid',
    '/usr/share/memcached/scripts/systemd-memcached-wrapper /etc/memcached.conf',
  ],
  ['/usr/bin/tinyproxy -c /etc/tinyproxy.conf', '/usr/bin/tinyproxy -d -c /etc/tinyproxy.conf'],
  [
    '/usr/sbin/privoxy --user privoxy /etc/privoxy/config',
    '/usr/sbin/privoxy --no-daemon --user privoxy /etc/privoxy/config',
  ],
  ['/usr/sbin/danted -D', '/usr/sbin/danted'],
  [
    '/usr/sbin/php-fpm8.2 --daemonize --fpm-config /etc/php/8.2/fpm/php-fpm.conf',
    '/usr/sbin/php-fpm8.2 -F --fpm-config /etc/php/8.2/fpm/php-fpm.conf',
  ],
  ['/usr/bin/uwsgi --ini a.ini --daemonize /var/log/uwsgi.log', '/usr/bin/uwsgi --ini a.ini --die-on-term'],
  ['/usr/bin/gunicorn --daemon app:app', '/usr/bin/gunicorn app:app'],
  ['/usr/bin/puma -d -C puma.rb', '/usr/bin/puma -C puma.rb'],
  ['/usr/bin/unicorn -D -c unicorn.rb', '/usr/bin/unicorn -c unicorn.rb'],
  ['/usr/bin/thin -d start', '/usr/bin/thin start'],
  ['/usr/share/tomcat9/bin/catalina.sh start', '/usr/share/tomcat9/bin/catalina.sh run'],
  ['/opt/tomcat/bin/startup.sh', '/opt/tomcat/bin/catalina.sh run'],
  ['/usr/share/jetty9/bin/jetty.sh start', '/usr/share/jetty9/bin/jetty.sh run'],
  ['/usr/bin/jsvc -user tomcat Boot', '/usr/bin/jsvc -nodetach -user tomcat Boot'],
  ['/usr/bin/java -jar jenkins.war --daemon', '/usr/bin/java -jar jenkins.war'],
  ['/opt/wildfly/bin/standalone.sh -b 0.0.0.0', '/opt/wildfly/bin/standalone.sh -b 0.0.0.0'],
  ['/usr/bin/traefik --configfile x', '/usr/bin/traefik --configfile x'],
  ['/usr/bin/uvicorn app:app', '/usr/bin/uvicorn app:app'],
  ['/usr/bin/gitea web', '/usr/bin/gitea web'],
  ['/usr/bin/docker-registry serve x.yml', '/usr/bin/docker-registry serve x.yml'],
  ['/usr/lib/postgresql/15/bin/postgres -D /x', '/usr/lib/postgresql/15/bin/postgres -D /x'],
  ['/usr/bin/influxd -config x', '/usr/bin/influxd -config x'],
  ['/usr/bin/nats-server -c x', '/usr/bin/nats-server -c x'],
  ['/usr/bin/etcd', '/usr/bin/etcd'],
  ['/usr/bin/consul agent -config-dir x', '/usr/bin/consul agent -config-dir x'],
  ['/usr/local/bin/minio server /data', '/usr/local/bin/minio server /data'],
  ['/usr/bin/prometheus-node-exporter --x', '/usr/bin/prometheus-node-exporter --x'],
  [
    '/usr/bin/pg_ctlcluster --skip-systemctl-redirect 15-main start',
    '/usr/lib/postgresql/15/bin/postgres -D /etc/postgresql/15/main',
  ],
  ['/usr/bin/pg_ctlcluster 9.6 main start', '/usr/lib/postgresql/9.6/bin/postgres -D /etc/postgresql/9.6/main'],
  [
    '/usr/pgsql-9.4/bin/pg_ctl start -D /var/lib/pgsql/9.4/data -s -w -t 300',
    '/usr/pgsql-9.4/bin/postgres -D /var/lib/pgsql/9.4/data',
  ],
  ['/usr/sbin/mysqld --daemonize --user=mysql', '/usr/sbin/mysqld --user=mysql'],
  ['/usr/bin/mysqld_safe --nice=5 --datadir=/x', '/usr/sbin/mariadbd --user=mysql --datadir=/x'],
  ['/usr/bin/mongod --fork -f /etc/mongod.conf', '/usr/bin/mongod -f /etc/mongod.conf'],
  [
    '/usr/bin/redis-server /etc/redis/redis.conf --supervised systemd --daemonize yes',
    '/usr/bin/redis-server /etc/redis/redis.conf --daemonize no --supervised no',
  ],
  ['/usr/bin/memcached -d -m 64 -u memcache', '/usr/bin/memcached -m 64 -u memcache'],
  ['/usr/sbin/slapd -h ldap:/// -u openldap', '/usr/sbin/slapd -d 0 -h ldap:/// -u openldap'],
  ['/usr/sbin/rabbitmq-server -detached', '/usr/sbin/rabbitmq-server'],
  ['/usr/sbin/mosquitto -d -c /etc/mosquitto/mosquitto.conf', '/usr/sbin/mosquitto -c /etc/mosquitto/mosquitto.conf'],
  ['/usr/bin/beanstalkd -d -p 11300', '/usr/bin/beanstalkd -p 11300'],
  ['/usr/share/elasticsearch/bin/elasticsearch -d -p x.pid', '/usr/share/elasticsearch/bin/elasticsearch -p x.pid'],
  ['/opt/kafka/bin/kafka-server-start.sh -daemon s.properties', '/opt/kafka/bin/kafka-server-start.sh s.properties'],
  ['/usr/share/zookeeper/bin/zkServer.sh start', '/usr/share/zookeeper/bin/zkServer.sh start-foreground'],
  ['/opt/activemq/bin/activemq start', '/opt/activemq/bin/activemq console'],
  ['/usr/sbin/cassandra -p x.pid', '/usr/sbin/cassandra -f -p x.pid'],
  ['/usr/bin/couchdb -b -o /dev/null', '/usr/bin/couchdb -o /dev/null'],
  ['/usr/bin/neo4j start', '/usr/bin/neo4j console'],
  ['/opt/solr/bin/solr start', '/opt/solr/bin/solr start -f'],
  [
    '/usr/bin/carbon-cache --config=/etc/carbon/carbon.conf start',
    '/usr/bin/carbon-cache --nodaemon --config=/etc/carbon/carbon.conf start',
  ],
  ['/usr/sbin/named -u bind', '/usr/sbin/named -f -u bind'],
  ['/usr/sbin/unbound', '/usr/sbin/unbound -d'],
  ['/usr/sbin/dnsmasq -u dnsmasq', '/usr/sbin/dnsmasq -k -u dnsmasq'],
  ['/usr/sbin/pdns_server --daemon --guardian=yes', '/usr/sbin/pdns_server --daemon=no'],
  ['/usr/sbin/nsd', '/usr/sbin/nsd -d'],
  ['/usr/sbin/knotd -d -c x', '/usr/sbin/knotd -c x'],
  ['/usr/sbin/dhcpd -q eth0', '/usr/sbin/dhcpd -f -q eth0'],
  ['/usr/sbin/radvd -u radvd', '/usr/sbin/radvd -n -u radvd'],
  ['/usr/sbin/openvpn --daemon ovpn-a --config a.conf', '/usr/sbin/openvpn --config a.conf'],
  ['/usr/sbin/ipsec start', '/usr/sbin/ipsec start --nofork'],
  ['/usr/sbin/postfix start', '/usr/sbin/postfix start-fg'],
  ['/usr/sbin/postmulti -i - -p start', '/usr/sbin/postfix start-fg'],
  ['/usr/lib/postfix/sbin/master -w', '/usr/lib/postfix/sbin/master -d'],
  ['/usr/sbin/dovecot', '/usr/sbin/dovecot -F'],
  ['/usr/sbin/exim4 -bd -q30m', '/usr/sbin/exim4 -bdf -q30m'],
  ['/usr/sbin/sendmail -bd -q1h', '/usr/sbin/sendmail -bD -q1h'],
  ['/usr/sbin/opendkim -x /etc/opendkim.conf', '/usr/sbin/opendkim -f -x /etc/opendkim.conf'],
  ['/usr/sbin/amavisd-new start', '/usr/sbin/amavisd-new foreground'],
  ['/usr/sbin/spamd -d --max-children 5', '/usr/sbin/spamd --max-children 5'],
  ['/usr/sbin/clamd -c /etc/clamd.conf', '/usr/sbin/clamd --foreground -c /etc/clamd.conf'],
  ['/usr/bin/freshclam -d --quiet', '/usr/bin/freshclam --quiet -d --foreground'],
  ['/usr/sbin/saslauthd -a pam', '/usr/sbin/saslauthd -d -a pam'],
  ['/usr/sbin/postgrey --daemonize --inet=10023', '/usr/sbin/postgrey --inet=10023'],
  ['/usr/sbin/sshd', '/usr/sbin/sshd -D'],
  ['/usr/sbin/dropbear -p 22', '/usr/sbin/dropbear -F -p 22'],
  ['/usr/sbin/vsftpd', '/usr/sbin/vsftpd /etc/vsftpd.conf -obackground=NO'],
  ['/usr/sbin/proftpd -c /etc/proftpd/proftpd.conf', '/usr/sbin/proftpd --nodaemon -c /etc/proftpd/proftpd.conf'],
  ['/usr/sbin/pure-ftpd -l unix -B', '/usr/sbin/pure-ftpd -l unix'],
  ['/usr/sbin/smbd -D', '/usr/sbin/smbd -F'],
  ['/usr/bin/rsync --daemon', '/usr/bin/rsync --daemon --no-detach'],
  ['/usr/sbin/in.tftpd --listen --user tftp', '/usr/sbin/in.tftpd --foreground --user tftp'],
  ['/usr/sbin/atftpd --daemon --port 69', '/usr/sbin/atftpd --daemon --port 69 --no-fork'],
  ['/usr/sbin/freeradius', '/usr/sbin/freeradius -f'],
  ['/usr/sbin/asterisk -U asterisk', '/usr/sbin/asterisk -f -U asterisk'],
  ['/usr/bin/freeswitch -nc -u fs', '/usr/bin/freeswitch -u fs -nf'],
  ['/usr/sbin/kamailio -P x.pid', '/usr/sbin/kamailio -DD -P x.pid'],
  ['/usr/sbin/opensips -P x.pid', '/usr/sbin/opensips -F -P x.pid'],
  ['/usr/bin/turnserver --daemon -c x', '/usr/bin/turnserver -c x'],
  ['/usr/sbin/murmurd -ini x', '/usr/sbin/murmurd -fg -ini x'],
  ['/usr/bin/prosodyctl start', '/usr/bin/prosody -F'],
  ['/usr/sbin/ejabberdctl start', '/usr/sbin/ejabberdctl foreground'],
  ['/usr/sbin/inspircd --logfile x', '/usr/sbin/inspircd --logfile x --nofork'],
  ['/usr/sbin/ngircd', '/usr/sbin/ngircd -n'],
  ['/usr/bin/unrealircd', '/usr/bin/unrealircd -F'],
  ['/usr/bin/tor --RunAsDaemon 1', '/usr/bin/tor --RunAsDaemon 0'],
  ['/usr/sbin/hostapd -B x.conf', '/usr/sbin/hostapd x.conf'],
  ['/usr/sbin/cupsd -C x', '/usr/sbin/cupsd -f -C x'],
  ['/usr/sbin/cron', '/usr/sbin/cron -f'],
  ['/usr/sbin/crond', '/usr/sbin/crond -n'],
  ['/usr/sbin/atd', '/usr/sbin/atd -f'],
  ['/usr/sbin/rsyslogd', '/usr/sbin/rsyslogd -n'],
  ['/usr/sbin/syslog-ng -p x', '/usr/sbin/syslog-ng -F -p x'],
  ['/usr/sbin/chronyd -F 1', '/usr/sbin/chronyd -d -F 1'],
  ['/usr/sbin/ntpd -p x -g', '/usr/sbin/ntpd -n -p x -g'],
  ['/usr/sbin/snmpd -Lsd', '/usr/sbin/snmpd -f -Lsd'],
  ['/usr/sbin/zabbix_agentd', '/usr/sbin/zabbix_agentd -f'],
  ['/usr/sbin/nrpe -c /etc/nagios/nrpe.cfg -d', '/usr/sbin/nrpe -c /etc/nagios/nrpe.cfg -f'],
  ['/usr/sbin/nagios4 -d /etc/nagios4/nagios.cfg', '/usr/sbin/nagios4 /etc/nagios4/nagios.cfg'],
  ['/usr/sbin/icinga2 daemon -d', '/usr/sbin/icinga2 daemon'],
  ['/usr/sbin/munin-node', '/usr/sbin/munin-node --foreground'],
  ['/usr/sbin/collectd', '/usr/sbin/collectd -f'],
  ['/usr/bin/monit -c x', '/usr/bin/monit -I -c x'],
  ['/usr/sbin/vnstatd -d', '/usr/sbin/vnstatd -n'],
  ['/usr/bin/fail2ban-client -x start', '/usr/bin/fail2ban-server -f -x start'],
  ['/usr/sbin/keepalived', '/usr/sbin/keepalived -n'],
  ['/usr/sbin/corosync', '/usr/sbin/corosync -f'],
  ['/sbin/rpcbind -w', '/sbin/rpcbind -f -w'],
  ['/usr/bin/ganesha.nfsd -L x', '/usr/bin/ganesha.nfsd -F -L x'],
  ['/usr/sbin/xinetd -stayalive', '/usr/sbin/xinetd -stayalive -dontfork'],
  ['/usr/sbin/inetd', '/usr/sbin/inetd -i'],
  ['/usr/bin/supervisord -c x', '/usr/bin/supervisord -n -c x'],
  ['/usr/sbin/avahi-daemon -D', '/usr/sbin/avahi-daemon'],
  ['/usr/bin/mpd x.conf', '/usr/bin/mpd --no-daemon x.conf'],
  ['/usr/bin/icecast2 -b -c x', '/usr/bin/icecast2 -c x'],
  ['/usr/sbin/minidlnad -P x', '/usr/sbin/minidlnad -S -P x'],
  ['/usr/bin/transmission-daemon -g x', '/usr/bin/transmission-daemon -f -g x'],
  ['/usr/sbin/ulogd --daemon', '/usr/sbin/ulogd'],
  ['/usr/sbin/lldpd', '/usr/sbin/lldpd -d'],
  ['/usr/sbin/ddclient -syslog', '/usr/sbin/ddclient -syslog -foreground'],
];

function service(command: readonly string[], facts: Partial<Service> = {}): Parameters<typeof foregroundForm>[0] {
  const nobody = { user: 'root', group: null, environment: {} };
  return { command, type: 'forking', init: 'systemd', name: 'a.service', ...nobody, ...facts };
}

const PROGRAM = { content: 'x', mode: 0o755 };
function imageWith(...programs: readonly string[]): ReturnType<typeof imageFiles> {
  return imageFiles(machineOf({ files: Object.fromEntries(programs.map((path) => [path, PROGRAM])) }).files);
}
const IMAGE = imageWith('/usr/sbin/mariadbd');

const stays = test.macro({
  exec(t, given: string, expected: string) {
    t.deepEqual(foregroundForm(service(given.split(' ')), IMAGE).command, expected.split(' '));
  },
  title: (_, given) => `stays in the foreground: ${given}`,
});
for (const [given, expected] of CASES) test(stays, given, expected);

test('every row has a case', (t) => {
  const special = new Set(['nginx', 'apache2']);
  const tried = CASES.map(([given]) => given.split(' ')[0]!.replace(/^.*\//, ''));
  for (const { programs, refused } of FOREGROUND_ROWS) {
    if (refused !== undefined) continue;
    const isTried = programs.some(
      (program) =>
        special.has(program) || tried.some((name) => name.replace(/-?[0-9.]+$/, '') === program || name === program),
    );
    t.true(isTried, programs.join(' '));
  }
});

test('no program is in two rows', (t) => {
  const all = FOREGROUND_ROWS.flatMap(({ programs }) => programs);
  t.deepEqual(all, [...new Set(all)]);
});

test('a form that is applied twice is as before', (t) => {
  for (const [given] of CASES) {
    const once = foregroundForm(service(given.split(' '))).command!;
    const again = foregroundForm(service(once)).command;
    if (again !== null && !/vsftpd|freshclam|saslauthd|amavisd/.test(given)) t.deepEqual(again, once);
  }
});

test('nginx keeps its other directives, and has one about the daemon', (t) => {
  const forms = [
    [
      ['/usr/sbin/nginx', '-g', 'daemon on; master_process on;'],
      ['/usr/sbin/nginx', '-g', 'master_process on; daemon off;'],
    ],
    [['/usr/sbin/nginx'], ['/usr/sbin/nginx', '-g', 'daemon off;']],
    [
      ['/usr/sbin/nginx', '-c', '/a', '-g', 'pid /b;'],
      ['/usr/sbin/nginx', '-c', '/a', '-g', 'pid /b; daemon off;'],
    ],
  ];
  for (const [given, expected] of forms) t.deepEqual(foregroundForm(service(given!)).command, expected);
});

test("Debian's Apache gets its variables from envvars, and is not the child of a shell", (t) => {
  for (const given of ['/usr/sbin/apachectl start', '/usr/sbin/apache2ctl start', '/usr/sbin/apache2 -k start']) {
    const { command } = foregroundForm(service(given.split(' ')));
    t.is(command![0], '/bin/sh');
    t.regex(command![2]!, /envvars.*exec \/usr\/sbin\/apache2/);
    t.deepEqual(command!.slice(3), ['apache2', '-D', 'FOREGROUND']);
  }
  t.deepEqual(foregroundForm(service(['/usr/sbin/httpd', '-k', 'start'])).command, ['/usr/sbin/httpd', '-DFOREGROUND']);
});

test('what stays in the foreground by itself is left as it is', (t) => {
  for (const type of ['simple', 'exec', 'notify', 'dbus'] as const) {
    t.deepEqual(foregroundForm(service(['/usr/sbin/named', '-u', 'bind'], { type })).command, [
      '/usr/sbin/named',
      '-u',
      'bind',
    ]);
  }
});

test('redis is told of no supervisor, whatever its type', (t) => {
  const given = ['/usr/bin/redis-server', '/a.conf', '--supervised', 'systemd', '--daemonize', 'no'];
  const { command } = foregroundForm(service(given, { type: 'notify' }));
  t.deepEqual(command, ['/usr/bin/redis-server', '/a.conf', '--daemonize', 'no', '--supervised', 'no']);
});

test('what forks and is in no row has a reason instead of a command', (t) => {
  const form = foregroundForm(service(['/opt/own/daemon']));
  t.is(form.command, null);
  t.regex(form.reason!, /background/);
});

test('without a command there is no form', (t) => {
  t.is(foregroundForm(service([])).command, null);
});

test('what the kernel or an engine serves has the reason, whichever program sets it up', (t) => {
  for (const program of FOREGROUND_ROWS.flatMap(({ refused, programs }) => (refused === undefined ? [] : programs))) {
    const form = foregroundForm(service([`/usr/sbin/${program}`, '8'], { type: 'oneshot' }));
    t.is(form.command, null);
    t.regex(
      form.reason!,
      program.startsWith('rpc.') || /^(?:nfsdctl|exportfs)$/.test(program) ? /kernel/ : /containers/,
    );
  }
});

test('a known daemon that a unit of one shot starts is kept in the foreground too', (t) => {
  const oneshot = { type: 'oneshot' } as const;
  t.deepEqual(foregroundForm(service(['/usr/sbin/named'], oneshot)).command, ['/usr/sbin/named', '-f']);
  const client = ['/usr/bin/rsync', '-a', '/a', 'b:/c'];
  t.deepEqual(foregroundForm(service(client, oneshot)).command, client);
});

test('databases and proxies that would wait for their clients are told to end at once', (t) => {
  const signals = [
    '/usr/bin/pg_ctlcluster 15-main start',
    '/usr/lib/postgresql/15/bin/postgres',
    '/usr/sbin/squid',
  ].map((text) => foregroundForm(service(text.split(' '))).stopSignal);
  t.deepEqual(signals, ['SIGINT', 'SIGINT', 'SIGINT']);
  t.is(foregroundForm(service(['/usr/sbin/nginx'])).stopSignal, undefined);
});

test('without a server beside it mysqld_safe stays what it is', (t) => {
  t.deepEqual(foregroundForm(service(['/usr/bin/mysqld_safe'])).command, ['/usr/bin/mysqld_safe']);
});

test('a cluster or version that is no name is refused', (t) => {
  t.is(foregroundForm(service(['/usr/bin/pg_ctlcluster', '15-../../evil', 'start'])).command, null);
  t.is(foregroundForm(service(['/usr/bin/pg_ctlcluster', '15-main', 'stop'])).command, null);
});
