import { collectFindings } from '../findings.js';
import { BLANK_STYLE } from '../formats/lines.js';
import type { PortReader } from '../reader.js';
import { fallback, fromFile, readLines } from '../settings.js';

/** Privoxy's user manual, 7.4.1: `listen-address`, which may be repeated; 127.0.0.1:8118 when it is silent. */
export const privoxy: PortReader = {
  name: 'privoxy',
  programs: ['privoxy'],
  async read(context) {
    const findings = await collectFindings(context);
    const path = context.command.arguments.findLast((word) => word.startsWith('/')) ?? '/etc/privoxy/config';
    const entries = (await readLines(context.files, path, BLANK_STYLE)).filter(({ key }) => key === 'listen-address');
    for (const entry of entries) findings.endpoint(fromFile(entry), { port: 8118, host: '0.0.0.0' });
    if (entries.length === 0) findings.endpoint(fallback(context, path, '127.0.0.1:8118'));
    return findings.done();
  },
};
