import type { GuestRecipe } from '../guest-recipe.js';
import { BOOTED, FSTAB, LOOPBACK, PATIENT, SOCKET } from './tweaks.js';

/** A daemon that has an init script alone, as its vendor wrote it: options in a file, a pid file, a user. */
const SCRIPT_DAEMON = `
printf 'METER_PORT=4050\\nMETER_OPTS="--bind 0.0.0.0"\\n' > etc/default/meterd
cat > etc/init.d/meterd <<'X'
#!/bin/sh
### BEGIN INIT INFO
# Provides:          meterd
# Required-Start:    $remote_fs $network
# Required-Stop:     $remote_fs $network
# Default-Start:     2 3 4 5
# Default-Stop:      0 1 6
# Short-Description: Meter readings
### END INIT INFO
PATH=/sbin:/usr/sbin:/bin:/usr/bin
NAME=meterd
DAEMON=/usr/bin/python3
PIDFILE=/var/run/$NAME.pid
[ -x "$DAEMON" ] || exit 0
METER_PORT=4000
[ -r /etc/default/$NAME ] && . /etc/default/$NAME
. /lib/lsb/init-functions
case "$1" in
  start)
    log_daemon_msg "Starting $NAME"
    start-stop-daemon --start --quiet --background --make-pidfile --pidfile $PIDFILE --chuid nobody --chdir /usr/share \\
      --exec $DAEMON -- -m http.server $METER_OPTS $METER_PORT
    log_end_msg $?
    ;;
  stop) start-stop-daemon --stop --quiet --pidfile $PIDFILE ;;
  *) echo "Usage: $0 {start|stop}"; exit 2 ;;
esac
X
chmod 755 etc/init.d/meterd
for level in 2 3 4 5; do ln -s ../init.d/meterd etc/rc$level.d/S01meterd; done
for level in 0 1 6; do ln -s ../init.d/meterd etc/rc$level.d/K01meterd; done
`;

/** Instances of one template, one of them moved by a drop-in of its own, one masked, and one that nothing starts. */
const INSTANCES = `
cat > etc/systemd/system/sensor@.service <<'X'
[Unit]
Description=Sensor %i
[Service]
User=nobody
Environment=BIND=127.0.0.1
EnvironmentFile=-/etc/sensor/%i
ExecStart=/usr/bin/ncat --listen --keep-open $BIND %i
[Install]
WantedBy=multi-user.target
DefaultInstance=4101
X
mkdir -p etc/sensor etc/systemd/system/multi-user.target.wants etc/systemd/system/sensor@4103.service.d
for port in 4101 4102 4103 4104; do ln -s /etc/systemd/system/sensor@.service etc/systemd/system/multi-user.target.wants/sensor@$port.service; done
echo BIND=0.0.0.0 > etc/sensor/4102
printf '[Service]\\nExecStart=\\nExecStart=/usr/bin/ncat --listen --keep-open 0.0.0.0 4113\\n' > etc/systemd/system/sensor@4103.service.d/port.conf
ln -s /dev/null etc/systemd/system/sensor@4104.service
printf '[Unit]\\nDescription=Nightly\\n[Timer]\\nOnCalendar=*-*-* 02:30\\nPersistent=true\\n[Install]\\nWantedBy=timers.target\\n' > etc/systemd/system/nightly.timer
printf '[Service]\\nType=oneshot\\nExecStart=/usr/bin/ncat -l 4190\\n' > etc/systemd/system/nightly.service
mkdir -p etc/systemd/system/timers.target.wants
ln -s /etc/systemd/system/nightly.timer etc/systemd/system/timers.target.wants/
`;

/** Debian 11 as a branch office has it: files, mail, a directory, printers, and what grew there. */
export const BRANCH: GuestRecipe = {
  name: 'branch',
  suite: 'bullseye',
  // Of Net-SNMP and tinyproxy the archive has lost the newer versions, which its index still offers; the newer Perl is that of the base.
  packages: [
    'systemd-sysv', 'dbus', 'ifupdown', 'lsb-base', 'cron', 'openssh-server', 'lighttpd', 'php-fpm', 'supervisor', 'gunicorn',
    'python3', 'ncat', 'proftpd-basic', 'samba', 'slapd', 'cups-daemon', 'exim4-daemon-light', 'varnish', 'haproxy',
    'memcached', 'redis-server', 'tftpd-hpa', 'webfs', 'ntp', 'dnsmasq', 'rsyslog', 'nginx-light', 'mosquitto',
    'snmpd/bullseye', 'libsnmp40/bullseye', 'libsnmp-base/bullseye', 'tinyproxy/bullseye', 'tinyproxy-bin/bullseye',
    'perl/bullseye-security', 'libperl5.32/bullseye-security', 'perl-modules-5.32/bullseye-security',
  ], // biome-ignore format: a list
  tweaks: `${FSTAB}${BOOTED}${LOOPBACK}${PATIENT}${SOCKET}${SCRIPT_DAEMON}${INSTANCES}
sed -i 's/^server.port .*/server.port = 8090/' etc/lighttpd/lighttpd.conf
printf '$SERVER["socket"] == "127.0.0.1:8091" { }\\n' > etc/lighttpd/conf-available/80-second.conf
printf '$SERVER["socket"] == ":8092" { }\\n' > etc/lighttpd/conf-available/81-off.conf
ln -s ../conf-available/80-second.conf etc/lighttpd/conf-enabled/80-second.conf
sed -i 's/^listen = .*/listen = 127.0.0.1:9070/' etc/php/7.4/fpm/pool.d/www.conf
sed 's/^\\[www\\]/[shop]/; s/^listen = .*/listen = 0.0.0.0:9071/' etc/php/7.4/fpm/pool.d/www.conf > etc/php/7.4/fpm/pool.d/shop.conf
mkdir -p srv/shop
printf 'def app(environ, start):\\n    start("200 OK", [])\\n    return [b"shop"]\\n' > srv/shop/shop_app.py
printf 'bind = ["127.0.0.1:8060", "0.0.0.0:8061"]\\nworkers = 1\\n' > srv/shop/gunicorn.conf.py
printf '[program:shop]\\ncommand=/usr/bin/gunicorn -c gunicorn.conf.py shop_app:app\\ndirectory=/srv/shop\\nuser=www-data\\n[program:tail]\\ncommand=/usr/bin/ncat --listen --keep-open 127.0.0.1 8062\\nautostart=false\\n' > etc/supervisor/conf.d/shop.conf
sed -i 's/^Port .*/Port 2100/' etc/proftpd/proftpd.conf
printf '<VirtualHost 127.0.0.1>\\n Port 2101\\n</VirtualHost>\\n' > etc/proftpd/conf.d/second.conf
sed -i '/^\\[global\\]/a interfaces = lo\\nbind interfaces only = yes\\nsmb ports = 445' etc/samba/smb.conf
sed -i 's|^SLAPD_SERVICES=.*|SLAPD_SERVICES="ldap:/// ldaps://127.0.0.1:6360/ ldapi:///"|' etc/default/slapd
printf 'agentaddress udp:127.0.0.1:161,tcp:1610\\nrocommunity public\\n' > etc/snmp/snmpd.conf
sed -i 's/^Listen localhost:631/Listen 127.0.0.1:6310/' etc/cups/cupsd.conf
printf "dc_local_interfaces='127.0.0.1.2525 ; ::1.2525'\\n" >> etc/exim4/update-exim4.conf.conf
sed -i "0,/^dc_local_interfaces=.*/s///" etc/exim4/update-exim4.conf.conf
mkdir -p etc/systemd/system/varnish.service.d etc/systemd/system/tinyproxy.service.d
printf '[Service]\\nExecStart=\\nExecStart=/usr/sbin/varnishd -j unix,user=vcache -F -a localhost:6080 -a web=:6082,HTTP -f /etc/varnish/default.vcl -S /etc/varnish/secret -s malloc,32m\\n' > etc/systemd/system/varnish.service.d/port.conf
printf '\\nlisten stats\\n mode http\\n bind 127.0.0.1:8404,:8405\\n bind :::8406 v4v6\\n bind /run/haproxy/stats.sock\\n bind *:8407-8408\\n stats enable\\n' >> etc/haproxy/haproxy.cfg
sed -i 's/^-p .*/-p 11300/; s/^-l .*/-l 127.0.0.1,10.0.2.15/' etc/memcached.conf
sed -i 's/^port .*/port 0/; s/^# unixsocket .*/unixsocket \\/run\\/redis\\/own.sock/' etc/redis/redis.conf
sed -i 's/^TFTP_ADDRESS=.*/TFTP_ADDRESS=":6900"/' etc/default/tftpd-hpa
sed -i 's/^web_port=.*/web_port="8001"/; s/^web_ip=.*/web_ip="127.0.0.1"/' etc/webfsd.conf
printf 'port=5300\\nlisten-address=127.0.0.1\\nbind-interfaces\\n' > etc/dnsmasq.d/own.conf
sed -i 's/^Port .*/Port 8899/; s/^#*Listen .*/Listen 127.0.0.1/' etc/tinyproxy/tinyproxy.conf
printf 'listener 1884\\nallow_anonymous true\\nlistener 9884 127.0.0.1\\nprotocol websockets\\n' > etc/mosquitto/conf.d/own.conf
ln -sf /dev/null etc/systemd/system/nginx.service
ln -sf /dev/null etc/systemd/system/nmbd.service
mkdir -p etc/systemd/system/varnishncsa.service.d
printf '[Service]\\nRestart=on-failure\\nRestartSec=5\\n' > etc/systemd/system/varnishncsa.service.d/patient.conf
printf 'WHERE=/usr/share\\n@reboot www-data cd $WHERE && exec python3 -m http.server --bind 127.0.0.1 8070 >/dev/null 2>&1\\n@reboot root /bin/true\\n' > etc/cron.d/own
`,
};
