import { collectFindings } from '../findings.js';
import { INI_STYLE } from '../formats/lines.js';
import type { PortReader } from '../reader.js';
import { lastOf, readLinesWithIncludes } from '../settings.js';

const CONFIGURATIONS = [
  '/etc/supervisor/supervisord.conf',
  '/etc/supervisord.conf',
  '/usr/local/etc/supervisord.conf',
  '/usr/etc/supervisord.conf',
  '/etc/supervisord.d/supervisord.conf',
];

/** http://supervisord.org/configuration.html#inet-http-server-section-settings: IPv4 alone, nothing unless asked for. */
export const supervisord: PortReader = {
  name: 'supervisord',
  programs: ['supervisord', 'supervisor'],
  async read(context) {
    const findings = await collectFindings(context, { names: 'ipv4' });
    const { command, files } = context;
    const main = command.option('c', 'configuration')?.value ?? files.first(CONFIGURATIONS);
    if (main === undefined) return findings.done();
    const entries = await readLinesWithIncludes(
      files,
      main,
      { ...INI_STYLE, inlineComments: true },
      ({ section, key, value }, path) =>
        section === 'include' && key === 'files'
          ? value.split(/\s+/).map((pattern) => pattern.replaceAll('%(here)s', path.replace(/\/[^/]*$/, '')))
          : undefined,
    );
    const port = lastOf(
      entries.filter(({ section }) => section === 'inet_http_server'),
      'port',
    );
    if (port !== undefined) findings.endpoint({ ...port, value: port.value.replace(/^\*/, '') }, { host: '0.0.0.0' });
    const socket = lastOf(
      entries.filter(({ section }) => section === 'unix_http_server'),
      'file',
    );
    if (socket !== undefined) findings.socket(socket.value);
    return findings.done();
  },
};
