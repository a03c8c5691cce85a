import { collectFindings } from '../findings.js';
import type { PortReader } from '../reader.js';

/** distccd(1) as a daemon: `--port` (3632), `--listen`. */
export const distccd: PortReader = {
  name: 'distccd',
  programs: ['distccd'],
  async read(context) {
    const findings = await collectFindings(context);
    const { command } = context;
    if (command.has('inetd')) return findings.done();
    const port = command.option('p', 'port') ?? command.builtIn(3632);
    findings.add(command.option('listen')?.value ?? '*', port.value, port);
    return findings.done();
  },
};
