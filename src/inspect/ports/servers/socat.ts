import { collectFindings } from '../findings.js';
import type { PortReader } from '../reader.js';

/** Address types of socat(1) that wait for others. Without a number of the family it is IPv4, as socat 1.7 has it. */
const LISTENING =
  /^(tcp|udp|sctp|openssl|ssl|udplite)([46]?)-?(?:listen|l|recvfrom|recv|datagram-listen)$|^(openssl|ssl)-listen$/i;

/** socat(1): `TCP-LISTEN:PORT,bind=ADDRESS,…` and its kin, `UNIX-LISTEN:PATH`. */
export const socat: PortReader = {
  name: 'socat',
  programs: ['socat'],
  async read(context) {
    const findings = await collectFindings(context, { names: 'ipv4' });
    const { command } = context;
    for (const word of command.arguments) {
      const [address = '', ...options] = word.split(',');
      const colon = address.indexOf(':');
      const [type, value] = [address.slice(0, colon), address.slice(colon + 1)];
      if (/^unix-(?:listen|l|recvfrom|recv)$/i.test(type)) findings.socket(value);
      const match = LISTENING.exec(type);
      if (match === null) continue;
      const option = (name: RegExp): string | undefined =>
        options.find((each) => name.test(each))?.replace(/^[^=]*=/, '');
      const bound = option(/^(?:bind|range-bind)=/i)?.replace(/^\[|\](?::\d+)?$/g, '');
      const isSixth = match[2] === '6' || option(/^pf=/i)?.toLowerCase() === 'ip6';
      // A socket of IPv6 takes IPv4 as well, unless it is told not to.
      const wildcard = !isSixth ? '0.0.0.0' : options.some((each) => /^ipv6-?v6only(?:=1)?$/i.test(each)) ? '::' : '*';
      const kind = (match[1] ?? 'tcp').toLowerCase();
      const protocol = kind.startsWith('udp') ? 'udp' : kind === 'sctp' ? 'sctp' : 'tcp';
      findings.add(bound ?? wildcard, value, command.setting(value, word), protocol);
    }
    return findings.done();
  },
};
