import { collectFindings } from '../findings.js';
import type { PortReader } from '../reader.js';

/** gearmand(8): `--port` (4730), `--listen` (every address). */
export const gearmand: PortReader = {
  name: 'gearmand',
  programs: ['gearmand', 'gearman-job-server'],
  async read(context) {
    const findings = await collectFindings(context);
    const { command } = context;
    const port = command.option('p', 'port') ?? command.builtIn(4730);
    findings.add(command.option('L', 'listen')?.value ?? '*', port.value, port);
    return findings.done();
  },
};
