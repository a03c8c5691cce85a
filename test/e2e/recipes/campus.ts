import type { GuestRecipe } from '../guest-recipe.js';
import { BOOTED, FSTAB, LOOPBACK, PATIENT } from './tweaks.js';

/** Daemons that were put there by hand: below /usr/local, with options in files, behind scripts, on demand. */
const BY_HAND = `
mkdir -p usr/local/sbin usr/local/bin usr/local/lib/systemd/system etc/gauge srv/drop
cat > usr/local/sbin/gauge <<'X'
#!/usr/bin/python3
"""Readings of the gauges: gauge -c FILE -l HOST -p PORT"""
import getopt, http.server, sys
options = dict(getopt.getopt(sys.argv[1:], 'c:l:p:')[0])
http.server.ThreadingHTTPServer((options['-l'], int(options['-p'])), http.server.BaseHTTPRequestHandler).serve_forever()
X
cat > usr/local/bin/start-relay <<'X'
#!/bin/sh
# Passes the readings on.
RELAY_PORT=7400
[ -r /etc/default/relay ] && . /etc/default/relay
exec /usr/bin/socat "TCP4-LISTEN:$RELAY_PORT,bind=127.0.0.1,fork,reuseaddr" TCP4:127.0.0.1:7301
X
chmod 755 usr/local/sbin/gauge usr/local/bin/start-relay
echo 'RELAY_PORT=7401' > etc/default/relay
printf '# the north tower\\nGAUGE_HOST=0.0.0.0\\nGAUGE_PORT=7301\\nGAUGE_OPTS="-c /etc/gauge/gauge.ini"\\n' > etc/gauge/north.env
printf 'GAUGE_HOST="127.0.0.1"\\nGAUGE_PORT=7302 \\n' > etc/gauge/south.env
touch etc/gauge/gauge.ini
cat > usr/local/lib/systemd/system/gauge@.service <<'X'
[Unit]
Description=Gauge of the %i tower
After=network-online.target
ConditionPathExists=/etc/gauge/%i.env
[Service]
EnvironmentFile=/etc/gauge/%i.env
User=daemon
ExecStart=/usr/local/sbin/gauge $GAUGE_OPTS -l $GAUGE_HOST -p \${GAUGE_PORT}
Restart=on-failure
[Install]
WantedBy=multi-user.target
X
printf '[Unit]\\nDescription=Relay\\nWants=gauge@north.service\\n[Service]\\nType=exec\\nExecStart=-/usr/local/bin/start-relay\\n[Install]\\nWantedBy=multi-user.target\\n' > usr/local/lib/systemd/system/relay.service
wants=etc/systemd/system/multi-user.target.wants
mkdir -p $wants etc/systemd/system/sockets.target.wants etc/systemd/system/timers.target.wants
for tower in north south west; do ln -s /usr/local/lib/systemd/system/gauge@.service "$wants/gauge@$tower.service"; done
ln -s /usr/local/lib/systemd/system/relay.service $wants/
printf '[Path]\\nDirectoryNotEmpty=/srv/drop\\n[Install]\\nWantedBy=multi-user.target\\n' > etc/systemd/system/import.path
printf '[Service]\\nExecStart=/usr/bin/socat TCP-LISTEN:7500,fork /dev/null\\n' > etc/systemd/system/import.service
ln -s /etc/systemd/system/import.path $wants/
printf '[Timer]\\nOnCalendar=monthly\\nPersistent=yes\\n[Install]\\nWantedBy=timers.target\\n' > etc/systemd/system/census.timer
printf '[Service]\\nType=oneshot\\nExecStart=/usr/bin/socat TCP-LISTEN:7501 -\\n' > etc/systemd/system/census.service
ln -s /etc/systemd/system/census.timer etc/systemd/system/timers.target.wants/
mkdir -p var/lib/systemd/timers; touch var/lib/systemd/timers/stamp-census.timer
printf '[Socket]\\nListenStream=/run/wall.sock\\nListenStream=[::1]:7600\\nListenDatagram=7601\\n[Install]\\nWantedBy=sockets.target\\n' > etc/systemd/system/wall.socket
printf '[Service]\\nExecStart=/usr/bin/python3 -m http.server 7602\\n' > etc/systemd/system/wall.service
ln -s /etc/systemd/system/wall.socket etc/systemd/system/sockets.target.wants/
printf '[Unit]\\nConflicts=relay.service\\n[Service]\\nExecStart=/usr/bin/socat TCP-LISTEN:7700,fork -\\n[Install]\\nWantedBy=graphical.target\\n' > etc/systemd/system/desk.service
mkdir -p etc/systemd/system/graphical.target.wants
ln -s ../desk.service etc/systemd/system/graphical.target.wants/desk.service
`;

/** Debian 12 as a school has it: sites, mail, two clusters of a database, names, queues, and what its people wrote. */
export const CAMPUS: GuestRecipe = {
  name: 'campus',
  suite: 'bookworm',
  packages: [
      'systemd-sysv', 'dbus', 'ifupdown', 'apache2', 'php-fpm', 'mariadb-server', 'postgresql', 'postfix', 'dovecot-imapd',
      'dovecot-lmtpd', 'dovecot-managesieved', 'openssh-server', 'pdns-server', 'pdns-backend-bind', 'nats-server', 'zabbix-agent',
      'prometheus-blackbox-exporter', 'prometheus-mysqld-exporter', 'beanstalkd', 'gunicorn', 'uwsgi', 'uwsgi-plugin-python3', 'nodejs', 'memcached', 'redis-server',
      'socat', 'python3', 'cron', 'rsync', 'influxdb', 'coturn',
    ], // biome-ignore format: a list
  tweaks: `${FSTAB}${BOOTED}${LOOPBACK}${PATIENT}${BY_HAND}
printf '<IfModule ssl_module>\\n Listen 443\\n</IfModule>\\nListen 127.0.0.1:8081\\nListen 8082\\nListen [::1]:8083\\n' > etc/apache2/ports.conf
printf '<VirtualHost *:8082>\\n DocumentRoot /var/www/html\\n</VirtualHost>\\n' > etc/apache2/sites-available/shop.conf
printf 'Listen 8084\\n<VirtualHost *:8084>\\n</VirtualHost>\\n' > etc/apache2/sites-available/old.conf
ln -s ../sites-available/shop.conf etc/apache2/sites-enabled/shop.conf
sed 's/^\\[www\\]/[shop]/; s/^listen = .*/listen = [::1]:9002/' etc/php/8.2/fpm/pool.d/www.conf > etc/php/8.2/fpm/pool.d/shop.conf
printf '[mariadbd]\\nport = 3307\\nbind-address = 0.0.0.0\\n' > etc/mysql/mariadb.conf.d/90-own.cnf
chroot . pg_createcluster --port 5433 15 second -- --auth-local=peer >/dev/null
chroot . pg_createcluster --port 5434 --start-conf manual 15 third >/dev/null
printf "listen_addresses = '*'\\n" >> etc/postgresql/15/second/postgresql.conf
sed -i 's/^smtp      inet.*/2525      inet  n       -       y       -       -       smtpd\\n127.0.0.1:10025 inet n - y - - smtpd\\n  -o content_filter=/; s/^#submissions /submissions /' etc/postfix/master.cf
printf 'inet_interfaces = all\\ninet_protocols = all\\n' >> etc/postfix/main.cf
printf 'protocol lmtp {\\n}\\nservice lmtp {\\n inet_listener lmtp {\\n  address = 127.0.0.1 ::1\\n  port = 24\\n }\\n}\\nservice managesieve-login {\\n inet_listener sieve {\\n  port = 4191\\n }\\n}\\nlisten = *\\n' > etc/dovecot/conf.d/99-own.conf
rm -f $wants/ssh.service etc/systemd/system/sshd.service
ln -s /lib/systemd/system/ssh.socket etc/systemd/system/sockets.target.wants/ssh.socket
mkdir -p etc/systemd/system/ssh.socket.d
printf '[Socket]\\nListenStream=\\nListenStream=2201\\nListenStream=127.0.0.1:2202\\n' > etc/systemd/system/ssh.socket.d/ports.conf
printf 'Port 2203\\n' > etc/ssh/sshd_config.d/own.conf
printf 'local-address=127.0.0.1:5354, 0.0.0.0\\nlocal-port=5353\\nwebserver=yes\\nwebserver-port=8053\\n' > etc/powerdns/pdns.d/own.conf
printf 'host: 127.0.0.1\\nport: 4223\\nhttp: 0.0.0.0:8222\\n' > etc/nats-server.conf
sed -i 's/^# ListenPort=.*/ListenPort=10051/; s/^# ListenIP=.*/ListenIP=127.0.0.1/' etc/zabbix/zabbix_agentd.conf
printf 'ARGS="--config.file /etc/prometheus/blackbox.yml --web.listen-address=127.0.0.1:9116"\\n' > etc/default/prometheus-blackbox-exporter
ln -sf /dev/null etc/systemd/system/prometheus-mysqld-exporter.service
sed -i 's/^BEANSTALKD_LISTEN_PORT=.*/BEANSTALKD_LISTEN_PORT=11301/' etc/default/beanstalkd
rm -f $wants/memcached.service
sed -i 's/^bind .*/bind 127.0.0.1/; s/^port .*/port 0/; s/^# tls-port .*//' etc/redis/redis.conf
printf 'port 6391\\ninclude /etc/redis/more.conf\\n' >> etc/redis/redis.conf
printf 'bind 127.0.0.1 10.0.2.15\\n' > etc/redis/more.conf
sed -i 's/^  # bind-address = .*/  bind-address = "127.0.0.1:8186"/' etc/influxdb/influxdb.conf
mkdir -p srv/site
printf 'def application(environ, start):\\n    start("200 OK", [])\\n    return [b"hello"]\\n' > srv/site/site_app.py
printf '[Socket]\\nListenStream=0.0.0.0:8120\\n[Install]\\nWantedBy=sockets.target\\n' > etc/systemd/system/forms.socket
printf '[Unit]\\nRequires=forms.socket\\n[Service]\\nUser=www-data\\nWorkingDirectory=/srv/site\\nExecStart=/usr/bin/gunicorn --workers 1 site_app:application\\n[Install]\\nWantedBy=multi-user.target\\n' > etc/systemd/system/forms.service
ln -s /etc/systemd/system/forms.socket etc/systemd/system/sockets.target.wants/
ln -s /etc/systemd/system/forms.service $wants/
printf '[uwsgi]\\nplugins = python3\\nchdir = /srv/site\\nmodule = site_app\\nsocket = 127.0.0.1:8121\\nhttp = :8122\\n' > etc/uwsgi/apps-available/site.ini
ln -s ../apps-available/site.ini etc/uwsgi/apps-enabled/site.ini
cat > srv/site/board.js <<'X'
const http = require('http');
const port = Number(process.env.BOARD_PORT) || 8130;
http.createServer((request, response) => response.end('board')).listen(port);
X
printf '[Service]\\nUser=www-data\\nEnvironmentFile=-/etc/default/board\\nWorkingDirectory=/srv/site\\nExecStart=/usr/bin/env node board.js\\n[Install]\\nWantedBy=multi-user.target\\n' > etc/systemd/system/board.service
ln -s /etc/systemd/system/board.service $wants/
printf 'listening-port=3479\\nlistening-ip=127.0.0.1\\nno-tls\\nno-dtls\\nno-cli\\n' > etc/turnserver.conf
`,
};
