import { joinPath } from '../../../model/path.js';
import { parsePort } from '../addresses.js';
import { collectFindings, type Findings } from '../findings.js';
import { parsePublished } from '../formats/published.js';
import type { PortContext, PortFindings, PortReader } from '../reader.js';
import { fromFile, readYaml } from '../settings.js';

/** Clients that a unit runs to have a container: what they publish is open on the machine, under the engine's name. */
export const containers: PortReader = {
  name: 'containers',
  programs: ['podman', 'nerdctl', 'docker-compose', 'podman-compose'],
  packages: ['podman'],
  read: readPublished,
};

/** `run --publish`, and the ports of the services of a Compose file that `up` starts. */
export async function readPublished(context: PortContext): Promise<PortFindings> {
  const { command } = context;
  // Docker's proxy takes both families, Podman's holds IPv4 alone.
  const isPodman = /podman/.test(command.names[0] ?? '');
  const findings = await collectFindings(context, { wildcards: isPodman ? 'separate' : 'either' });
  const everywhere = isPodman ? '0.0.0.0' : '*';
  const words = command.arguments;
  if (isComposeUp(context)) await readCompose(context, findings, everywhere);
  else if (words.includes('run') || words.includes('create')) {
    // Options end with the image; what follows is the container's own command.
    for (const setting of command.options('p', 'publish')) {
      for (const { host, port, protocol } of parsePublished(setting.value) ?? [])
        findings.add(host || everywhere, port, setting, protocol);
    }
  }
  return findings.done();
}

function isComposeUp({ command }: PortContext): boolean {
  const isCompose = /-compose$/.test(command.names[0] ?? '') || command.arguments.includes('compose');
  return isCompose && command.arguments.includes('up');
}

/** Compose specification, `ports`: short texts, or mappings with `published`. Variables of `.env` are not followed. */
async function readCompose(context: PortContext, findings: Findings, everywhere: string): Promise<void> {
  const { command, files, service } = context;
  const folder = service.workingDirectory ?? '/';
  const named = command
    .options('f', 'file')
    .map(({ value }) => (value.startsWith('/') ? value : joinPath(folder, value)));
  const usual = ['compose.yaml', 'compose.yml', 'docker-compose.yaml', 'docker-compose.yml'];
  const first = files.first(usual.map((name) => joinPath(folder, name)));
  for (const path of named.length > 0 ? named : first === undefined ? [] : [first]) {
    const leaves = await readYaml(files, path);
    for (const leaf of leaves) {
      if (/^services\.[^.]+\.ports\.\d+$/.test(leaf.key)) {
        const published = parsePublished(leaf.value);
        if (published === null)
          findings.problem('port-unreadable', path, `line ${leaf.line}: no port that can be told`);
        for (const { host, port, protocol } of published ?? [])
          findings.add(host || everywhere, port, { ...fromFile(leaf), inferred: true }, protocol);
      } else if (/^services\.[^.]+\.ports\.\d+\.published$/.test(leaf.key) && parsePort(leaf.value) !== null) {
        const sibling = (name: string): string | undefined =>
          leaves.find(({ key }) => key === leaf.key.replace(/published$/, name))?.value;
        const protocol = sibling('protocol') === 'udp' ? 'udp' : 'tcp';
        findings.add(sibling('host_ip') ?? everywhere, leaf.value, { ...fromFile(leaf), inferred: true }, protocol);
      }
    }
  }
}
