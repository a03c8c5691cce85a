import { collectFindings } from '../findings.js';
import type { PortReader } from '../reader.js';

/** https://github.com/adnanh/webhook/blob/master/docs/Webhook-Parameters.md */
export const webhook: PortReader = {
  name: 'webhook',
  programs: ['webhook'],
  async read(context) {
    const findings = await collectFindings(context, { wildcards: 'either' });
    const { command } = context;
    const port = command.option('port') ?? command.builtIn(9000);
    const origin = command.option('port') ?? command.option('ip') ?? port;
    findings.add(command.option('ip')?.value ?? '0.0.0.0', port.value, origin);
    return findings.done();
  },
};
