import { collectFindings } from '../findings.js';
import type { PortReader } from '../reader.js';

/** postgrey(8): `--inet=[host:]port`, on this machine alone when no host is named; or a Unix socket. */
export const postgrey: PortReader = {
  name: 'postgrey',
  programs: ['postgrey'],
  async read(context) {
    const findings = await collectFindings(context);
    const path = context.command.option('unix')?.value;
    if (path !== undefined) findings.socket(path);
    for (const setting of context.command.options('inet')) findings.endpoint(setting, { host: 'localhost' });
    return findings.done();
  },
};
