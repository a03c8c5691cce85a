import { collectFindings } from '../findings.js';
import type { PortReader } from '../reader.js';
import { fallback, lastOf, readLines } from '../settings.js';

/** minidlna.conf(5): `port` for HTTP; SSDP is always at 1900 (UPnP Device Architecture 1.1, 1). IPv4 alone. */
export const minidlna: PortReader = {
  name: 'minidlna',
  programs: ['minidlnad', 'minidlna', 'readymedia'],
  packages: ['minidlna'],
  async read(context) {
    const findings = await collectFindings(context);
    const { command, files } = context;
    const path = command.option('f')?.value ?? files.first(['/etc/minidlna.conf']);
    const entries = await readLines(files, path, { separator: '=', comments: '#' });
    const port = command.option('p') ?? lastOf(entries, 'port') ?? fallback(context, path, 8200);
    findings.add('0.0.0.0', port.value, port);
    findings.add('0.0.0.0', 1900, command.builtIn(1900), 'udp');
    return findings.done();
  },
};
