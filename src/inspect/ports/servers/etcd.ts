import { collectFindings } from '../findings.js';
import type { PortReader } from '../reader.js';
import { lastOf, readYaml } from '../settings.js';

/** https://etcd.io/docs/latest/op-guide/configuration/: a configuration file silences flags and ETCD_* variables. */
export const etcd: PortReader = {
  name: 'etcd',
  programs: ['etcd', 'etcd-server'],
  async read(context) {
    const findings = await collectFindings(context, { wildcards: 'either' });
    const { command } = context;
    const path = command.option('config-file')?.value ?? command.environment('ETCD_CONFIG_FILE')?.value;
    const leaves = await readYaml(context.files, path);
    for (const { name, silent } of URLS) {
      const given = command.option(name) ?? command.environment(`ETCD_${name.toUpperCase().replaceAll('-', '_')}`);
      const setting = path === undefined ? given : lastOf(leaves, name);
      const urls = setting ?? (silent === '' ? undefined : command.builtIn(silent));
      if (urls === undefined) continue;
      // Go resolves `localhost` to one address.
      for (const url of urls.value.split(','))
        findings.endpoint({ ...urls, value: url.trim().replace('//localhost:', '//127.0.0.1:') });
    }
    return findings.done();
  },
};

const URLS = [
  { name: 'listen-client-urls', silent: 'http://localhost:2379' },
  { name: 'listen-peer-urls', silent: 'http://localhost:2380' },
  { name: 'listen-metrics-urls', silent: '' },
] as const;
