import type { GuestRecipe } from '../guest-recipe.js';

/** Several roots, since some of the packages exclude each other. */
const PACKAGES: Readonly<Record<Row['root'], readonly string[]>> = {
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
  c: [
    'munin-node', 'nagios-nrpe-server', 'monit', 'ngircd', 'apt-cacher-ng', 'minidlna', 'transmission-daemon',
    'gearman-job-server', 'iperf3', 'radicale', 'rinetd', 'icecast2', 'tor', 'nsd', 'knot', 'pure-ftpd', 'opendkim', 'spamd',
    'postgrey', 'xrdp', 'dropbear-bin', 'syslog-ng-core', 'distcc', 'iproute2',
  ],
  d: [
    'prometheus-redis-exporter', 'prometheus-postgres-exporter', 'prometheus-mysqld-exporter', 'prometheus-apache-exporter',
    'prometheus-nginx-exporter', 'prometheus-blackbox-exporter', 'prometheus-snmp-exporter', 'prometheus-bind-exporter',
    'prometheus-haproxy-exporter', 'prometheus-process-exporter', 'prometheus-squid-exporter', 'prometheus-pushgateway',
    'prometheus-alertmanager', 'prometheus-elasticsearch-exporter', 'prometheus-exporter-exporter', 'zabbix-agent2', 'uvicorn', 'puma',
    'gunicorn', 'coturn', 'beanstalkd', 'prosody', 'hitch', 'krb5-kdc', 'isc-dhcp-server', 'redis-sentinel',
    'webhook', 'iproute2',
  ],
}; // biome-ignore format: lists

export const ROOTS: Readonly<Record<Row['root'], GuestRecipe>> = {
  a: { name: 'daemons-a', suite: 'bookworm', packages: PACKAGES.a, tweaks: '' },
  b: {
    name: 'daemons-b',
    suite: 'bookworm',
    packages: PACKAGES.b,
    tweaks: 'ln -sf /etc/activemq/instances-available/main etc/activemq/instances-enabled/main\n',
  },
  c: { name: 'daemons-c', suite: 'bookworm', packages: PACKAGES.c, tweaks: '' },
  d: { name: 'daemons-d', suite: 'bookworm', packages: PACKAGES.d, tweaks: '' },
};

/** One daemon of Debian 12, and how it is started without its init system. */
export interface Row {
  readonly root: 'a' | 'b' | 'c' | 'd';
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

export const ROWS: readonly Row[] = [
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
  { root: 'a', unit: 'rsync.service', edits: { '/etc/rsyncd.conf': () => '[data]\npath = /srv\n' } },
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
export const RANDOM: Readonly<Record<string, RegExp>> = {
  'docker-registry.service': /:(?:3[2-9]|[45])\d{3}$/,
  'zookeeper.service': /:(?:3[2-9]|[45])\d{3,4}$/,
  'activemq.service': /:(?:3[2-9]|[45])\d{3}$/,
};
