import { collectFindings } from '../findings.js';
import { BLANK_STYLE } from '../formats/lines.js';
import type { PortReader } from '../reader.js';
import { fromFile, readLines } from '../settings.js';

/** cupsd.conf(5): Listen, Port, SSLListen, SSLPort. */
export const cups: PortReader = {
  name: 'cups',
  programs: ['cupsd', 'cups'],
  packages: ['cups-daemon', 'cups'],
  async read(context) {
    const findings = await collectFindings(context);
    const path = context.command.option('c')?.value ?? '/etc/cups/cupsd.conf';
    for (const entry of await readLines(context.files, path, BLANK_STYLE)) {
      const key = entry.key.toLowerCase();
      if (key === 'port' || key === 'sslport') findings.add('*', entry.value, fromFile(entry));
      if (key === 'listen' || key === 'ssllisten') findings.endpoint(fromFile(entry), { port: 631 });
    }
    return findings.done();
  },
};
