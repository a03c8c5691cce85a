import type { InFile } from '../config-files.js';
import { collectFindings } from '../findings.js';
import type { Leaf } from '../formats/yaml.js';
import type { PortReader } from '../reader.js';
import type { Setting } from '../setting.js';
import { fallback, fromFile, readYaml } from '../settings.js';

/** https://www.elastic.co/guide/en/elasticsearch/reference/current/modules-network.html; OpenSearch has the same. */
export const elasticsearch: PortReader = {
  name: 'elasticsearch',
  programs: [
    'elasticsearch',
    'Elasticsearch',
    'org.elasticsearch.bootstrap.Elasticsearch',
    'opensearch',
    'OpenSearch',
    'systemd-entrypoint',
    'org.opensearch.bootstrap.OpenSearch',
  ],
  packages: ['elasticsearch', 'elasticsearch-oss', 'opensearch'],
  async read(context) {
    const findings = await collectFindings(context, { wildcards: 'either' });
    const { command, files } = context;
    const folder = command.environment('ES_PATH_CONF')?.value ?? command.environment('OPENSEARCH_PATH_CONF')?.value;
    const name = /opensearch/i.test(`${context.service.name} ${command.names.join(' ')}`)
      ? 'opensearch'
      : 'elasticsearch';
    const path = files.first([...(folder === undefined ? [] : [`${folder}/${name}.yml`]), `/etc/${name}/${name}.yml`]);
    const leaves = await readYaml(files, path);
    const all = (...keys: string[]): Setting[] => {
      for (const key of keys) {
        const found = leaves.filter((leaf: InFile<Leaf>) => leaf.key === key || leaf.key.replace(/\.\d+$/, '') === key);
        if (found.length > 0) return found.map(fromFile);
      }
      return [];
    };
    const given = command.options('E').flatMap((setting) => {
      const at = setting.value.indexOf('=');
      return at === -1
        ? []
        : [{ key: setting.value.slice(0, at), setting: { ...setting, value: setting.value.slice(at + 1) } }];
    });
    for (const [kind, silentPort] of [
      ['http', 9200],
      ['transport', 9300],
    ] as const) {
      const override = given.findLast(({ key }) => key === `${kind}.port`)?.setting;
      const port = override ?? all(`${kind}.port`, `${kind}.tcp.port`)[0] ?? fallback(context, path, silentPort);
      const hosts = all(`${kind}.bind_host`, `${kind}.host`, 'network.bind_host', 'network.host');
      const origin = port.evidence.line === undefined ? (hosts[0] ?? port) : port;
      // A range means the first port of it that is free.
      const number = port.value.split('-')[0]!;
      for (const host of hosts.length > 0 ? hosts.flatMap((setting) => setting.value.split(',')) : ['_local_']) {
        for (const address of specialAddress(host.trim())) findings.add(address, number, origin);
      }
    }
    return findings.done();
  },
};

/** `_site_`, `_global_` and `_eth0_` are addresses that only the running machine has. */
function specialAddress(host: string): string[] {
  if (host === '_local_' || host === '_local:ipv4_' || host === 'localhost')
    return host.endsWith('ipv4_') ? ['127.0.0.1'] : ['127.0.0.1', '::1'];
  return [/^_.*_$/.test(host) ? '*' : host.replace(/^\[|\]$/g, '')];
}
