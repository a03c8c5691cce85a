import { collectFindings } from '../findings.js';
import { configLines } from '../formats/lines.js';
import type { PortReader } from '../reader.js';

/** rinetd(8): lines of `address port address port`, a protocol perhaps behind a port. */
export const rinetd: PortReader = {
  name: 'rinetd',
  programs: ['rinetd'],
  async read(context) {
    const findings = await collectFindings(context);
    const path = context.command.option('c', 'conf-file')?.value ?? '/etc/rinetd.conf';
    for (const { text, line } of configLines((await context.files.read(path)) ?? '', { comments: '#' })) {
      const [host = '', port = '', target, ...rest] = text.split(/\s+/);
      if (target === undefined || rest.length === 0 || /^(?:allow|deny|logfile|pidlogfile|logcommon)$/.test(host))
        continue;
      const [, number, protocol] = /^([A-Za-z0-9-]+)(?:\/(tcp|udp))?$/.exec(port) ?? [];
      if (number === undefined) continue;
      findings.add(host, number, { evidence: { path, line } }, protocol === 'udp' ? 'udp' : 'tcp');
    }
    return findings.done();
  },
};
