import { collectFindings } from '../findings.js';
import type { PortReader } from '../reader.js';

/** rpcbind(8): port 111 of both protocols, UDP of the addresses of `-h` and loopback. */
export const rpcbind: PortReader = {
  name: 'rpcbind',
  programs: ['rpcbind', 'portmap'],
  socketReplaces: true,
  async read(context) {
    const findings = await collectFindings(context);
    const hosts = context.command.options('h');
    findings.add('*', 111, context.command.builtIn(111));
    const udp = hosts.length > 0 ? [...hosts, { ...hosts[0]!, value: '127.0.0.1' }] : [context.command.builtIn('*')];
    for (const host of udp) findings.add(host.value, 111, host, 'udp');
    return findings.done();
  },
};
