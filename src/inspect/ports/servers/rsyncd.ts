import { collectFindings } from '../findings.js';
import { INI_STYLE } from '../formats/lines.js';
import type { PortReader } from '../reader.js';
import { fallback, lastOf, readLinesWithIncludes } from '../settings.js';

/** rsyncd.conf(5), and `--port`, `--address` of rsync(1). */
export const rsyncd: PortReader = {
  name: 'rsyncd',
  programs: ['rsync', 'rsyncd'],
  async read(context) {
    const findings = await collectFindings(context);
    const { command, files } = context;
    if (!command.has('daemon') && !/init\.d/.test(command.program)) return findings.done();
    const main = command.option('config')?.value ?? '/etc/rsyncd.conf';
    const entries = await readLinesWithIncludes(files, main, { ...INI_STYLE, separator: '=' }, (entry) => {
      const match = /^&(?:include|merge)\s+(.+)$/.exec(entry.key);
      if (match === null) return undefined;
      return context.fs.stat(match[1]!)?.type === 'directory' ? files.folder(match[1]!) : [match[1]!];
    });
    const global = entries.filter((entry) => entry.section === '');
    const port = command.option('port') ?? lastOf(global, 'port') ?? fallback(context, main, 873);
    const address = command.option('address') ?? lastOf(global, 'address');
    const wildcard = command.has('ipv4', '4') ? '0.0.0.0' : command.has('ipv6', '6') ? '::' : '*';
    findings.add(address?.value ?? wildcard, port.value, port.evidence.line === undefined ? (address ?? port) : port);
    return findings.done();
  },
};
