import type { GuestRecipe } from '../guest-recipe.js';
import { BOOTED, FSTAB, LOOPBACK, MODULES, OWN_UNITS, PATIENT } from './tweaks.js';

/** Debian 12 with a file server, a directory, tunnels, printers, and units of its owner. */
export const OFFICE: GuestRecipe = {
  name: 'office',
  suite: 'bookworm',
  packages: [
      'systemd-sysv', 'dbus', 'ifupdown', 'prometheus', 'prometheus-node-exporter', 'snmpd', 'chrony', 'cups', 'samba',
      'nfs-kernel-server', 'slapd', 'openvpn', 'wireguard-tools', 'dovecot-imapd', 'dovecot-pop3d', 'php-fpm',
      'nginx-light', 'supervisor', 'gunicorn', 'cron', 'openssh-server', 'tftpd-hpa', 'rsync', 'libpam-systemd', 'webfs',
      'memcached', 'python3',
    ], // biome-ignore format: a list
  tweaks: `${FSTAB}${BOOTED}${LOOPBACK}${PATIENT}${MODULES}${OWN_UNITS}
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
echo nfsd >> etc/modules
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
};
