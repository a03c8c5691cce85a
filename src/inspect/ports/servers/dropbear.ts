import { collectFindings } from '../findings.js';
import type { PortReader } from '../reader.js';

/** dropbear(8): `-p [address:]port`, as often as wanted; 22 otherwise. */
export const dropbear: PortReader = {
  name: 'dropbear',
  programs: ['dropbear'],
  async read(context) {
    const findings = await collectFindings(context);
    const { command } = context;
    if (command.has('i')) return findings.done();
    const given = command.options('p');
    for (const setting of given.length > 0 ? given : [command.builtIn(22)]) findings.endpoint(setting, { host: '*' });
    return findings.done();
  },
};
