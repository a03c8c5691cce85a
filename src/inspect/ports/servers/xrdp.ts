import { parsePort } from '../addresses.js';
import { collectFindings } from '../findings.js';
import { INI_STYLE } from '../formats/lines.js';
import type { PortReader } from '../reader.js';
import { fallback, fromFile, readLines } from '../settings.js';

/** xrdp.ini(5): `port`, a list of ports and of `tcp://address:port`; sesman.ini(5): ListenAddress, ListenPort. */
export const xrdp: PortReader = {
  name: 'xrdp',
  programs: ['xrdp', 'xrdp-sesman'],
  packages: ['xrdp'],
  async read(context) {
    const { command, files } = context;
    const isSessions = command.names.includes('xrdp-sesman');
    const findings = await collectFindings(context, { wildcards: 'mapped' });
    const path = command.option('c', 'config')?.value ?? `/etc/xrdp/${isSessions ? 'sesman' : 'xrdp'}.ini`;
    const entries = (await readLines(files, path, INI_STYLE)).filter(({ section }) => /^globals$/i.test(section));
    const last = (name: string) => {
      const entry = entries.findLast(({ key }) => key.toLowerCase() === name);
      return entry === undefined ? undefined : fromFile(entry);
    };
    if (isSessions) {
      // Since 0.10 it is a Unix socket.
      const port = last('listenport');
      const address = last('listenaddress')?.value ?? '127.0.0.1';
      // Its sockets are of IPv6, and loopback becomes that of IPv6.
      if (port !== undefined && parsePort(port.value) !== null)
        findings.add(address === '127.0.0.1' ? '::1' : address, port.value, port);
      return findings.done();
    }
    const given = command.option('p', 'port') ?? last('port') ?? fallback(context, path, 3389);
    for (const value of given.value.split(/[\s,]+/)) {
      const target = value
        .replace(/^tcp[46]?:\/\//, '')
        .replace(/^\.:/, '127.0.0.1:')
        .replace(/^\{([^}]*)\}/, '[$1]');
      if (value.startsWith('unix://') || target.startsWith('/')) findings.socket(value.replace(/^unix:\/\//, ''));
      else if (!value.startsWith('vsock:'))
        findings.endpoint({ ...given, value: target }, { host: value.startsWith('tcp://') ? '0.0.0.0' : '*' });
    }
    return findings.done();
  },
};
