import { collectFindings } from '../findings.js';
import type { PortReader } from '../reader.js';

/** PHP's own web server (PHP manual, "Built-in web server"): `php -S ADDRESS:PORT`. */
export const phpServer: PortReader = {
  name: 'php-server',
  programs: ['php', 'php-cli'],
  async read(context) {
    const findings = await collectFindings(context, { names: 'first' });
    const words = context.service.command;
    const at = words.indexOf('-S');
    const address = words[at + 1];
    if (at > 0 && address !== undefined) findings.endpoint(context.command.setting(address));
    return findings.done();
  },
};
