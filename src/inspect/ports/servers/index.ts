import type { PortReader } from '../reader.js';
import { activemq } from './activemq.js';
import { apache } from './apache.js';
import { avahi } from './avahi.js';
import { bind } from './bind.js';
import { caddy } from './caddy.js';
import { cassandra } from './cassandra.js';
import { chrony } from './chrony.js';
import { consul } from './consul.js';
import { containers } from './containers.js';
import { couchdb } from './couchdb.js';
import { cups } from './cups.js';
import { dhcpd } from './dhcpd.js';
import { dnsmasq } from './dnsmasq.js';
import { docker } from './docker.js';
import { dockerRegistry } from './docker-registry.js';
import { dovecot } from './dovecot.js';
import { elasticsearch } from './elasticsearch.js';
import { envoy } from './envoy.js';
import { etcd } from './etcd.js';
import { exim } from './exim.js';
import { flask } from './flask.js';
import { freeradius } from './freeradius.js';
import { gitea } from './gitea.js';
import { grafana } from './grafana.js';
import { gunicorn } from './gunicorn.js';
import { haproxy } from './haproxy.js';
import { influxdb } from './influxdb.js';
import { jenkins } from './jenkins.js';
import { jetty } from './jetty.js';
import { kafka } from './kafka.js';
import { lighttpd } from './lighttpd.js';
import { memcached } from './memcached.js';
import { minio } from './minio.js';
import { mongodb } from './mongodb.js';
import { mosquitto } from './mosquitto.js';
import { mysql } from './mysql.js';
import { nats } from './nats.js';
import { netcat } from './netcat.js';
import { nfs } from './nfs.js';
import { nginx } from './nginx.js';
import { node } from './node.js';
import { ntpd } from './ntpd.js';
import { openldap } from './openldap.js';
import { openvpn } from './openvpn.js';
import { pgbouncer } from './pgbouncer.js';
import { phpFpm } from './php-fpm.js';
import { phpServer } from './php-server.js';
import { postfix } from './postfix.js';
import { postgresql } from './postgresql.js';
import { powerdns } from './powerdns.js';
import { privoxy } from './privoxy.js';
import { proftpd } from './proftpd.js';
import { prometheus } from './prometheus.js';
import { prometheusExporters } from './prometheus-exporters.js';
import { puma } from './puma.js';
import { rabbitmq } from './rabbitmq.js';
import { redis } from './redis.js';
import { rpcbind } from './rpcbind.js';
import { rsyncd } from './rsyncd.js';
import { rsyslog } from './rsyslog.js';
import { samba } from './samba.js';
import { snmpd } from './snmpd.js';
import { socat } from './socat.js';
import { springBoot } from './spring-boot.js';
import { squid } from './squid.js';
import { sshTunnel } from './ssh-tunnel.js';
import { sshd } from './sshd.js';
import { stunnel } from './stunnel.js';
import { supervisord } from './supervisord.js';
import { systemdResolved } from './systemd-resolved.js';
import { tftpd } from './tftpd.js';
import { tinyproxy } from './tinyproxy.js';
import { tomcat } from './tomcat.js';
import { traefik } from './traefik.js';
import { unbound } from './unbound.js';
import { uvicorn } from './uvicorn.js';
import { uwsgi } from './uwsgi.js';
import { varnish } from './varnish.js';
import { vault } from './vault.js';
import { vsftpd } from './vsftpd.js';
import { webfs } from './webfs.js';
import { wildfly } from './wildfly.js';
import { wireguard } from './wireguard.js';
import { zabbixAgent } from './zabbix-agent.js';
import { zookeeper } from './zookeeper.js';

/** Every server that has a reader; a new one is a file beside this one and a line here. */
export const PORT_READERS: readonly PortReader[] = [
  activemq,
  apache,
  avahi,
  bind,
  caddy,
  cassandra,
  chrony,
  consul,
  containers,
  couchdb,
  cups,
  dhcpd,
  dnsmasq,
  docker,
  dockerRegistry,
  dovecot,
  elasticsearch,
  envoy,
  etcd,
  exim,
  flask,
  freeradius,
  gitea,
  grafana,
  gunicorn,
  haproxy,
  influxdb,
  jenkins,
  jetty,
  kafka,
  lighttpd,
  memcached,
  minio,
  mongodb,
  mosquitto,
  mysql,
  nats,
  netcat,
  nfs,
  nginx,
  node,
  ntpd,
  openldap,
  openvpn,
  pgbouncer,
  phpFpm,
  phpServer,
  postfix,
  postgresql,
  powerdns,
  privoxy,
  proftpd,
  prometheusExporters,
  prometheus,
  puma,
  rabbitmq,
  redis,
  rpcbind,
  rsyncd,
  rsyslog,
  samba,
  snmpd,
  socat,
  springBoot,
  squid,
  sshd,
  sshTunnel,
  stunnel,
  supervisord,
  systemdResolved,
  tftpd,
  tinyproxy,
  tomcat,
  traefik,
  unbound,
  uvicorn,
  uwsgi,
  varnish,
  vault,
  vsftpd,
  webfs,
  wildfly,
  wireguard,
  zabbixAgent,
  zookeeper,
];
