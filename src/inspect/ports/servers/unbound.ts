import { readWithIncludes } from '../config-files.js';
import { collectFindings, type Findings } from '../findings.js';
import { parseLines, unquote } from '../formats/lines.js';
import type { PortReader } from '../reader.js';
import type { Setting } from '../setting.js';
import { fallback, fromFile, isNo, isYes } from '../settings.js';

/** unbound.conf(5). */
export const unbound: PortReader = {
  name: 'unbound',
  programs: ['unbound'],
  async read(context) {
    const findings = await collectFindings(context);
    const main = context.command.option('c')?.value ?? '/etc/unbound/unbound.conf';
    const entries = await readWithIncludes(context.files, main, {
      parse: (text) =>
        parseLines(text, { separator: ':', comments: '#', inlineComments: true }).map((entry) => ({
          ...entry,
          value: unquote(entry.value),
        })),
      includes: (entry) => (entry.key === 'include' || entry.key === 'include-toplevel' ? [entry.value] : undefined),
    });
    const all = (...keys: string[]): Setting[] => entries.filter((entry) => keys.includes(entry.key)).map(fromFile);
    const last = (key: string): Setting | undefined => all(key).at(-1);
    const port = last('port') ?? fallback(context, main, 53);
    const families = { 4: !isNo(last('do-ip4')?.value), 6: !isNo(last('do-ip6')?.value) };
    const tlsPort = last('tls-port')?.value ?? last('ssl-port')?.value ?? '853';
    const httpsPort = last('https-port')?.value ?? '443';
    const protocols = (number: string): ('tcp' | 'udp')[] => {
      const encrypted = number === tlsPort || number === httpsPort;
      if (encrypted) return ['tcp'];
      return [
        ...(isNo(last('do-udp')?.value) ? [] : (['udp'] as const)),
        ...(isNo(last('do-tcp')?.value) ? [] : (['tcp'] as const)),
      ];
    };
    const interfaces = all('interface', 'ip-address');
    const automatic = isYes(last('interface-automatic')?.value);
    const silent = ['127.0.0.1', '::1'].map((value) => ({ ...port, value }));
    const wanted = automatic
      ? ['0.0.0.0', '::'].map((value) => ({ ...last('interface-automatic')!, value }))
      : interfaces;
    for (const setting of wanted.length > 0 ? wanted : silent) {
      const [host = '', own] = setting.value.split('@');
      if (!families[host.includes(':') ? 6 : 4]) continue;
      const number = own ?? port.value;
      const origin = own === undefined && port.evidence.line !== undefined ? port : setting;
      for (const protocol of protocols(number)) findings.add(host, number, origin, protocol);
    }
    addControl(findings, all, last);
    return findings.done();
  },
};

function addControl(
  findings: Findings,
  all: (key: string) => Setting[],
  last: (key: string) => Setting | undefined,
): void {
  const enabled = last('control-enable');
  if (!isYes(enabled?.value)) return;
  const port = last('control-port');
  const interfaces = all('control-interface');
  const hosts = interfaces.length > 0 ? interfaces : ['127.0.0.1', '::1'].map((value) => ({ ...enabled!, value }));
  for (const setting of hosts) {
    if (setting.value.startsWith('/')) findings.socket(setting.value);
    else findings.add(setting.value, port?.value ?? 8953, port ?? setting);
  }
}
