import { collectFindings } from '../findings.js';
import type { PortReader } from '../reader.js';

/** Prometheus, Alertmanager and Pushgateway take addresses from their command line alone. */
export const prometheus: PortReader = {
  name: 'prometheus',
  programs: ['prometheus', 'prometheus-alertmanager', 'alertmanager', 'prometheus-pushgateway', 'pushgateway'],
  async read(context) {
    const findings = await collectFindings(context, { wildcards: 'either' });
    const { command } = context;
    const isAlertmanager = /alertmanager/.test(command.names[0] ?? '');
    const silent = isAlertmanager ? ':9093' : /pushgateway/.test(command.names[0] ?? '') ? ':9091' : '0.0.0.0:9090';
    const given = command.options('web.listen-address');
    for (const setting of given.length > 0 ? given : [command.builtIn(silent)]) findings.endpoint(setting);
    if (isAlertmanager) {
      const cluster = command.option('cluster.listen-address') ?? command.builtIn('0.0.0.0:9094');
      if (cluster.value !== '')
        for (const protocol of ['tcp', 'udp'] as const) findings.endpoint(cluster, { protocol });
    }
    return findings.done();
  },
};
