import { parentPath } from '../../../model/path.js';
import { parseEndpoint } from '../addresses.js';
import { readWithIncludes } from '../config-files.js';
import { collectFindings } from '../findings.js';
import { type Entry, parseLines, unquote } from '../formats/lines.js';
import type { PortReader } from '../reader.js';
import { fallback, fromFile } from '../settings.js';
import { readTunnels } from './ssh-tunnel.js';

/** sshd_config(5). */
export const sshd: PortReader = {
  name: 'sshd',
  programs: ['sshd', 'ssh'],
  packages: ['openssh-server'],
  socketReplaces: true,
  async read(context) {
    if (/(?:^|\/)(?:auto)?ssh$/.test(context.command.program)) return readTunnels(context);
    const findings = await collectFindings(context);
    const { command, files } = context;
    const configuration = command.option('f')?.value ?? '/etc/ssh/sshd_config';
    const all = await readWithIncludes(files, configuration, {
      parse: parseSshd,
      includes: (entry) =>
        entry.key === 'include' ? entry.value.split(/\s+/).map((path) => absoluteTo(unquote(path))) : undefined,
    });
    // What follows a Match holds for single connections alone.
    const match = all.findIndex((entry) => entry.key === 'match');
    const entries = match === -1 ? all : all.slice(0, match);
    const overrides = command.options('o').map((setting) => ({ setting, entry: parseSshd(setting.value)[0] }));
    const values = (key: string) => [
      ...overrides
        .filter(({ entry }) => entry?.key === key)
        .map(({ setting, entry }) => ({ ...setting, value: entry!.value })),
      ...entries.filter((entry) => entry.key === key).map(fromFile),
    ];
    const given = command.options('p');
    const written = values('port');
    const ports = given.length > 0 ? given : written.length > 0 ? written : [fallback(context, configuration, 22)];
    const family = values('addressfamily')[0]?.value.toLowerCase();
    const hosts = values('listenaddress');
    if (hosts.length === 0) {
      const host = family === 'inet' ? '0.0.0.0' : family === 'inet6' ? '::' : '*';
      for (const port of ports) findings.add(host, port.value, port);
    }
    for (const host of hosts) {
      const endpoint = parseEndpoint(unquote(host.value.split(/\s+/)[0]!));
      if (endpoint !== null && endpoint.port !== '' && endpoint.host !== '')
        findings.add(endpoint.host, endpoint.port, host);
      else
        for (const port of ports)
          findings.add(endpoint?.host || host.value, port.value, port.evidence.line === undefined ? host : port);
    }
    return findings.done();
  },
};

/** Keywords in any case, a blank or `=` before the value. */
function parseSshd(text: string): Entry[] {
  return parseLines(text, { separator: '= ', comments: '#' }).map((entry) => ({
    ...entry,
    key: entry.key.toLowerCase(),
    value: unquote(entry.value.replace(/\s#.*$/, '')),
  }));
}

function absoluteTo(path: string): string {
  return path.startsWith('/') ? path : `${parentPath('/etc/ssh/sshd_config')}/${path}`;
}
