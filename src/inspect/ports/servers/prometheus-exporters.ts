import { collectFindings } from '../findings.js';
import type { PortReader } from '../reader.js';

/** https://github.com/prometheus/prometheus/wiki/Default-port-allocations, those that Debian packages first. */
const DEFAULT_PORTS: Readonly<Record<string, number>> = {
  'node-exporter': 9100, node_exporter: 9100, 'mysqld-exporter': 9104, mysqld_exporter: 9104, 'postgres-exporter': 9187,
  postgres_exporter: 9187, 'redis-exporter': 9121, redis_exporter: 9121, 'apache-exporter': 9117, apache_exporter: 9117,
  'nginx-exporter': 9113, 'nginx-prometheus-exporter': 9113, 'blackbox-exporter': 9115, blackbox_exporter: 9115,
  'snmp-exporter': 9116, snmp_exporter: 9116, 'haproxy-exporter': 9101, haproxy_exporter: 9101, 'bind-exporter': 9119,
  bind_exporter: 9119, 'elasticsearch-exporter': 9114, elasticsearch_exporter: 9114, 'memcached-exporter': 9150,
  memcached_exporter: 9150, 'process-exporter': 9256, process_exporter: 9256, 'squid-exporter': 9301,
  'varnish-exporter': 9131, 'mongodb-exporter': 9216, mongodb_exporter: 9216, 'postfix-exporter': 9154,
  postfix_exporter: 9154, 'bird-exporter': 9324, 'frr-exporter': 9342, 'ipmi-exporter': 9290, ipmi_exporter: 9290,
  'smokeping-prober': 9374, 'statsd-exporter': 9102, statsd_exporter: 9102, 'tor-exporter': 9099,
  'libvirt-exporter': 9177, 'mqtt-exporter': 9344, 'exporter-exporter': 9999, 'php-fpm-exporter': 9253,
}; // biome-ignore format: a table

/** Exporters share their flags: `--web.listen-address`, older ones `--telemetry.addr` or `-listen.addr`. */
export const prometheusExporters: PortReader = {
  name: 'prometheus-exporters',
  programs: Object.keys(DEFAULT_PORTS).flatMap((name) => [name, `prometheus-${name}`]),
  async read(context) {
    const findings = await collectFindings(context, { wildcards: 'either' });
    const { command } = context;
    const name = command.names
      .map((candidate) => candidate.replace(/^prometheus-/, ''))
      .find((candidate) => Object.hasOwn(DEFAULT_PORTS, candidate));
    const given = command.options(
      'web.listen-address',
      'web.listen',
      'telemetry.addr',
      'listen.addr',
      'listen-address',
    );
    if (given.length > 0) for (const setting of given) findings.endpoint(setting);
    else if (name !== undefined && !command.has('web.systemd-socket'))
      findings.endpoint(command.builtIn(`:${DEFAULT_PORTS[name]}`));
    return findings.done();
  },
};
