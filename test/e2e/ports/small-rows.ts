import type { Row } from './rows.js';

/** Smaller servers of Debian 12, most of them with an edit that makes them listen on TCP. */
export const SMALL_ROWS: readonly Row[] = [
  { root: 'c', unit: 'munin-node.service', before: 'mkdir -p /run/munin' },
  { root: 'c', unit: 'nagios-nrpe-server.service', before: 'install -d -o nagios /run/nagios' },
  {
    root: 'c',
    unit: 'monit.service',
    start: 'exec monit -I',
    command: ['/usr/bin/monit', '-I'],
    edits: { '/etc/monit/conf.d/web': () => 'set httpd port 2900 and\n use address localhost\n allow localhost\n' },
    before: 'chmod 600 /etc/monit/monitrc /etc/monit/conf.d/web',
  },
  { root: 'c', unit: 'ngircd.service', start: 'exec ngircd -n', before: 'install -d -o irc /run/ngircd' },
  {
    root: 'c',
    unit: 'apt-cacher-ng.service',
    before: 'install -d -o apt-cacher-ng /run/apt-cacher-ng /var/log/apt-cacher-ng /var/cache/apt-cacher-ng',
  },
  {
    root: 'c',
    unit: 'minidlna.service',
    start: 'exec minidlnad -S -f /etc/minidlna.conf -P /run/minidlna/minidlna.pid',
    before: 'install -d -o minidlna /run/minidlna /var/cache/minidlna /var/log/minidlna',
  },
  {
    root: 'c',
    unit: 'transmission-daemon.service',
    start: 'exec transmission-daemon -f -g /etc/transmission-daemon',
    edits: { '/etc/transmission-daemon/settings.json': (old) => old.replace('51413', '21413') },
  },
  {
    root: 'c',
    unit: 'gearman-job-server.service',
    start: 'exec gearmand --listen=localhost',
    command: ['/usr/sbin/gearmand', '--listen=localhost'],
  },
  { root: 'c', unit: 'iperf3.service', start: 'exec iperf3 --server' },
  { root: 'c', unit: 'radicale.service' },
  {
    root: 'c',
    unit: 'rinetd.service',
    start: 'exec rinetd -f',
    edits: {
      '/etc/rinetd.conf': () => '0.0.0.0 8080 127.0.0.1 80\n127.0.0.1 5300/udp 127.0.0.1 53/udp\n# 0.0.0.0 1 x 2\n',
    },
  },
  {
    root: 'c',
    unit: 'icecast2.service',
    command: ['/usr/bin/icecast2', '-c', '/etc/icecast2/icecast.xml'],
    start: 'exec runuser -u icecast2 -- icecast2 -c /etc/icecast2/icecast.xml',
    before: 'install -d -o icecast2 /var/log/icecast2',
  },
  {
    root: 'c',
    unit: 'tor@default.service',
    command: ['/usr/bin/tor', '--defaults-torrc', '/usr/share/tor/tor-service-defaults-torrc', '-f', '/etc/tor/torrc'],
    start: 'exec tor --defaults-torrc /usr/share/tor/tor-service-defaults-torrc -f /etc/tor/torrc --RunAsDaemon 0',
    edits: { '/etc/tor/torrc': () => 'SocksPort 9060\nSocksPort 127.0.0.1:9061\nDNSPort 5353\nControlPort 9051\n' },
    before: 'install -d -o debian-tor -m 2755 /run/tor; install -d -o debian-tor -m 700 /var/lib/tor',
  },
  {
    root: 'c',
    unit: 'nsd.service',
    start: 'exec nsd -d',
    before: 'install -d -o nsd /run/nsd /var/lib/nsd; [ -e /etc/nsd/nsd_server.pem ] || nsd-control-setup',
  },
  {
    root: 'c',
    unit: 'knot.service',
    command: ['/usr/sbin/knotd'],
    start: 'exec knotd',
    before: 'install -d -o knot /run/knot',
    edits: {
      '/etc/knot/knot.conf': (old) => old.replace(/^server:$/m, 'server:\n    listen: [ 127.0.0.1@5301, ::1@5302 ]'),
    },
  },
  {
    root: 'c',
    unit: 'pure-ftpd.service',
    command: ['/usr/sbin/pure-ftpd-wrapper'],
    start: 'exec pure-ftpd-wrapper',
    edits: { '/etc/pure-ftpd/conf/Bind': () => '127.0.0.1,2121\n', '/etc/pure-ftpd/conf/Daemonize': () => 'no\n' },
  },
  {
    root: 'c',
    unit: 'opendkim.service',
    start: 'exec opendkim -f',
    before: 'install -d -o opendkim /run/opendkim',
    edits: { '/etc/opendkim.conf': (old) => old.replace(/^Socket.*$/m, 'Socket inet:8891@localhost') },
  },
  { root: 'c', unit: 'spamd.service', start: 'exec spamd', seconds: 30 },
  {
    root: 'c',
    unit: 'postgrey.service',
    start: 'exec postgrey --inet=10023',
    command: ['/usr/sbin/postgrey', '--inet=10023'],
    before: 'install -d -o postgrey /var/lib/postgrey',
  },
  {
    root: 'c',
    unit: 'xrdp.service',
    start: 'exec xrdp --nodaemon',
    before: 'install -d -o xrdp /run/xrdp; [ -e /etc/xrdp/rsakeys.ini ] || xrdp-keygen xrdp /etc/xrdp/rsakeys.ini',
  },
  { root: 'c', unit: 'xrdp-sesman.service', start: 'exec xrdp-sesman --nodaemon', before: 'mkdir -p /run/xrdp' },
  {
    root: 'c',
    unit: 'dropbear.service',
    command: ['/usr/sbin/dropbear', '-F', '-p', '2222', '-p', '127.0.0.1:2223'],
    start: 'exec dropbear -F -R -p 2222 -p 127.0.0.1:2223',
  },
  {
    root: 'c',
    unit: 'syslog-ng.service',
    command: ['/usr/sbin/syslog-ng', '-F'],
    start: 'exec syslog-ng -F',
    edits: {
      '/etc/syslog-ng/conf.d/net.conf': () =>
        'source s_net { udp(ip("127.0.0.1") port(1514)); network(transport("tcp") port(2514)); syslog(); };\nsource s_off { tcp(port(9099)); };\ndestination d_net { file("/var/log/net"); };\nlog { source(s_net); destination(d_net); };\n',
    },
  },
  {
    root: 'c',
    unit: 'distcc.service',
    command: ['/usr/bin/distccd', '--daemon', '--allow', '127.0.0.1'],
    start: 'exec distccd --no-detach --daemon --allow 127.0.0.1',
  },
];
