import { type ForegroundRow, folder } from './row.js';

/** Watching, printing, jobs, logs, clusters, media: what a machine has beside its purpose. */
export const OTHER_ROWS: readonly ForegroundRow[] = [
  {
    data: ['/var/spool/cups'],
    programs: ['cupsd'],
    drop: ['-F'],
    first: ['-f'],
    folders: [folder('/run/cups', 'root', 'lp')],
  },
  { programs: ['cron'], first: ['-f'] },
  { programs: ['crond'], first: ['-n'] },
  { programs: ['atd'], first: ['-f'] },
  { programs: ['rsyslogd'], first: ['-n'] },
  { programs: ['syslog-ng'], first: ['-F'] },
  { programs: ['chronyd'], first: ['-d'], folders: [folder('/run/chrony', '_chrony', '_chrony', 0o750)] },
  { programs: ['ntpd', 'openntpd'], first: ['-n'] },
  { programs: ['snmpd', 'snmptrapd'], first: ['-f'] },
  {
    programs: ['zabbix_agentd', 'zabbix_agent2', 'zabbix_server', 'zabbix_proxy'],
    first: ['-f'],
    folders: [folder('/run/zabbix', 'zabbix')],
  },
  { programs: ['nrpe'], replace: { '-d': '-f' }, folders: [folder('/run/nagios', 'nagios')] },
  { programs: ['nagios', 'nagios3', 'nagios4', 'icinga', 'naemon'], drop: ['-d', '--daemon'] },
  { programs: ['icinga2'], drop: ['-d', '--daemonize'] },
  { programs: ['munin-node'], last: ['--foreground'], folders: [folder('/run/munin', 'munin')] },
  {
    data: ['/var/lib/prometheus', '/var/lib/grafana'],
    programs: [
      'prometheus',
      'alertmanager',
      'prometheus-alertmanager',
      'node_exporter',
      'prometheus-node-exporter',
      'blackbox_exporter',
      'prometheus-blackbox-exporter',
      'mysqld_exporter',
      'prometheus-mysqld-exporter',
      'postgres_exporter',
      'prometheus-postgres-exporter',
      'pushgateway',
      'prometheus-pushgateway',
      'grafana-server',
      'grafana',
    ],
  },
  { programs: ['collectd', 'gmond'], first: ['-f'] },
  { programs: ['monit'], first: ['-I'] },
  { programs: ['vnstatd'], drop: ['-d', '--daemon'], first: ['-n'] },
  {
    programs: ['fail2ban-client', 'fail2ban-server'],
    form: fail2ban,
    first: ['-f'],
    folders: [folder('/run/fail2ban')],
  },
  { programs: ['keepalived'], first: ['-n'] },
  { programs: ['corosync'], first: ['-f'] },
  { programs: ['rpcbind', 'portmap'], first: ['-f'] },
  { programs: ['ganesha.nfsd'], first: ['-F'] },
  {
    programs: ['rpc.nfsd', 'nfsdctl', 'exportfs', 'rpc.mountd', 'rpc.statd'],
    refused: 'the kernel serves its files: export them where the containers run, or with a server of its own kind',
  },
  {
    programs: [
      'docker', 'dockerd', 'docker-compose', 'podman', 'podman-compose', 'nerdctl', 'containerd', 'crio', 'kubelet', 'k3s',
      'lxd', 'incusd', 'lxc-start', 'systemd-nspawn', 'machinectl',
    ], // biome-ignore format: a list
    refused: 'it is or runs containers, whose programs are in images of their own: move those as they are',
  },
  { programs: ['xinetd'], last: ['-dontfork'] },
  { programs: ['inetd'], first: ['-i'] },
  { programs: ['supervisord'], first: ['-n'] },
  { programs: ['avahi-daemon'], drop: ['-D', '--daemonize'] },
  { programs: ['mpd'], first: ['--no-daemon'] },
  { programs: ['icecast', 'icecast2'], drop: ['-b'] },
  { programs: ['minidlnad'], first: ['-S'] },
  { programs: ['transmission-daemon'], first: ['-f'] },
  { programs: ['ulogd'], drop: ['-d', '--daemon'] },
  { programs: ['lldpd'], first: ['-d'] },
  { programs: ['ddclient'], last: ['-foreground'] },
];

function fail2ban(command: readonly string[]): readonly string[] | null {
  if (!command.includes('start') && !command.includes('-f')) return null;
  return [command[0]!.replace(/client$/, 'server'), ...command.slice(1)];
}
