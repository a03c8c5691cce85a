import type { InFile } from '../config-files.js';
import { readWithIncludes } from '../config-files.js';
import { collectFindings } from '../findings.js';
import { configLines } from '../formats/lines.js';
import type { PortReader } from '../reader.js';

/** https://www.rsyslog.com/doc/configuration/modules/imudp.html and imtcp.html, both forms of input; silent by default. */
export const rsyslog: PortReader = {
  name: 'rsyslog',
  programs: ['rsyslogd', 'rsyslog'],
  async read(context) {
    const findings = await collectFindings(context);
    const main = context.command.option('f')?.value ?? '/etc/rsyslog.conf';
    const lines: InFile<{ text: string; line: number }>[] = await readWithIncludes(context.files, main, {
      parse: (text) => configLines(text, { comments: '#' }),
      includes: ({ text }) => {
        const target =
          /^\$IncludeConfig\s+(\S+)/i.exec(text)?.[1] ?? /^include\(.{0,200}?file="([^"]{1,500})"/i.exec(text)?.[1];
        if (target === undefined) return undefined;
        return [target.endsWith('/') ? `${target}*` : target];
      },
    });
    for (const { text, line, path } of lines) {
      const origin = { evidence: { path, line } };
      const old = /^\$(UDPServerRun|InputTCPServerRun)\s+(\S+)/i.exec(text);
      if (old !== null) findings.add('*', old[2]!, origin, /^udp/i.test(old[1]!) ? 'udp' : 'tcp');
      const input = /^input\s*\(.{0,500}?type="im(udp|tcp|ptcp)"/i.exec(text);
      if (input === null) continue;
      const parameter = (name: string): string | undefined =>
        new RegExp(`\\b${name}="([^"]{1,200})"`, 'i').exec(text)?.[1];
      const protocol = input[1]!.toLowerCase() === 'udp' ? 'udp' : 'tcp';
      findings.add(parameter('address') ?? '*', parameter('port') ?? 514, origin, protocol);
    }
    return findings.done();
  },
};
