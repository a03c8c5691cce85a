import type { PortReader } from '../reader.js';
import { activemq } from './activemq.js';
import { apache } from './apache.js';
import { aptCacherNg } from './apt-cacher-ng.js';
import { avahi } from './avahi.js';
import { bind } from './bind.js';
import { caddy } from './caddy.js';
import { cassandra } from './cassandra.js';
import { chrony } from './chrony.js';
import { clamd } from './clamd.js';
import { consul } from './consul.js';
import { containers } from './containers.js';
import { coturn } from './coturn.js';
import { couchdb } from './couchdb.js';
import { cups } from './cups.js';
import { dhcpd } from './dhcpd.js';
import { distccd } from './distccd.js';
import { dnsmasq } from './dnsmasq.js';
import { docker } from './docker.js';
import { dockerRegistry } from './docker-registry.js';
import { dovecot } from './dovecot.js';
import { dropbear } from './dropbear.js';
import { elasticsearch } from './elasticsearch.js';
import { envoy } from './envoy.js';
import { etcd } from './etcd.js';
import { exim } from './exim.js';
import { flask } from './flask.js';
import { freeradius } from './freeradius.js';
import { gearmand } from './gearmand.js';
import { gitea } from './gitea.js';
import { grafana } from './grafana.js';
import { gunicorn } from './gunicorn.js';
import { haproxy } from './haproxy.js';
import { icecast } from './icecast.js';
import { influxdb } from './influxdb.js';
import { iperf } from './iperf.js';
import { jenkins } from './jenkins.js';
import { jetty } from './jetty.js';
import { kafka } from './kafka.js';
import { kerberos } from './kerberos.js';
import { knot } from './knot.js';
import { lighttpd } from './lighttpd.js';
import { memcached } from './memcached.js';
import { minidlna } from './minidlna.js';
import { minio } from './minio.js';
import { mongodb } from './mongodb.js';
import { monit } from './monit.js';
import { mosquitto } from './mosquitto.js';
import { muninNode } from './munin-node.js';
import { mysql } from './mysql.js';
import { nats } from './nats.js';
import { netcat } from './netcat.js';
import { nfs } from './nfs.js';
import { nginx } from './nginx.js';
import { ngircd } from './ngircd.js';
import { node } from './node.js';
import { nrpe } from './nrpe.js';
import { nsd } from './nsd.js';
import { ntpd } from './ntpd.js';
import { opendkim } from './opendkim.js';
import { openldap } from './openldap.js';
import { openvpn } from './openvpn.js';
import { pgbouncer } from './pgbouncer.js';
import { phpFpm } from './php-fpm.js';
import { phpServer } from './php-server.js';
import { postfix } from './postfix.js';
import { postgresql } from './postgresql.js';
import { postgrey } from './postgrey.js';
import { powerdns } from './powerdns.js';
import { privoxy } from './privoxy.js';
import { proftpd } from './proftpd.js';
import { prometheus } from './prometheus.js';
import { prometheusExporters } from './prometheus-exporters.js';
import { prosody } from './prosody.js';
import { puma } from './puma.js';
import { pureFtpd } from './pure-ftpd.js';
import { rabbitmq } from './rabbitmq.js';
import { radicale } from './radicale.js';
import { redis } from './redis.js';
import { rinetd } from './rinetd.js';
import { rpcbind } from './rpcbind.js';
import { rsyncd } from './rsyncd.js';
import { rsyslog } from './rsyslog.js';
import { samba } from './samba.js';
import { snmpd } from './snmpd.js';
import { socat } from './socat.js';
import { spamd } from './spamd.js';
import { springBoot } from './spring-boot.js';
import { squid } from './squid.js';
import { sshTunnel } from './ssh-tunnel.js';
import { sshd } from './sshd.js';
import { strongswan } from './strongswan.js';
import { stunnel } from './stunnel.js';
import { supervisord } from './supervisord.js';
import { syslogNg } from './syslog-ng.js';
import { systemdResolved } from './systemd-resolved.js';
import { tftpd } from './tftpd.js';
import { tinyproxy } from './tinyproxy.js';
import { tomcat } from './tomcat.js';
import { tor } from './tor.js';
import { traefik } from './traefik.js';
import { transmission } from './transmission.js';
import { unbound } from './unbound.js';
import { uvicorn } from './uvicorn.js';
import { uwsgi } from './uwsgi.js';
import { varnish } from './varnish.js';
import { vault } from './vault.js';
import { vsftpd } from './vsftpd.js';
import { webfs } from './webfs.js';
import { webhook } from './webhook.js';
import { wildfly } from './wildfly.js';
import { wireguard } from './wireguard.js';
import { xrdp } from './xrdp.js';
import { zabbixAgent } from './zabbix-agent.js';
import { zookeeper } from './zookeeper.js';

/** Every server that has a reader; a new one is a file beside this one and a line here. */
export const PORT_READERS: readonly PortReader[] = [
  activemq,
  apache,
  aptCacherNg,
  avahi,
  bind,
  caddy,
  cassandra,
  chrony,
  clamd,
  consul,
  containers,
  coturn,
  couchdb,
  cups,
  dhcpd,
  distccd,
  dnsmasq,
  docker,
  dockerRegistry,
  dovecot,
  dropbear,
  elasticsearch,
  envoy,
  etcd,
  exim,
  flask,
  freeradius,
  gearmand,
  gitea,
  grafana,
  gunicorn,
  haproxy,
  icecast,
  influxdb,
  iperf,
  jenkins,
  jetty,
  kafka,
  kerberos,
  knot,
  lighttpd,
  memcached,
  minidlna,
  minio,
  mongodb,
  monit,
  mosquitto,
  muninNode,
  mysql,
  nats,
  netcat,
  nfs,
  nginx,
  ngircd,
  node,
  nrpe,
  nsd,
  ntpd,
  opendkim,
  openldap,
  openvpn,
  pgbouncer,
  phpFpm,
  phpServer,
  postfix,
  postgresql,
  postgrey,
  powerdns,
  privoxy,
  proftpd,
  prometheus,
  prometheusExporters,
  prosody,
  puma,
  pureFtpd,
  rabbitmq,
  radicale,
  redis,
  rinetd,
  rpcbind,
  rsyncd,
  rsyslog,
  samba,
  snmpd,
  socat,
  spamd,
  springBoot,
  squid,
  sshTunnel,
  sshd,
  strongswan,
  stunnel,
  supervisord,
  syslogNg,
  systemdResolved,
  tftpd,
  tinyproxy,
  tomcat,
  tor,
  traefik,
  transmission,
  unbound,
  uvicorn,
  uwsgi,
  varnish,
  vault,
  vsftpd,
  webfs,
  webhook,
  wildfly,
  wireguard,
  xrdp,
  zabbixAgent,
  zookeeper,
];
