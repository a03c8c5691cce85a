import { readWithIncludes } from '../config-files.js';
import { collectFindings } from '../findings.js';
import { type LineStyle, parseLines } from '../formats/lines.js';
import type { PortReader } from '../reader.js';
import type { Setting } from '../setting.js';
import { fallback, fromFile } from '../settings.js';

const STYLE: LineStyle = { separator: 'blank', comments: '#!;%' };

/** chrony.conf(5): a server only where `allow` says so; commands on 323 of loopback. */
export const chrony: PortReader = {
  name: 'chrony',
  programs: ['chronyd', 'chrony', 'chronyd-starter.sh', 'chronyd-starter'],
  async read(context) {
    const findings = await collectFindings(context);
    const { command, files } = context;
    const main = command.option('f')?.value ?? files.first(['/etc/chrony/chrony.conf', '/etc/chrony.conf']);
    const entries =
      main === undefined
        ? []
        : await readWithIncludes(files, main, {
            parse: (text) => parseLines(text, STYLE).map((entry) => ({ ...entry, key: entry.key.toLowerCase() })),
            includes: (entry) => {
              if (entry.key === 'include') return [entry.value];
              return entry.key === 'confdir'
                ? entry.value.split(/\s+/).flatMap((folder) => files.folder(folder, '.conf'))
                : undefined;
            },
          });
    const all = (key: string): Setting[] => entries.filter((entry) => entry.key === key).map(fromFile);
    const isFamily = (host: string): boolean => !command.has(host.includes(':') ? '4' : '6');
    const allowed = all('allow').at(0);
    const port = all('port').at(-1);
    if (allowed !== undefined && port?.value !== '0') {
      const bound = all('bindaddress').map((setting) => setting.value);
      for (const host of bound.length > 0 ? bound : ['0.0.0.0', '::'].filter(isFamily))
        findings.add(host, port?.value ?? 123, port ?? allowed, 'udp');
    }
    const commandPort = all('cmdport').at(-1) ?? fallback(context, main, 323);
    const written = all('bindcmdaddress');
    const hosts =
      written.length > 0 ? written : ['127.0.0.1', '::1'].filter(isFamily).map((value) => ({ ...commandPort, value }));
    for (const host of commandPort.value === '0' ? [] : hosts) {
      if (host.value.startsWith('/')) findings.socket(host.value);
      else
        findings.add(
          host.value,
          commandPort.value,
          commandPort.evidence.line === undefined ? host : commandPort,
          'udp',
        );
    }
    return findings.done();
  },
};
