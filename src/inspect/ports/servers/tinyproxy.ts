import { collectFindings } from '../findings.js';
import { BLANK_STYLE, unquote } from '../formats/lines.js';
import type { PortReader } from '../reader.js';
import { fallback, fromFile, readLines } from '../settings.js';

/** tinyproxy.conf(5): `Port` (8888), `Listen`, which may be repeated. */
export const tinyproxy: PortReader = {
  name: 'tinyproxy',
  programs: ['tinyproxy'],
  async read(context) {
    const findings = await collectFindings(context);
    const path =
      context.command.option('c')?.value ??
      context.files.first(['/etc/tinyproxy/tinyproxy.conf', '/etc/tinyproxy.conf']);
    const entries = await readLines(context.files, path, BLANK_STYLE);
    const of = (name: string) => entries.filter(({ key }) => key.toLowerCase() === name);
    const written = of('port').at(-1);
    const port = written === undefined ? fallback(context, path, 8888) : fromFile(written);
    const hosts = of('listen').map(({ value }) => unquote(value));
    for (const host of hosts.length > 0 ? hosts : ['*']) findings.add(host, port.value, port);
    return findings.done();
  },
};
