/** What a server of Debian 12 listens on as packaged, before anybody changed a line. */
export interface DefaultCase {
  /** Name of the reader. */
  readonly reader: string;
  readonly packages: readonly string[];
  /** Unit of the packages; the command is needed where they bring only an init script. */
  readonly unit: string;
  readonly command?: readonly string[];
  /** What maintainer scripts do: path → where they copy it from (`copy:`), or where a link leads (`link:`), or the text. */
  readonly more?: Readonly<Record<string, string>>;
  /** `protocol address:port evidence`, a `?` in front when inferred. */
  readonly ports: readonly string[];
  readonly listens?: readonly string[];
}

const TOR_DEFAULTS =
  'ControlSocket /run/tor/control GroupWritable RelaxDirModeCheck\nSocksPort unix:/run/tor/socks WorldWritable\nSocksPort 9050\n';

/** The ports were seen on the running daemons, too: `test/e2e/ports-truth.ts`. */
export const DEBIAN_DEFAULTS: readonly DefaultCase[] = [
  {
    reader: 'nginx',
    packages: ['nginx-common', 'nginx'],
    unit: 'nginx.service',
    more: { '/etc/nginx/sites-enabled/default': 'link:/etc/nginx/sites-available/default' },
    ports: ['tcp *:80 /etc/nginx/sites-enabled/default'],
  },
  {
    reader: 'apache',
    packages: ['apache2'],
    unit: 'apache2.service',
    ports: ['tcp *:80 /etc/apache2/ports.conf'],
  },
  {
    reader: 'lighttpd',
    packages: ['lighttpd'],
    unit: 'lighttpd.service',
    ports: ['tcp *:80 /etc/lighttpd/lighttpd.conf'],
  },
  {
    reader: 'caddy',
    packages: ['caddy'],
    unit: 'caddy.service',
    ports: ['tcp *:80 /etc/caddy/Caddyfile', 'tcp 127.0.0.1:2019 /etc/caddy/Caddyfile'],
  },
  {
    reader: 'haproxy',
    packages: ['haproxy'],
    unit: 'haproxy.service',
    ports: [],
    listens: ['/run/haproxy/admin.sock'],
  },
  {
    reader: 'varnish',
    packages: ['varnish'],
    unit: 'varnish.service',
    ports: [
      '?tcp *:6081 /lib/systemd/system/varnish.service',
      '?tcp 127.0.0.1:6082 /lib/systemd/system/varnish.service',
      '?tcp [::1]:6082 /lib/systemd/system/varnish.service',
    ],
  },
  { reader: 'squid', packages: ['squid'], unit: 'squid.service', ports: ['tcp *:3128 /etc/squid/squid.conf'] },
  {
    reader: 'postgresql',
    packages: ['postgresql-common', 'postgresql-15'],
    unit: 'postgresql@15-main.service',
    more: { '/etc/postgresql/15/main/postgresql.conf': 'copy:/usr/share/postgresql/15/postgresql.conf.sample' },
    ports: [
      'tcp 127.0.0.1:5432 /etc/postgresql/15/main/postgresql.conf',
      'tcp [::1]:5432 /etc/postgresql/15/main/postgresql.conf',
    ],
    listens: ['/var/run/postgresql/.s.PGSQL.5432'],
  },
  {
    reader: 'mysql',
    packages: ['mariadb-server', 'mariadb-common', 'mysql-common'],
    unit: 'mariadb.service',
    more: { '/etc/mysql/my.cnf': 'link:/etc/mysql/mariadb.cnf', '/etc/debian_version': '12.0\n' },
    ports: ['tcp 127.0.0.1:3306 /etc/mysql/mariadb.conf.d/50-server.cnf'],
    listens: ['/run/mysqld/mysqld.sock'],
  },
  {
    reader: 'redis',
    packages: ['redis-server'],
    unit: 'redis-server.service',
    ports: ['tcp 127.0.0.1:6379 /etc/redis/redis.conf', 'tcp [::1]:6379 /etc/redis/redis.conf'],
  },
  {
    reader: 'redis',
    packages: ['redis-sentinel'],
    unit: 'redis-sentinel.service',
    ports: ['tcp *:26379 /etc/redis/sentinel.conf'],
  },
  {
    reader: 'memcached',
    packages: ['memcached'],
    unit: 'memcached.service',
    more: { '/etc/memcached.conf': 'copy:/usr/share/memcached/memcached.conf.default' },
    ports: ['tcp 127.0.0.1:11211 /etc/memcached.conf'],
  },
  {
    reader: 'sshd',
    packages: ['openssh-server'],
    unit: 'ssh.service',
    more: { '/etc/ssh/sshd_config': 'copy:/usr/share/openssh/sshd_config' },
    ports: ['tcp *:22 /etc/ssh/sshd_config'],
  },
  {
    reader: 'postfix',
    packages: ['postfix'],
    unit: 'postfix@-.service',
    more: {
      '/etc/postfix/main.cf': 'copy:/usr/share/postfix/main.cf.debian',
      '/etc/postfix/master.cf': 'copy:/usr/share/postfix/master.cf.dist',
    },
    ports: ['tcp *:25 /etc/postfix/master.cf'],
  },
  {
    reader: 'dovecot',
    packages: ['dovecot-core', 'dovecot-imapd', 'dovecot-pop3d', 'dovecot-managesieved'],
    unit: 'dovecot.service',
    // The postinsts of the protocols write these.
    more: {
      '/etc/dovecot/dovecot.conf': 'copy:/usr/share/dovecot/dovecot.conf',
      '/usr/share/dovecot/protocols.d/imapd.protocol': 'protocols = $protocols imap\n',
      '/usr/share/dovecot/protocols.d/managesieved.protocol': 'protocols = $protocols sieve\n',
      '/usr/share/dovecot/protocols.d/pop3d.protocol': 'protocols = $protocols pop3\n',
    },
    ports: [
      'tcp *:110 /usr/share/dovecot/protocols.d/pop3d.protocol',
      'tcp *:143 /usr/share/dovecot/protocols.d/pop3d.protocol',
      'tcp *:993 /usr/share/dovecot/protocols.d/pop3d.protocol',
      'tcp *:995 /usr/share/dovecot/protocols.d/pop3d.protocol',
      'tcp *:4190 /usr/share/dovecot/protocols.d/pop3d.protocol',
    ],
  },
  {
    reader: 'bind',
    packages: ['bind9'],
    unit: 'named.service',
    more: { '/etc/bind/rndc.key': 'key "rndc-key" { };\n' },
    ports: [
      'tcp *:53 /etc/bind/named.conf',
      'udp *:53 /etc/bind/named.conf',
      'tcp 127.0.0.1:953 /etc/bind/rndc.key',
      'tcp [::1]:953 /etc/bind/rndc.key',
    ],
  },
  {
    reader: 'unbound',
    packages: ['unbound'],
    unit: 'unbound.service',
    ports: [
      'tcp 127.0.0.1:53 /etc/unbound/unbound.conf',
      'tcp [::1]:53 /etc/unbound/unbound.conf',
      'udp 127.0.0.1:53 /etc/unbound/unbound.conf',
      'udp [::1]:53 /etc/unbound/unbound.conf',
    ],
    listens: ['/run/unbound.ctl'],
  },
  {
    reader: 'dnsmasq',
    packages: ['dnsmasq'],
    unit: 'dnsmasq.service',
    ports: ['tcp *:53 /etc/dnsmasq.conf', 'udp *:53 /etc/dnsmasq.conf'],
  },
  { reader: 'vsftpd', packages: ['vsftpd'], unit: 'vsftpd.service', ports: ['tcp *:21 /etc/vsftpd.conf'] },
  {
    reader: 'proftpd',
    packages: ['proftpd-core'],
    unit: 'proftpd.service',
    more: { '/etc/proftpd/proftpd.conf': 'copy:/usr/share/proftpd/templates/proftpd.conf' },
    ports: ['tcp *:21 /etc/proftpd/proftpd.conf'],
  },
  {
    reader: 'mosquitto',
    packages: ['mosquitto'],
    unit: 'mosquitto.service',
    ports: ['tcp 127.0.0.1:1883 /etc/mosquitto/mosquitto.conf', 'tcp [::1]:1883 /etc/mosquitto/mosquitto.conf'],
  },
  {
    reader: 'prometheus',
    packages: ['prometheus'],
    unit: 'prometheus.service',
    ports: ['?tcp *:9090 /lib/systemd/system/prometheus.service'],
  },
  {
    reader: 'prometheus',
    packages: ['prometheus-alertmanager'],
    unit: 'prometheus-alertmanager.service',
    ports: [
      '?tcp *:9093 /lib/systemd/system/prometheus-alertmanager.service',
      '?tcp *:9094 /lib/systemd/system/prometheus-alertmanager.service',
      '?udp *:9094 /lib/systemd/system/prometheus-alertmanager.service',
    ],
  },
  {
    reader: 'prometheus-exporters',
    packages: ['prometheus-node-exporter'],
    unit: 'prometheus-node-exporter.service',
    ports: ['?tcp *:9100 /lib/systemd/system/prometheus-node-exporter.service'],
  },
  {
    reader: 'docker-registry',
    packages: ['docker-registry'],
    unit: 'docker-registry.service',
    ports: ['tcp *:5000 /etc/docker/registry/config.yml'],
  },
  {
    reader: 'php-fpm',
    packages: ['php8.2-fpm'],
    unit: 'php8.2-fpm.service',
    // The postinst copies it from /usr/lib/php/8.2/fpm.
    more: { '/etc/php/8.2/fpm/php-fpm.conf': '[global]\ninclude=/etc/php/8.2/fpm/pool.d/*.conf\n' },
    ports: [],
    listens: ['/run/php/php8.2-fpm.sock'],
  },
  {
    reader: 'samba',
    packages: ['samba', 'samba-common'],
    unit: 'smbd.service',
    more: { '/etc/samba/smb.conf': 'copy:/usr/share/samba/smb.conf' },
    ports: ['tcp *:139 /etc/samba/smb.conf', 'tcp *:445 /etc/samba/smb.conf'],
  },
  {
    reader: 'samba',
    packages: ['samba', 'samba-common'],
    unit: 'nmbd.service',
    more: { '/etc/samba/smb.conf': 'copy:/usr/share/samba/smb.conf' },
    ports: ['udp 0.0.0.0:137 /etc/samba/smb.conf', 'udp 0.0.0.0:138 /etc/samba/smb.conf'],
  },
  {
    reader: 'cups',
    packages: ['cups-daemon'],
    unit: 'cups.service',
    more: { '/etc/cups/cupsd.conf': 'copy:/usr/share/cups/cupsd.conf.default' },
    ports: ['tcp 127.0.0.1:631 /etc/cups/cupsd.conf', 'tcp [::1]:631 /etc/cups/cupsd.conf'],
    listens: ['/run/cups/cups.sock'],
  },
  {
    reader: 'chrony',
    packages: ['chrony'],
    unit: 'chrony.service',
    more: { '/etc/chrony/chrony.conf': 'copy:/usr/share/chrony/chrony.conf' },
    ports: ['udp 127.0.0.1:323 /etc/chrony/chrony.conf', 'udp [::1]:323 /etc/chrony/chrony.conf'],
  },
  {
    reader: 'rsyncd',
    packages: ['rsync'],
    unit: 'rsync.service',
    more: { '/etc/rsyncd.conf': '[data]\npath = /srv\n' },
    ports: ['tcp *:873 /etc/rsyncd.conf'],
  },
  {
    reader: 'openldap',
    packages: ['slapd'],
    unit: 'slapd.service',
    command: ['/etc/init.d/slapd', 'start'],
    ports: ['tcp *:389 /etc/default/slapd'],
    listens: ['/var/run/slapd/ldapi'],
  },
  {
    reader: 'powerdns',
    packages: ['pdns-server'],
    unit: 'pdns.service',
    ports: ['tcp *:53 /etc/powerdns/pdns.conf', 'udp *:53 /etc/powerdns/pdns.conf'],
  },
  {
    reader: 'powerdns',
    packages: ['pdns-recursor'],
    unit: 'pdns-recursor.service',
    ports: ['tcp 127.0.0.1:53 /etc/powerdns/recursor.conf', 'udp 127.0.0.1:53 /etc/powerdns/recursor.conf'],
  },
  {
    reader: 'rabbitmq',
    packages: ['rabbitmq-server'],
    unit: 'rabbitmq-server.service',
    more: {
      '/etc/systemd/system/sockets.target.wants/epmd.socket': 'link:/lib/systemd/system/epmd.socket',
      '/lib/systemd/system/epmd.socket': '[Socket]\nListenStream=4369\n',
    },
    ports: [
      '?tcp *:5672 /lib/systemd/system/rabbitmq-server.service',
      '?tcp 0.0.0.0:25672 /lib/systemd/system/rabbitmq-server.service',
    ],
  },
  {
    reader: 'zabbix-agent',
    packages: ['zabbix-agent'],
    unit: 'zabbix-agent.service',
    more: { '/etc/zabbix/zabbix_agentd.conf': 'copy:/usr/share/zabbix-agent/zabbix_agentd.conf' },
    ports: ['tcp *:10050 /etc/zabbix/zabbix_agentd.conf'],
  },
  {
    reader: 'influxdb',
    packages: ['influxdb'],
    unit: 'influxdb.service',
    ports: ['tcp *:8086 /etc/influxdb/influxdb.conf', 'tcp 127.0.0.1:8088 /etc/influxdb/influxdb.conf'],
  },
  {
    reader: 'rpcbind',
    packages: ['rpcbind'],
    unit: 'rpcbind.service',
    ports: ['?tcp *:111 /lib/systemd/system/rpcbind.service', '?udp *:111 /lib/systemd/system/rpcbind.service'],
  },
  {
    reader: 'avahi',
    packages: ['avahi-daemon'],
    unit: 'avahi-daemon.service',
    ports: ['udp *:5353 /etc/avahi/avahi-daemon.conf'],
  },
  {
    reader: 'exim',
    packages: ['exim4-config', 'exim4-base'],
    unit: 'exim4.service',
    command: ['/etc/init.d/exim4', 'start'],
    // What debconf writes for "local delivery only".
    more: {
      '/etc/exim4/update-exim4.conf.conf': "dc_eximconfig_configtype='local'\ndc_local_interfaces='127.0.0.1 ; ::1'\n",
    },
    ports: ['tcp 127.0.0.1:25 /etc/exim4/update-exim4.conf.conf', 'tcp [::1]:25 /etc/exim4/update-exim4.conf.conf'],
  },
  {
    // Debian's supervisord.conf has a Unix socket and no web server.
    reader: 'supervisord',
    packages: ['supervisor'],
    unit: 'supervisor.service',
    ports: [],
    listens: ['/var/run/supervisor.sock'],
  },
  {
    reader: 'snmpd',
    packages: ['snmpd'],
    unit: 'snmpd.service',
    ports: ['udp 127.0.0.1:161 /etc/snmp/snmpd.conf', 'udp [::1]:161 /etc/snmp/snmpd.conf'],
  },
  {
    reader: 'zookeeper',
    packages: ['zookeeper', 'zookeeperd'],
    unit: 'zookeeper.service',
    command: ['/etc/init.d/zookeeper', 'start'],
    more: { '/etc/zookeeper/conf': 'link:/etc/zookeeper/conf_example' },
    ports: ['tcp *:2181 /etc/zookeeper/conf/zoo.cfg'],
  },
  {
    reader: 'activemq',
    packages: ['activemq'],
    unit: 'activemq.service',
    command: ['/etc/init.d/activemq', 'start'],
    more: { '/etc/activemq/instances-enabled/main': 'link:/etc/activemq/instances-available/main' },
    ports: ['tcp 127.0.0.1:61616 /etc/activemq/instances-enabled/main/activemq.xml'],
  },
  {
    reader: 'nats',
    packages: ['nats-server'],
    unit: 'nats-server.service',
    ports: ['tcp 127.0.0.1:4222 /etc/nats-server.conf'],
  },
  {
    reader: 'etcd',
    packages: ['etcd-server'],
    unit: 'etcd.service',
    ports: [
      '?tcp 127.0.0.1:2379 /lib/systemd/system/etcd.service',
      '?tcp 127.0.0.1:2380 /lib/systemd/system/etcd.service',
    ],
  },
  {
    reader: 'tomcat',
    packages: ['tomcat10'],
    unit: 'tomcat10.service',
    more: { '/etc/tomcat10/server.xml': 'copy:/usr/share/tomcat10/etc/server.xml' },
    ports: ['tcp *:8080 /etc/tomcat10/server.xml'],
  },
  { reader: 'jetty', packages: ['jetty9'], unit: 'jetty9.service', ports: ['tcp *:8080 /etc/jetty9/start.ini'] },
  { reader: 'ntpd', packages: ['ntpsec'], unit: 'ntpsec.service', ports: ['udp *:123 /etc/ntpsec/ntp.conf'] },
  {
    reader: 'nfs',
    packages: ['nfs-kernel-server', 'nfs-common'],
    unit: 'nfs-server.service',
    more: { '/etc/nfs.conf': 'copy:/usr/share/nfs-common/conffiles/nfs.conf' },
    ports: ['tcp *:2049 /etc/nfs.conf'],
  },
  {
    reader: 'systemd-resolved',
    packages: ['systemd-resolved'],
    unit: 'systemd-resolved.service',
    ports: [
      'tcp 127.0.0.53:53 /etc/systemd/resolved.conf',
      'tcp 127.0.0.54:53 /etc/systemd/resolved.conf',
      'udp 127.0.0.53:53 /etc/systemd/resolved.conf',
      'udp 127.0.0.54:53 /etc/systemd/resolved.conf',
      'tcp *:5355 /etc/systemd/resolved.conf',
      'udp *:5355 /etc/systemd/resolved.conf',
    ],
  },
  {
    reader: 'tftpd',
    packages: ['tftpd-hpa'],
    unit: 'tftpd-hpa.service',
    command: ['/etc/init.d/tftpd-hpa', 'start'],
    // What debconf writes.
    more: { '/etc/default/tftpd-hpa': 'TFTP_USERNAME="tftp"\nTFTP_ADDRESS=":69"\n' },
    ports: ['udp *:69 /etc/default/tftpd-hpa'],
  },
  {
    reader: 'dhcpd',
    packages: ['isc-dhcp-server'],
    unit: 'isc-dhcp-server.service',
    command: ['/usr/sbin/dhcpd', '-4', '-q', '-cf', '/etc/dhcp/dhcpd.conf', 'eth0'],
    ports: ['?udp 0.0.0.0:67 /etc/init.d'],
  },
  // These listen on nothing until somebody writes a configuration.
  {
    reader: 'uwsgi',
    packages: ['uwsgi', 'uwsgi-core'],
    unit: 'uwsgi.service',
    command: ['/etc/init.d/uwsgi', 'start'],
    ports: [],
  },
  {
    reader: 'rsyslog',
    packages: ['rsyslog'],
    unit: 'rsyslog.service',
    ports: [],
  },
  { reader: 'openvpn', packages: ['openvpn'], unit: 'openvpn-server@main.service', ports: [] },
  { reader: 'wireguard', packages: ['wireguard-tools'], unit: 'wg-quick@wg0.service', ports: [] },
  {
    reader: 'pgbouncer',
    packages: ['pgbouncer'],
    unit: 'pgbouncer.service',
    ports: ['tcp 127.0.0.1:6432 /etc/pgbouncer/pgbouncer.ini', 'tcp [::1]:6432 /etc/pgbouncer/pgbouncer.ini'],
    listens: ['/var/run/postgresql/.s.PGSQL.6432'],
  },
  {
    reader: 'stunnel',
    packages: ['stunnel4'],
    unit: 'stunnel4.service',
    ports: [],
  },
  {
    reader: 'privoxy',
    packages: ['privoxy'],
    unit: 'privoxy.service',
    more: { '/etc/privoxy/config': 'copy:/usr/share/privoxy/config' },
    // Its maintainer script adds a line for ::1 to the copy.
    ports: ['tcp 127.0.0.1:8118 /etc/privoxy/config'],
  },
  {
    reader: 'tinyproxy',
    packages: ['tinyproxy', 'tinyproxy-bin'],
    unit: 'tinyproxy.service',
    ports: ['tcp *:8888 /etc/tinyproxy/tinyproxy.conf'],
  },
  {
    reader: 'freeradius',
    packages: ['freeradius', 'freeradius-config'],
    unit: 'freeradius.service',
    more: {
      '/etc/freeradius/3.0/sites-enabled/default': 'link:../sites-available/default',
      '/etc/freeradius/3.0/sites-enabled/inner-tunnel': 'link:../sites-available/inner-tunnel',
    },
    ports: [
      'udp *:1812 /etc/freeradius/3.0/sites-enabled/default',
      'udp *:1813 /etc/freeradius/3.0/sites-enabled/default',
      'udp 127.0.0.1:18120 /etc/freeradius/3.0/sites-enabled/inner-tunnel',
    ],
  },
  {
    reader: 'munin-node',
    packages: ['munin-node'],
    unit: 'munin-node.service',
    ports: ['tcp *:4949 /etc/munin/munin-node.conf'],
  },
  {
    reader: 'nrpe',
    packages: ['nagios-nrpe-server'],
    unit: 'nagios-nrpe-server.service',
    ports: ['tcp *:5666 /etc/nagios/nrpe.cfg'],
  },
  { reader: 'monit', packages: ['monit'], unit: 'monit.service', command: ['/usr/bin/monit', '-I'], ports: [] },
  {
    reader: 'ngircd',
    packages: ['ngircd'],
    unit: 'ngircd.service',
    ports: ['tcp *:6667 /etc/ngircd/ngircd.conf'],
  },
  {
    reader: 'apt-cacher-ng',
    packages: ['apt-cacher-ng'],
    unit: 'apt-cacher-ng.service',
    ports: ['tcp *:3142 /etc/apt-cacher-ng/acng.conf'],
  },
  {
    reader: 'clamd',
    packages: ['clamav-daemon'],
    unit: 'clamav-daemon.service',
    more: { '/etc/clamav/clamd.conf': 'LocalSocket /var/run/clamav/clamd.ctl\n' },
    ports: [],
  },
  {
    reader: 'minidlna',
    packages: ['minidlna'],
    unit: 'minidlna.service',
    ports: ['?udp 0.0.0.0:1900 /lib/systemd/system/minidlna.service', 'tcp 0.0.0.0:8200 /etc/minidlna.conf'],
  },
  {
    reader: 'transmission',
    packages: ['transmission-daemon'],
    unit: 'transmission-daemon.service',
    ports: [
      'tcp 0.0.0.0:9091 /etc/transmission-daemon/settings.json',
      'tcp *:51413 /etc/transmission-daemon/settings.json',
      'udp 0.0.0.0:51413 /etc/transmission-daemon/settings.json',
    ],
  },
  {
    reader: 'gearmand',
    packages: ['gearman-job-server'],
    unit: 'gearman-job-server.service',
    command: ['/usr/sbin/gearmand', '--pid-file=/run/gearman/gearmand.pid', '--listen=localhost', '--daemon'],
    ports: [
      '?tcp 127.0.0.1:4730 /lib/systemd/system/gearman-job-server.service',
      '?tcp [::1]:4730 /lib/systemd/system/gearman-job-server.service',
    ],
  },
  {
    reader: 'iperf',
    packages: ['iperf3'],
    unit: 'iperf3.service',
    ports: ['?tcp *:5201 /lib/systemd/system/iperf3.service'],
  },
  {
    reader: 'radicale',
    packages: ['radicale'],
    unit: 'radicale.service',
    ports: ['tcp 127.0.0.1:5232 /etc/radicale/config', 'tcp [::1]:5232 /etc/radicale/config'],
  },
  { reader: 'rinetd', packages: ['rinetd'], unit: 'rinetd.service', ports: [] },
  {
    reader: 'icecast',
    packages: ['icecast2'],
    unit: 'icecast2.service',
    command: ['/usr/bin/icecast2', '-b', '-c', '/etc/icecast2/icecast.xml'],
    ports: ['tcp *:8000 /etc/icecast2/icecast.xml'],
  },
  {
    reader: 'tor',
    packages: ['tor'],
    unit: 'tor@default.service',
    command: ['/usr/bin/tor', '--defaults-torrc', '/usr/share/tor/tor-service-defaults-torrc', '-f', '/etc/tor/torrc'],
    more: { '/usr/share/tor/tor-service-defaults-torrc': TOR_DEFAULTS },
    ports: ['tcp 127.0.0.1:9050 /usr/share/tor/tor-service-defaults-torrc'],
    listens: ['/run/tor/control', '/run/tor/socks'],
  },
  {
    reader: 'nsd',
    packages: ['nsd'],
    unit: 'nsd.service',
    ports: ['tcp *:53 /etc/nsd/nsd.conf', 'udp *:53 /etc/nsd/nsd.conf'],
  },
  { reader: 'knot', packages: ['knot'], unit: 'knot.service', ports: [] },
  {
    reader: 'pure-ftpd',
    packages: ['pure-ftpd', 'pure-ftpd-common'],
    unit: 'pure-ftpd.service',
    command: ['/usr/sbin/pure-ftpd-wrapper', ''],
    ports: ['?tcp *:21 /etc/init.d'],
  },
  {
    reader: 'opendkim',
    packages: ['opendkim'],
    unit: 'opendkim.service',
    ports: [],
    listens: ['/run/opendkim/opendkim.sock'],
  },
  {
    reader: 'spamd',
    packages: ['spamd'],
    unit: 'spamd.service',
    ports: ['?tcp 127.0.0.1:783 /lib/systemd/system/spamd.service', '?tcp [::1]:783 /lib/systemd/system/spamd.service'],
  },
  {
    reader: 'xrdp',
    packages: ['xrdp'],
    unit: 'xrdp.service',
    ports: ['tcp *:3389 /etc/xrdp/xrdp.ini'],
  },
  {
    reader: 'kerberos',
    packages: ['krb5-kdc'],
    unit: 'krb5-kdc.service',
    more: { '/etc/krb5kdc/kdc.conf': '[kdcdefaults]\n    kdc_ports = 750,88\n' },
    ports: ['tcp *:88 /etc/krb5kdc/kdc.conf', 'udp *:88 /etc/krb5kdc/kdc.conf', 'udp *:750 /etc/krb5kdc/kdc.conf'],
  },
  { reader: 'syslog-ng', packages: ['syslog-ng-core'], unit: 'syslog-ng.service', ports: [] },
];
