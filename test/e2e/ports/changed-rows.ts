import { append, changed, only } from './edited-row.js';
import type { Row } from './rows.js';

/** The same daemons after somebody changed their files. */
export const CHANGED: readonly Row[] = [
  changed('nginx.service', {
    '/etc/nginx/conf.d/x.conf': only(
      'server { listen 127.0.0.1:8081; listen [::]:8082; listen 8083; }\nserver { listen [::]:8084 ipv6only=off; }\n# listen 9;',
    ),
    '/etc/nginx/sites-available/off': only('server { listen 8099; }'),
  }),
  changed('apache2.service', {
    '/etc/apache2/ports.conf': only(
      // biome-ignore lint/suspicious/noTemplateCurlyInString: a placeholder of the configuration's own
      'Define P 8080\nListen ${P}\nListen 127.0.0.1:8081\n<IfModule ssl_module>\nListen 443\n</IfModule>\n<IfModule !ssl_module>\nListen 8082\n</IfModule>',
    ),
  }),
  changed('lighttpd.service', {
    '/etc/lighttpd/lighttpd.conf': (old) =>
      old
        .replace(/server\.port\s*=\s*80/, 'server.port = 8088\nserver.bind = "127.0.0.1"')
        .replace(/^include_shell .*ipv6.*$/m, '')
        .concat('\n$SERVER["socket"] == "0.0.0.0:8089" { }\n'),
  }),
  changed('haproxy.service', {
    '/etc/haproxy/haproxy.cfg': append(
      'listen a\n  bind :8001\n  bind 127.0.0.1:8002,127.0.0.1:8003\n  bind ::1:8004\nfrontend off\n  disabled\n  bind :8009\nfrontend c\n  bind *:8005-8006\n  mode http',
    ),
  }),
  changed('squid.service', {
    '/etc/squid/squid.conf': (old) =>
      old.replace('http_port 3128', 'http_port 127.0.0.1:8118\nhttp_port 8119\nicp_port 3130'),
  }),
  changed('postgresql@15-main.service', {
    '/etc/postgresql/15/main/conf.d/x.conf': only("listen_addresses = '*' # all\nport = 5433\n"),
  }),
  changed('mariadb.service', {
    '/etc/mysql/mariadb.conf.d/99-x.cnf': only('[mysqld]\nport=3307\nbind_address = 0.0.0.0\n[client]\nport=9\n'),
  }),
  changed('mariadb.service', { '/etc/mysql/conf.d/x.cnf': only('[mariadb]\nskip-networking\n') }),
  changed('redis-server.service', { '/etc/redis/redis.conf': append('bind 0.0.0.0\nport 6390\nprotected-mode no') }),
  changed('memcached.service', {
    '/etc/memcached.conf': (old) => old.replace(/^-l .*$/gm, '-l 0.0.0.0').replace(/^-p .*$/m, '-p 11311\n-U 11311'),
  }),
  changed('ssh.service', {
    '/etc/ssh/sshd_config.d/x.conf': only('Port 2022\nListenAddress 127.0.0.1\n'),
    '/etc/ssh/sshd_config': append('Port 2023\nMatch User nobody\n  Banner none'),
  }),
  changed('postfix@-.service', {
    '/etc/postfix/main.cf': append('inet_interfaces = loopback-only'),
    '/etc/postfix/master.cf': append(
      'submission inet n - y - - smtpd\n127.0.0.1:10025 inet n - n - - smtpd\n  -o smtpd_banner=x\n#smtps inet n - y - - smtpd',
    ),
  }),
  changed('dovecot.service', {
    '/etc/dovecot/conf.d/10-ssl.conf': only('ssl = no\n'),
    '/etc/dovecot/local.conf': only(
      'service imap-login {\n  inet_listener imap {\n    port = 1143\n    address = 127.0.0.1\n  }\n  inet_listener extra {\n    port = 1144\n  }\n}\nservice pop3-login {\n  inet_listener pop3 {\n    port = 0\n  }\n}\n',
    ),
  }),
  changed('named.service', {
    '/etc/bind/named.conf.options': only(
      'acl mine { 127.0.0.1; };\noptions { directory "/var/cache/bind"; listen-on port 5353 { mine; }; listen-on-v6 { none; }; };\ncontrols { };\nstatistics-channels { inet 127.0.0.1 port 8053 allow { any; }; };\n',
    ),
  }),
  changed('unbound.service', {
    '/etc/unbound/unbound.conf.d/x.conf': only(
      'server:\n  interface: 0.0.0.0\n  interface: 127.0.0.1@5335\n  do-ip6: no\n  port: 5300\nremote-control:\n  control-interface: 127.0.0.1\n',
    ),
  }),
  changed('dnsmasq.service', {
    '/etc/dnsmasq.d/x': only('bind-interfaces\nlisten-address=127.0.0.1\nport=5301\nenable-tftp\n'),
  }),
  changed('vsftpd.service', {
    '/etc/vsftpd.conf': (old) =>
      old
        .replace('listen=NO', 'listen=YES')
        .replace('listen_ipv6=YES', '#listen_ipv6=YES')
        .concat('\nlisten_port=2121\nlisten_address=127.0.0.1\n'),
  }),
  changed('mosquitto.service', {
    '/etc/mosquitto/conf.d/x.conf': only('listener 1884\nlistener 1885 127.0.0.1\nallow_anonymous true\n'),
  }),
  changed('mosquitto.service', { '/etc/mosquitto/conf.d/x.conf': only('port 1886\n') }),
  changed('prometheus-node-exporter.service', {
    '/etc/default/prometheus-node-exporter': only('ARGS="--web.listen-address=127.0.0.1:9200"\n'),
  }),
  changed('docker-registry.service', {
    '/etc/docker/registry/config.yml': (old) => old.replace(/addr: :5000/, 'addr: 127.0.0.1:5005'),
  }),
  changed('php8.2-fpm.service', {
    '/etc/php/8.2/fpm/pool.d/www.conf': (old) => old.replace(/^listen = .*$/m, 'listen = 9000'),
  }),
  changed('smbd.service', {
    '/etc/samba/smb.conf': (old) =>
      old.replace('[global]', '[global]\n interfaces = lo\n bind interfaces only = yes\n disable netbios = yes'),
  }),
  changed('cups.service', { '/etc/cups/cupsd.conf': (old) => old.replace(/^Listen localhost:631$/m, 'Port 6631') }),
  changed('chrony.service', { '/etc/chrony/conf.d/x.conf': only('allow 192.0.2.0/24\ncmdport 0\n') }),
  changed('rsync.service', {
    '/etc/rsyncd.conf': only('port = 8873\naddress = 127.0.0.1\n[data]\npath = /srv\nport = 9\n'),
  }),
  changed('slapd.service', {
    '/etc/default/slapd': (old) =>
      old.replace(/^SLAPD_SERVICES=.*$/m, 'SLAPD_SERVICES="ldap://127.0.0.1:1389/ ldapi:///"'),
  }),
  changed('pdns.service', {
    '/etc/powerdns/pdns.d/x.conf': only('local-address=127.0.0.1\nlocal-port=5302\nwebserver=yes\n'),
  }),
  changed('rabbitmq-server.service', {
    '/etc/rabbitmq/rabbitmq.conf': only('listeners.tcp.1 = 127.0.0.1:5673\n'),
    '/etc/rabbitmq/enabled_plugins': only('[rabbitmq_management].\n'),
  }),
  changed('zabbix-agent.service', { '/etc/zabbix/zabbix_agentd.conf': append('ListenPort=10055\nListenIP=127.0.0.1') }),
  changed('caddy.service', {
    '/etc/caddy/Caddyfile': only(
      '{\n  admin off\n}\nhttp://localhost:8085, :8086 {\n  respond "x"\n}\n(snip) {\n  header x y\n}\n',
    ),
  }),
  changed('caddy.service', {
    '/etc/caddy/Caddyfile': only('{\n  admin localhost:2020\n  local_certs\n}\nexample.test {\n  respond "x"\n}\n'),
  }),
  changed('exim4.service', {
    '/etc/exim4/update-exim4.conf.conf': (old) => old.replace(/^dc_local_interfaces=.*$/m, "dc_local_interfaces=''"),
    '/etc/default/exim4': (old) => old.replace(/^SMTPLISTENEROPTIONS=.*$/m, "SMTPLISTENEROPTIONS='-oX 587:25'"),
  }),
  changed('proftpd.service', {
    '/etc/proftpd/conf.d/x.conf': only(
      'Port 2122\n<VirtualHost 127.0.0.1>\n  Port 2123\n</VirtualHost>\n<IfModule mod_nothing.c>\nPort 9\n</IfModule>\n',
    ),
  }),
  changed('snmpd.service', {
    '/etc/snmp/snmpd.conf': (old) => old.replace(/^agentaddress.*$/m, 'agentaddress udp:1161,tcp:127.0.0.1:1162'),
  }),
  changed('tomcat10.service', {
    '/etc/tomcat10/server.xml': (old) =>
      old.replace('port="8080"', 'port="8180" address="127.0.0.1"').replace('port="-1"', 'port="8005"'),
  }),
  changed('jetty9.service', { '/etc/jetty9/start.ini': append('jetty.http.port=8280\njetty.http.host=127.0.0.1') }),
  changed('nats-server.service', {
    '/etc/nats-server.conf': only('listen: 0.0.0.0:4333\nhttp: 8222\ncluster {\n  listen: 127.0.0.1:6222\n}\n'),
  }),
  changed('etcd.service', {
    '/etc/default/etcd': only(
      'ETCD_LISTEN_CLIENT_URLS="http://0.0.0.0:2479"\nETCD_ADVERTISE_CLIENT_URLS="http://127.0.0.1:2479"\n',
    ),
  }),
  changed('influxdb.service', {
    '/etc/influxdb/influxdb.conf': (old) =>
      old
        .replace('# bind-address = "127.0.0.1:8088"', 'bind-address = "0.0.0.0:8188"')
        .replace('# bind-address = ":8086"', 'bind-address = "127.0.0.1:8186"')
        .replace(
          /^\[\[graphite\]\]\n.*\n.*enabled = false$/m,
          '[[graphite]]\n  enabled = true\n  bind-address = ":2103"',
        )
        .replace(/^\[\[udp\]\]\n.*enabled = false$/m, '[[udp]]\n  enabled = true'),
  }),
  changed('prometheus.service', { '/etc/default/prometheus': only('ARGS="--web.listen-address=0.0.0.0:9095"\n') }),
  changed('rpcbind.service', { '/etc/default/rpcbind': only('OPTIONS="-w -h 192.0.2.1"\n') }),
  changed('nmbd.service', {
    '/etc/samba/smb.conf': (old) => old.replace('[global]', '[global]\n interfaces = lo\n bind interfaces only = yes'),
  }),
  changed('zookeeper.service', {
    '/etc/zookeeper/conf_example/zoo.cfg': (old) =>
      old.replace(/^clientPort=.*$/m, 'clientPort=2281\nclientPortAddress=127.0.0.1'),
  }),
  changed('activemq.service', {
    '/etc/activemq/instances-available/main/activemq.xml': (old) =>
      old.replace(
        /^.*<transportConnector name="openwire".*$/m,
        '<transportConnector name="openwire" uri="tcp://0.0.0.0:61717"/>\n<transportConnector name="stomp" uri="stomp://localhost:61613"/>\n<!-- <transportConnector name="mqtt" uri="mqtt://0.0.0.0:1883"/> -->',
      ),
  }),
  changed('pdns-recursor.service', {
    '/etc/powerdns/recursor.d/x.conf': only('local-address=127.0.0.1,192.0.2.1:5300\nlocal-port=5353\n'),
  }),
];
