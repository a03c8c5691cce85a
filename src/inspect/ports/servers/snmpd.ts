import { parseEndpoint } from '../addresses.js';
import { collectFindings, type Findings } from '../findings.js';
import { BLANK_STYLE } from '../formats/lines.js';
import type { PortContext, PortReader } from '../reader.js';
import type { Setting } from '../setting.js';
import { fallback, fromFile, readLinesWithIncludes } from '../settings.js';

/** snmpd(8) LISTENING ADDRESSES, snmpd.conf(5) agentaddress: `[udp:|tcp:|udp6:|unix:]address[:port]`. */
export const snmpd: PortReader = {
  name: 'snmpd',
  programs: ['snmpd'],
  async read(context) {
    const findings = await collectFindings(context);
    const { command } = context;
    const main = command.option('c')?.value ?? '/etc/snmp/snmpd.conf';
    const entries = await readLinesWithIncludes(context.files, main, BLANK_STYLE, (entry) => {
      if (entry.key === 'includeDir') return context.files.folder(entry.value, '.conf');
      return entry.key === 'includeFile' ? [entry.value] : undefined;
    });
    const given = positional(context);
    const written = entries.filter((entry) => /^agentaddress$/i.test(entry.key)).map(fromFile);
    // Addresses on the command line come on top of those in the file.
    const settings = [...given, ...written];
    for (const setting of settings.length > 0 ? settings : [fallback(context, main, 'udp:161')]) {
      for (const value of setting.value.split(',')) addAddress(findings, { ...setting, value: value.trim() });
    }
    return findings.done();
  },
};

const WITH_VALUE = new Set(['-u', '-g', '-I', '-c', '-p', '-x', '-m', '-M', '-D', '-L']);

function positional(context: PortContext): Setting[] {
  const { command } = context;
  return command.arguments
    .filter(
      (word, at, all) =>
        !word.startsWith('-') &&
        !WITH_VALUE.has(all[at - 1] ?? '') &&
        /^(?:(?:udp6?|tcp6?|unix):|\d+$|[\d.]+:\d+$|\[)/.test(word),
    )
    .map((word) => command.setting(word));
}

function addAddress(findings: Findings, setting: Setting): void {
  const [, transport = '', rest = ''] = /^(?:(udp6?|udpv6|udpipv6|tcp6?|tcpv6|tcpipv6|unix):)?(.*)$/s.exec(
    setting.value,
  )!;
  if (transport === 'unix') {
    findings.socket(rest);
    return;
  }
  const protocol = transport.startsWith('tcp') ? 'tcp' : 'udp';
  const isIpv6 = /6$/.test(transport);
  const endpoint = parseEndpoint(rest);
  const host = endpoint?.host || (isIpv6 ? '::' : '0.0.0.0');
  if (endpoint === null && rest !== '')
    findings.problem('address-unreadable', setting.evidence.path, setting.value.slice(0, 80));
  else findings.add(host, endpoint?.port || 161, setting, protocol);
}
