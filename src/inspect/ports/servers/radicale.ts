import { collectFindings } from '../findings.js';
import { INI_STYLE } from '../formats/lines.js';
import type { PortReader } from '../reader.js';
import { fallback, fromFile, readLines } from '../settings.js';

/** https://radicale.org/v3.html#hosts: [server] `hosts`, a list; localhost:5232 otherwise. */
export const radicale: PortReader = {
  name: 'radicale',
  programs: ['radicale'],
  async read(context) {
    const findings = await collectFindings(context);
    const { command, files } = context;
    const path = command.option('C', 'config')?.value ?? files.first(['/etc/radicale/config']);
    const entries = await readLines(files, path, INI_STYLE);
    const written = entries.findLast(({ section, key }) => section === 'server' && key === 'hosts');
    const hosts =
      command.option('H', 'hosts', 'server-hosts') ??
      (written === undefined ? fallback(context, path, 'localhost:5232') : fromFile(written));
    for (const value of hosts.value.split(',')) findings.endpoint({ ...hosts, value: value.trim() });
    return findings.done();
  },
};
