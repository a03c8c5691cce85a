import { parseEndpoint } from '../addresses.js';
import { collectFindings } from '../findings.js';
import type { PortReader } from '../reader.js';
import { fromFile, readYaml } from '../settings.js';

/** dockerd(8): `-H tcp://…`, and `hosts` of daemon.json. What containers publish is none of its own. */
export const docker: PortReader = {
  name: 'docker',
  programs: ['dockerd', 'docker'],
  packages: ['docker-ce', 'docker.io', 'moby-engine'],
  async read(context) {
    const findings = await collectFindings(context, { wildcards: 'either' });
    const { command, files } = context;
    const leaves = await readYaml(files, command.option('config-file')?.value ?? '/etc/docker/daemon.json');
    const hosts = [
      ...command.options('H', 'host'),
      ...leaves.filter(({ key }) => /^hosts(?:[.[]\d+\]?)?$/.test(key)).map(fromFile),
    ];
    const isEncrypted =
      command.has('tls', 'tlsverify') ||
      leaves.some(({ key, value }) => /^tls(?:verify)?$/.test(key) && value === 'true');
    for (const host of hosts) {
      if (host.value.startsWith('unix://')) findings.socket(host.value.slice('unix://'.length));
      if (!host.value.startsWith('tcp://')) continue;
      // `tcp://` and `tcp://:2375` are loopback alone (dockerd's DefaultHTTPHost).
      const endpoint = parseEndpoint(host.value);
      findings.add(endpoint?.host || 'localhost', endpoint?.port || (isEncrypted ? 2376 : 2375), host);
    }
    return findings.done();
  },
};
