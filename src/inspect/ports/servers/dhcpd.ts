import { collectFindings } from '../findings.js';
import type { PortReader } from '../reader.js';

/** dhcpd(8): UDP 67, or 547 with `-6`; `-p` takes another port. */
export const dhcpd: PortReader = {
  name: 'dhcpd',
  programs: ['dhcpd', 'isc-dhcp-server'],
  packages: ['isc-dhcp-server', 'dhcp-server'],
  async read(context) {
    const findings = await collectFindings(context);
    const { command } = context;
    const isIpv6 = command.has('6');
    findings.add(
      isIpv6 ? '::' : '0.0.0.0',
      command.option('p')?.value ?? (isIpv6 ? 547 : 67),
      command.option('p') ?? command.builtIn(67),
      'udp',
    );
    return findings.done();
  },
};
