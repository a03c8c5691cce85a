import { collectFindings } from '../findings.js';
import type { PortReader } from '../reader.js';

/** iperf3(1) as a server: 5201, or `-p`; one socket for both families. */
export const iperf: PortReader = {
  name: 'iperf',
  programs: ['iperf3', 'iperf'],
  async read(context) {
    const findings = await collectFindings(context);
    const { command } = context;
    if (!command.has('s', 'server')) return findings.done();
    const isThree = command.names.includes('iperf3');
    const port = command.option('p', 'port') ?? command.builtIn(isThree ? 5201 : 5001);
    findings.add(
      command.option('B', 'bind')?.value ?? (isThree ? '*' : '0.0.0.0'),
      port.value,
      port,
      command.has('u') ? 'udp' : 'tcp',
    );
    return findings.done();
  },
};
