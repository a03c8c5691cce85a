import type { GuestRecipe } from '../guest-recipe.js';
import { BOOTED, FSTAB, OWN_UNITS, PATIENT } from './tweaks.js';

/** Debian 13 with systemd-networkd and most servers on other ports than their own. */
export const OPERATIONS: GuestRecipe = {
  name: 'operations',
  suite: 'trixie',
  packages: [
      'systemd-sysv', 'dbus', 'systemd-resolved', 'nginx', 'libnginx-mod-stream', 'postgresql', 'pgbouncer', 'redis-server', 'redis-sentinel',
      'rabbitmq-server', 'varnish', 'openssh-server', 'proftpd-core', 'exim4-daemon-light', 'stunnel4', 'rsyslog', 'xinetd',
      'uwsgi-emperor', 'uwsgi-plugin-python3', 'nodejs', 'ntpsec', 'cron', 'python3', 'memcached', 'squid', 'lighttpd',
      'prometheus-node-exporter', 'etcd-server', 'pdns-recursor', 'cups-daemon', 'privoxy', 'freeradius',
    ], // biome-ignore format: a list
  tweaks: `${FSTAB}${BOOTED}${PATIENT}${OWN_UNITS}
printf '[Match]\\nName=eth0\\n[Network]\\nAddress=10.0.2.15/24\\n' > etc/systemd/network/eth0.network
mkdir -p etc/systemd/system/multi-user.target.wants etc/systemd/system/sockets.target.wants
ln -s /usr/lib/systemd/system/systemd-networkd.service etc/systemd/system/multi-user.target.wants/ 2>/dev/null || :
rm -f etc/systemd/system/multi-user.target.wants/ssh.service
ln -sf /usr/lib/systemd/system/ssh.socket etc/systemd/system/sockets.target.wants/ssh.socket
mkdir -p etc/systemd/system/ssh.socket.d
printf '[Socket]\\nListenStream=\\nListenStream=0.0.0.0:2200\\n' > etc/systemd/system/ssh.socket.d/own.conf
sed -i 's/^port = 5432/port = 5440/' etc/postgresql/17/main/postgresql.conf
printf "listen_addresses = '*'\\n" > etc/postgresql/17/main/conf.d/own.conf
mkdir -p etc/nginx/streams
printf 'stream {\\n include /etc/nginx/streams/*.conf;\\n}\\n' > etc/nginx/modules-enabled/90-streams.conf
printf 'server {\\n listen 127.0.0.1:5353 udp;\\n proxy_pass 127.0.0.1:53;\\n}\\n' > etc/nginx/streams/names.conf
printf 'server {\\n listen 127.0.0.1:9999;\\n proxy_pass 127.0.0.1:80;\\n}\\n' > etc/nginx/streams/names.off
printf 'server {\\n listen unix:/run/nginx-own.sock;\\n listen 8443 default_server;\\n}\\n' > etc/nginx/conf.d/own.conf
rm etc/nginx/sites-enabled/default
sed 's/6379/6380/g; s|/redis-server.pid|/redis-cache.pid|; s/^bind .*/bind * -::*/' etc/redis/redis.conf > etc/redis/redis-cache.conf
chroot . chown redis:redis /etc/redis/redis-cache.conf
ln -s /usr/lib/systemd/system/redis-server@.service etc/systemd/system/multi-user.target.wants/redis-server@cache.service
sed -i 's/^server.port .*/server.port = 8082/' etc/lighttpd/lighttpd.conf
printf 'module(load="imudp")\\ninput(type="imudp" port="514")\\nmodule(load="imtcp")\\ninput(type="imtcp" port="10514" address="127.0.0.1")\\n' > etc/rsyslog.d/in.conf
printf '[mail]\\naccept = 127.0.0.1:4650\\nconnect = 127.0.0.1:25\\ncert = /etc/stunnel/own.pem\\n' > etc/stunnel/mail.conf
openssl req -x509 -newkey rsa:2048 -nodes -days 3000 -subj /CN=x -keyout etc/stunnel/own.key -out etc/stunnel/own.crt 2>/dev/null
cat etc/stunnel/own.key etc/stunnel/own.crt > etc/stunnel/own.pem
mkdir -p srv/site
printf 'def application(environ, start):\\n    start("200 OK", [])\\n    return [b"hello"]\\n' > srv/site/site_app.py
printf '[uwsgi]\\nplugins = python3\\nchdir = /srv/site\\nmodule = site_app\\nhttp-socket = 127.0.0.1:8020\\n' > etc/uwsgi-emperor/vassals/site.ini
mkdir -p srv/node
echo 'require("http").createServer((_, r) => r.end("hello")).listen(process.env.PORT, "127.0.0.1");' > srv/node/server.js
printf '[Service]\\nUser=www-data\\nWorkingDirectory=/srv/node\\nEnvironment=PORT=8030 NODE_ENV=production\\nExecStart=/usr/bin/node server.js\\n' > etc/systemd/system/node-app.service
ln -s /etc/systemd/system/node-app.service etc/systemd/system/multi-user.target.wants/
sed -i 's/^# *-p .*//; s/^-p .*/-p 11222/; s/^-l .*/-l 0.0.0.0/' etc/memcached.conf
printf 'ARGS="--web.listen-address=:9200"\\n' > etc/default/prometheus-node-exporter
mkdir -p etc/systemd/system/varnish.service.d
printf '[Service]\\nExecStart=\\nExecStart=/usr/sbin/varnishd -F -a :6091 -a 127.0.0.1:6092 -T localhost:6093 -f /etc/varnish/default.vcl -s malloc,64m\\n' > etc/systemd/system/varnish.service.d/own.conf
sed -i 's/^http_port 3128/http_port 127.0.0.1:3129/' etc/squid/squid.conf
`,
};
