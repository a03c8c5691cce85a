import { collectFindings } from '../findings.js';
import type { PortReader } from '../reader.js';
import { fromFile, readYaml } from '../settings.js';

/** https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/core/v3/address.proto in bootstrap listeners and admin. */
export const envoy: PortReader = {
  name: 'envoy',
  programs: ['envoy'],
  async read(context) {
    const findings = await collectFindings(context);
    const path =
      context.command.option('c', 'config-path')?.value ??
      context.files.first(['/etc/envoy/envoy.yaml', '/etc/envoy/envoy.yml']);
    const leaves = await readYaml(context.files, path);
    for (const leaf of leaves) {
      const match =
        /^((?:static_resources\.listeners\.\d+(?:\.additional_addresses\.\d+)?|admin)\.address\.socket_address\.)port_value$/.exec(
          leaf.key,
        );
      const pipe = /^(?:static_resources\.listeners\.\d+|admin)\.address\.pipe\.path$/.test(leaf.key);
      if (pipe) findings.socket(leaf.value);
      if (match === null) continue;
      const value = (name: string): string | undefined => leaves.find((other) => other.key === match[1] + name)?.value;
      const both = value('ipv4_compat') === 'true';
      const host = value('address') ?? '0.0.0.0';
      findings.add(
        host === '::' && both ? '*' : host,
        leaf.value,
        fromFile(leaf),
        value('protocol') === 'UDP' ? 'udp' : 'tcp',
      );
    }
    return findings.done();
  },
};
