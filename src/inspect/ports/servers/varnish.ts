import { collectFindings } from '../findings.js';
import type { PortReader } from '../reader.js';

/** varnishd(1): `-a [name=]address[:port][,PROTO]`, `-T address:port`; everything stands on the command line. */
export const varnish: PortReader = {
  name: 'varnish',
  programs: ['varnishd', 'varnish'],
  async read(context) {
    const findings = await collectFindings(context);
    const { command } = context;
    const addresses = command.options('a');
    for (const setting of addresses.length > 0 ? addresses : [command.builtIn(':80')]) {
      const address = setting.value.split(',')[0]!.replace(/^[A-Za-z]\w*=/, '');
      findings.endpoint({ ...setting, value: address }, { port: 80 });
    }
    const management = command.option('T');
    if (management !== undefined && management.value !== 'none') findings.endpoint(management);
    return findings.done();
  },
};
