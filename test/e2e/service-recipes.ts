import type { GuestRecipe } from './guest-recipe.js';
import { BRANCH } from './recipes/branch.js';
import { CAMPUS } from './recipes/campus.js';
import { OFFICE } from './recipes/office.js';
import { OPERATIONS } from './recipes/operations.js';
import { APPLICATION, BOOTED, FSTAB, LOOPBACK, SOCKET, SUPERVISED } from './recipes/tweaks.js';

/** Guests whose services are found offline and then asked for; one for each init system that Debian packages. */
export const SERVICE_RECIPES: readonly GuestRecipe[] = [
  {
    name: 'systemd-mixed',
    suite: 'bookworm',
    packages: [
      'systemd-sysv',
      'dbus',
      'nginx-light',
      'postgresql',
      'redis-server',
      'openssh-server',
      'cron',
      'memcached',
      'haproxy',
      'webfs',
      'ncat',
      'rsyslog',
      'chrony',
      'supervisor',
      'xinetd',
      'openvpn',
    ],
    tweaks: `${FSTAB}${BOOTED}${APPLICATION}${SOCKET}${SUPERVISED}
ln -s /dev/null etc/systemd/system/haproxy.service
rm etc/systemd/system/multi-user.target.wants/memcached.service
`,
  },
  {
    name: 'systemd-first-boot',
    suite: 'trixie',
    packages: [
      'systemd-sysv',
      'apache2',
      'mariadb-server',
      'php-fpm',
      'dovecot-imapd',
      'bind9',
      'haproxy',
      'squid',
      'vsftpd',
      'mosquitto',
      'prometheus-node-exporter',
      'docker-registry',
      'openssh-server',
      'cron',
      'rpcbind',
      'snmpd',
      'dnsmasq',
      'valkey-server',
      'memcached',
    ],
    tweaks: `${FSTAB}echo uninitialized > etc/machine-id
ln -sf /dev/null etc/systemd/system/dnsmasq.service
mkdir -p etc/systemd/system-preset
echo 'disable memcached.service' > etc/systemd/system-preset/10-own.preset
rm etc/systemd/system/multi-user.target.wants/memcached.service
`,
  },
  {
    name: 'sysvinit',
    suite: 'bookworm',
    packages: [
      'sysvinit-core',
      'ifupdown',
      'nginx-light',
      'redis-server',
      'openssh-server',
      'cron',
      'memcached',
      'webfs',
      'openbsd-inetd',
      'micro-httpd',
      'lighttpd',
    ],
    tweaks: `${FSTAB}${LOOPBACK}
sed -i 's/^www\\b/8081/' etc/inetd.conf
rm -f etc/rc?.d/S??lighttpd
printf '#!/bin/sh -e\\n/usr/bin/redis-server --port 7001 --daemonize no &\\nexit 0\\n' > etc/rc.local
chmod 755 etc/rc.local
`,
  },
  {
    name: 'openrc',
    suite: 'bookworm',
    packages: [
      'sysvinit-core',
      'openrc',
      'ifupdown',
      'nginx-light',
      'redis-server',
      'openssh-server',
      'cron',
      'memcached',
      'webfs',
      'dnsmasq',
    ],
    tweaks: `${FSTAB}${LOOPBACK}rm etc/runlevels/default/dnsmasq\n`,
  },
  {
    name: 'runit',
    suite: 'bookworm',
    packages: [
      'runit-init',
      'runit-services',
      'ifupdown',
      'nginx-light',
      'redis-server',
      'openssh-server',
      'cron',
      'memcached',
      'webfs',
    ],
    tweaks: `${FSTAB}${LOOPBACK}
mkdir -p etc/sv/own etc/sv/held
printf '#!/bin/sh\\nexec chpst -u nobody redis-server --port 7002 --dir /tmp\\n' > etc/sv/own/run
cp etc/sv/own/run etc/sv/held/run
touch etc/sv/held/down
chmod 755 etc/sv/own/run etc/sv/held/run
ln -s /etc/sv/own etc/sv/held etc/runit/runsvdir/default/
`,
  },
  {
    name: 'mail-names',
    suite: 'bookworm',
    packages: ['systemd-sysv', 'dbus', 'ifupdown', 'postfix', 'dovecot-imapd', 'bind9', 'haproxy', 'openssh-server'],
    tweaks: `${FSTAB}${BOOTED}${LOOPBACK}
printf '\\nfrontend web\\n bind 127.0.0.1:8404\\n bind :8443\\n default_backend none\\nbackend none\\n' >> etc/haproxy/haproxy.cfg
echo 'submission inet n - y - - smtpd' >> etc/postfix/master.cf
echo 'inet_interfaces = all' >> etc/postfix/main.cf
`,
  },
  {
    name: 'web-apache',
    suite: 'bookworm',
    packages: ['systemd-sysv', 'dbus', 'ifupdown', 'apache2', 'php-fpm', 'mariadb-server', 'cron'],
    tweaks: `${FSTAB}${BOOTED}${LOOPBACK}`,
  },
  {
    name: 'web-java',
    suite: 'bookworm',
    packages: ['systemd-sysv', 'dbus', 'ifupdown', 'tomcat10', 'squid', 'vsftpd', 'unbound', 'dns-root-data'],
    tweaks: `${FSTAB}${BOOTED}${LOOPBACK}`,
  },
  {
    name: 'small-servers',
    suite: 'bookworm',
    packages: ['systemd-sysv', 'dbus', 'ifupdown', 'caddy', 'mosquitto', 'prometheus-node-exporter', 'docker-registry'],
    tweaks: `${FSTAB}${BOOTED}${LOOPBACK}`,
  },
  {
    name: 'moved-ports',
    suite: 'bookworm',
    packages: [
      'systemd-sysv',
      'dbus',
      'ifupdown',
      'nginx-light',
      'redis-server',
      'openssh-server',
      'memcached',
      'vsftpd',
    ],
    tweaks: `${FSTAB}${BOOTED}${LOOPBACK}
sed -i 's/^\\([[:space:]]*listen \\)\\(\\[::\\]:\\)*80 /\\1\\28088 /' etc/nginx/sites-available/default
sed -i 's/^port 6379/port 6390/; s/^bind .*/bind 0.0.0.0/' etc/redis/redis.conf
printf 'Port 2222\\nListenAddress 127.0.0.1\\n' > etc/ssh/sshd_config.d/own.conf
sed -i 's/^-p .*/-p 11311/' etc/memcached.conf
printf 'listen_port=2121\\n' >> etc/vsftpd.conf
`,
  },
  OFFICE,
  OPERATIONS,
  BRANCH,
  CAMPUS,
];
