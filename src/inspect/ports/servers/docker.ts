import { parseEndpoint } from '../addresses.js';
import { collectFindings, type Findings } from '../findings.js';
import type { PortContext, PortReader } from '../reader.js';
import { fromFile, readYaml } from '../settings.js';
import { readPublished } from './containers.js';

/** dockerd(8): `-H tcp://…`, `hosts` of daemon.json, and what the containers publish that it starts again at boot. */
export const docker: PortReader = {
  name: 'docker',
  programs: ['dockerd', 'docker'],
  packages: ['docker-ce', 'docker.io', 'moby-engine'],
  async read(context) {
    // Long ago the client was the daemon, too.
    if (context.command.arguments.some((word) => word === 'run' || word === 'compose')) return readPublished(context);
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
    await readContainers(context, findings, command.option('data-root', 'g', 'graph')?.value ?? '/var/lib/docker');
    return findings.done();
  },
};

const MAX_CONTAINERS = 500;

/** Containers that come back when the daemon starts: moby's daemon/container, `ShouldRestart`. */
async function readContainers({ fs, files }: PortContext, findings: Findings, root: string): Promise<void> {
  const folder = `${root}/containers`;
  for (const id of fs.list(folder).slice(0, MAX_CONTAINERS)) {
    const state = await readYaml(files, `${folder}/${id}/config.v2.json`);
    const host = await readYaml(files, `${folder}/${id}/hostconfig.json`);
    const policy = host.find(({ key }) => key === 'RestartPolicy.Name')?.value;
    const isStopped = state.some(({ key, value }) => key === 'HasBeenManuallyStopped' && value === 'true');
    if (policy !== 'always' && !(policy === 'unless-stopped' && !isStopped)) continue;
    for (const leaf of host) {
      const match = /^PortBindings\.(\d{1,5})\/(tcp|udp)\.(\d+)\.HostPort$/.exec(leaf.key);
      if (match === null || leaf.value === '' || leaf.value === '0') continue;
      const address = host.find(({ key }) => key === leaf.key.replace(/HostPort$/, 'HostIp'))?.value;
      findings.add(address || '*', leaf.value, { ...fromFile(leaf), inferred: true }, match[2] as 'tcp' | 'udp');
    }
  }
}
