import { collectFindings } from '../findings.js';
import { INI_STYLE } from '../formats/lines.js';
import type { PortReader } from '../reader.js';
import { fallback, isNo, lastOf, readLines } from '../settings.js';

/** avahi-daemon.conf(5): mDNS on 5353; further sockets have ports of the moment. */
export const avahi: PortReader = {
  name: 'avahi',
  programs: ['avahi-daemon'],
  async read(context) {
    const findings = await collectFindings(context);
    const path = '/etc/avahi/avahi-daemon.conf';
    const entries = await readLines(context.files, path, { ...INI_STYLE, separator: '=' });
    const origin = fallback(context, path, 5353);
    if (!isNo(lastOf(entries, 'use-ipv4')?.value))
      findings.add('0.0.0.0', 5353, lastOf(entries, 'use-ipv4') ?? origin, 'udp');
    if (!isNo(lastOf(entries, 'use-ipv6')?.value))
      findings.add('::', 5353, lastOf(entries, 'use-ipv6') ?? origin, 'udp');
    return findings.done();
  },
};
