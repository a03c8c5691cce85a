import type { GuestRecipe } from './guest-recipe.js';

const FSTAB = "echo 'LABEL=root / ext4 defaults 0 1' > etc/fstab\n";
const LOOPBACK = "printf 'auto lo\\niface lo inet loopback\\n' > etc/network/interfaces\n";
/** A machine that has booted before: no presets are applied. */
const BOOTED = 'echo 0123456789abcdef0123456789abcdef > etc/machine-id\n';

const APPLICATION = `
mkdir -p opt/app
printf 'ADDRESS=127.0.0.1\\nOPTIONS="9000"\\n' > opt/app/env
cat > etc/systemd/system/app.service <<'X'
[Unit]
After=network.target
[Service]
EnvironmentFile=/opt/app/env
User=nobody
ExecStart=/usr/bin/ncat --listen --keep-open \\
  \${ADDRESS} $OPTIONS
Restart=always
[Install]
WantedBy=multi-user.target
X
ln -s /etc/systemd/system/app.service etc/systemd/system/multi-user.target.wants/app.service
`;

const SOCKET = `
cat > etc/systemd/system/echo.socket <<'X'
[Socket]
ListenStream=7777
Accept=yes
[Install]
WantedBy=sockets.target
X
printf '[Service]\\nExecStart=/bin/cat\\nStandardInput=socket\\n' > etc/systemd/system/echo@.service
mkdir -p etc/systemd/system/sockets.target.wants
ln -s /etc/systemd/system/echo.socket etc/systemd/system/sockets.target.wants/echo.socket
`;

const SUPERVISED = `
cat > etc/supervisor/conf.d/worker.conf <<'X'
[program:worker]
command=/usr/bin/ncat --listen --keep-open 127.0.0.1 9100
user=nobody
X
printf '[inet_http_server]\\nport=127.0.0.1:9001 ; for supervisorctl\\n' > etc/supervisor/conf.d/web.conf
cat > etc/xinetd.d/chat <<'X'
service chat
{
 type = UNLISTED
 port = 5566
 socket_type = stream
 protocol = tcp
 wait = no
 user = nobody
 server = /bin/cat
 disable = no
}
X
`;

/** Modules of the kernel that boots the guest: for tunnels, WireGuard and the NFS server. */
const MODULES = 'mkdir -p usr/lib/modules; cp -a /lib/modules/*-cloud-amd64 usr/lib/modules/\n';

/** A user's own manager, an instantiated template, a timer, a path, a proxy behind a socket, a drop-in that resets. */
const OWN_UNITS = `
mkdir -p opt/dash etc/dash
cat > opt/dash/dash <<'X'
#!/usr/bin/python3
import argparse, http.server
arguments = argparse.ArgumentParser()
arguments.add_argument('--config'); arguments.add_argument('--web.listen-address', dest='address', default=':3000')
host, port = arguments.parse_args().address.rsplit(':', 1)
http.server.HTTPServer((host, int(port)), http.server.BaseHTTPRequestHandler).serve_forever()
X
chmod 755 opt/dash/dash
cat > etc/systemd/system/dash.service <<'X'
[Unit]
Description=Dash \\
 boards
[Service]
DynamicUser=yes
Environment="ADDRESS=127.0.0.1:3000" OTHER=1
ExecStart=/opt/dash/dash --config=/etc/dash/dash.ini --web.listen-address=\${ADDRESS}
[Install]
WantedBy=default.target
X
ln -sf /usr/lib/systemd/system/multi-user.target etc/systemd/system/default.target
mkdir -p etc/systemd/system/default.target.wants etc/systemd/system/dash.service.d
ln -s /etc/systemd/system/dash.service etc/systemd/system/default.target.wants/
printf '[Service]\\nEnvironment=ADDRESS=:3001\\n' > etc/systemd/system/dash.service.d/own.conf
cat > etc/systemd/system/files@.service <<'X'
[Service]
DynamicUser=yes
WorkingDirectory=/usr/share
ExecStart=/usr/bin/python3 -m http.server --bind 127.0.0.1 %i
[Install]
WantedBy=multi-user.target
X
ln -s /etc/systemd/system/files@.service etc/systemd/system/multi-user.target.wants/files@9301.service
mkdir -p etc/systemd/system/files@9301.service.wants
ln -s /etc/systemd/system/files@.service etc/systemd/system/files@9301.service.wants/files@9302.service
printf '[Socket]\\nListenStream=0.0.0.0:9303\\nListenDatagram=127.0.0.1:9304\\n[Install]\\nWantedBy=sockets.target\\n' > etc/systemd/system/door.socket
printf '[Unit]\\nRequires=door.socket\\n[Service]\\nExecStart=/usr/lib/systemd/systemd-socket-proxyd 127.0.0.1:9301\\n' > etc/systemd/system/door.service
mkdir -p etc/systemd/system/sockets.target.wants
ln -s /etc/systemd/system/door.socket etc/systemd/system/sockets.target.wants/
printf '[Path]\\nPathExists=/etc/dash\\nUnit=seen.service\\n' > etc/systemd/system/seen.path
printf '[Service]\\nExecStart=/usr/bin/python3 -m http.server 9305\\nWorkingDirectory=/usr/share\\n' > etc/systemd/system/seen.service
mkdir -p etc/systemd/system/paths.target.wants
ln -s /etc/systemd/system/seen.path etc/systemd/system/paths.target.wants/
printf '[Timer]\\nOnCalendar=Mon *-*-* 03:00\\n[Install]\\nWantedBy=timers.target\\n' > etc/systemd/system/weekly.timer
printf '[Service]\\nType=oneshot\\nExecStart=/bin/true\\n' > etc/systemd/system/weekly.service
mkdir -p etc/systemd/system/timers.target.wants
ln -s /etc/systemd/system/weekly.timer etc/systemd/system/timers.target.wants/
mkdir -p var/spool/cron/crontabs
echo '*/5 * * * * /bin/true' > var/spool/cron/crontabs/root
chmod 600 var/spool/cron/crontabs/root
`;

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
      'nginx-light',
      'redis-server',
      'openssh-server',
      'cron',
      'memcached',
      'webfs',
    ],
    tweaks: `${FSTAB}
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
  {
    name: 'office',
    suite: 'bookworm',
    packages: [
      'systemd-sysv', 'dbus', 'ifupdown', 'prometheus', 'prometheus-node-exporter', 'snmpd', 'chrony', 'cups', 'samba',
      'nfs-kernel-server', 'slapd', 'openvpn', 'wireguard-tools', 'dovecot-imapd', 'dovecot-pop3d', 'php-fpm',
      'nginx-light', 'supervisor', 'gunicorn', 'cron', 'openssh-server', 'tftpd-hpa', 'rsync', 'libpam-systemd', 'webfs',
      'memcached', 'python3',
    ], // biome-ignore format: a list
    tweaks: `${FSTAB}${BOOTED}${LOOPBACK}${MODULES}${OWN_UNITS}
mkdir -p etc/systemd/system/prometheus.service.d
printf '[Service]\\nExecStart=\\nExecStart=/usr/bin/prometheus --web.listen-address=127.0.0.1:9095\\n' > etc/systemd/system/prometheus.service.d/own.conf
ln -s /dev/null etc/systemd/system/prometheus-node-exporter.service
rm etc/systemd/system/multi-user.target.wants/memcached.service
printf 'service imap-login {\\n inet_listener imap {\\n  port = 1143\\n }\\n inet_listener imaps {\\n  port = 0\\n }\\n}\\nservice pop3-login {\\n inet_listener pop3 {\\n  address = 127.0.0.1\\n  port = 1110\\n }\\n}\\n' > etc/dovecot/local.conf
sed -i 's/^listen = .*/listen = 127.0.0.1:9000/' etc/php/8.2/fpm/pool.d/www.conf
sed 's/^\\[www\\]/[own]/; s/^listen = .*/listen = 9001/' etc/php/8.2/fpm/pool.d/www.conf > etc/php/8.2/fpm/pool.d/own.conf
mkdir -p srv/site
printf 'def app(environ, start):\\n    start("200 OK", [])\\n    return [b"hello"]\\n' > srv/site/site_app.py
printf '[program:site]\\ncommand=/usr/bin/gunicorn --workers 1 -b 127.0.0.1:8010 site_app:app\\ndirectory=/srv/site\\nuser=www-data\\n[program:off]\\ncommand=/usr/bin/python3 -m http.server 8011\\nautostart=false\\n' > etc/supervisor/conf.d/site.conf
printf '[data]\\npath = /srv\\n' > etc/rsyncd.conf
mkdir -p etc/systemd/system/multi-user.target.wants
ln -sf /lib/systemd/system/rsync.service etc/systemd/system/multi-user.target.wants/rsync.service
echo '/srv *(ro,no_subtree_check)' > etc/exports
chroot . openvpn --genkey secret etc/openvpn/server/static.key
printf 'dev tun\\nproto udp4\\nport 1195\\nifconfig 10.8.0.1 10.8.0.2\\ncipher AES-256-CBC\\nsecret static.key\\n' > etc/openvpn/server/office.conf
ln -s /lib/systemd/system/openvpn-server@.service etc/systemd/system/multi-user.target.wants/openvpn-server@office.service
printf 'dev tun\\nproto tcp-server\\nport 1196\\nlocal 127.0.0.1\\nifconfig 10.9.0.1 10.9.0.2\\ncipher AES-256-CBC\\nsecret server/static.key\\n' > etc/openvpn/old.conf
printf '[Interface]\\nPrivateKey = %s\\nListenPort = 51820\\nAddress = 10.7.0.1/24\\n' "$(chroot . wg genkey)" > etc/wireguard/wg0.conf
ln -s /lib/systemd/system/wg-quick@.service etc/systemd/system/multi-user.target.wants/wg-quick@wg0.service
sed -i 's|^SLAPD_SERVICES=.*|SLAPD_SERVICES="ldap://127.0.0.1:3890/ ldapi:///"|' etc/default/slapd
echo 'agentAddress udp:1161' > etc/snmp/snmpd.conf
sed -i 's/^TFTP_ADDRESS=.*/TFTP_ADDRESS="127.0.0.1:6969"/' etc/default/tftpd-hpa
chroot . useradd -m bob
mkdir -p var/lib/systemd/linger home/bob/.config/systemd/user/default.target.wants
touch var/lib/systemd/linger/bob
printf '[Service]\\nExecStart=/usr/bin/python3 -m http.server -b 127.0.0.1 8500\\n[Install]\\nWantedBy=default.target\\n' > home/bob/.config/systemd/user/mine.service
ln -s ../mine.service home/bob/.config/systemd/user/default.target.wants/mine.service
chroot . chown -R bob:bob /home/bob
`,
  },
];
