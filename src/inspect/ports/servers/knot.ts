import { collectFindings } from '../findings.js';
import type { PortReader } from '../reader.js';
import { fromFile, readYaml } from '../settings.js';

/** Knot DNS, knot.conf(5): `listen` of server:, `address[@port]`, a list or one; it listens nowhere when that is silent. */
export const knot: PortReader = {
  name: 'knot',
  programs: ['knotd', 'knot'],
  async read(context) {
    const findings = await collectFindings(context);
    const path = context.command.option('c', 'config')?.value ?? '/etc/knot/knot.conf';
    for (const leaf of await readYaml(context.files, path)) {
      const [, kind] = /^server\.listen(-tls|-quic)?(?:\.\d+)?$/.exec(leaf.key) ?? [null, null];
      if (kind === null) continue;
      const [host = '', port] = leaf.value.split('@');
      if (host.startsWith('/')) findings.socket(host);
      else if (kind === undefined) {
        for (const protocol of ['tcp', 'udp'] as const) findings.add(host, port ?? 53, fromFile(leaf), protocol);
      } else findings.add(host, port ?? 853, fromFile(leaf), kind === '-tls' ? 'tcp' : 'udp');
    }
    return findings.done();
  },
};
