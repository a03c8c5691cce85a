import { collectFindings } from '../findings.js';
import { BLANK_STYLE } from '../formats/lines.js';
import type { PortReader } from '../reader.js';
import type { Setting } from '../setting.js';
import { fallback, fromFile, isAtLeast, readLinesWithIncludes } from '../settings.js';

/** mosquitto.conf(5). Since 2.0 a broker without listeners takes local clients alone. */
export const mosquitto: PortReader = {
  name: 'mosquitto',
  programs: ['mosquitto'],
  async read(context) {
    const findings = await collectFindings(context);
    const main = context.command.option('c', 'config-file')?.value;
    const entries =
      main === undefined
        ? []
        : await readLinesWithIncludes(context.files, main, BLANK_STYLE, (entry) =>
            entry.key === 'include_dir' ? context.files.folder(entry.value, '.conf') : undefined,
          );
    const last = (key: string): Setting | undefined =>
      entries
        .filter((entry) => entry.key === key)
        .map(fromFile)
        .at(-1);
    const listeners = entries.filter((entry) => entry.key === 'listener');
    for (const [index, entry] of entries.entries()) {
      if (entry.key !== 'listener') continue;
      const end = entries.findIndex((other, at) => at > index && other.key === 'listener');
      const block = entries.slice(index + 1, end === -1 ? undefined : end);
      const own = (key: string): string | undefined => block.findLast((other) => other.key === key)?.value;
      const [port = '', host = own('bind_address') ?? ''] = entry.value.split(/\s+/);
      const domain = own('socket_domain');
      // Up to 2.0.11 WebSockets are bound to an IPv4 address only where IPv6 is switched off.
      const isDeaf =
        own('protocol') === 'websockets' &&
        domain !== 'ipv4' &&
        /^[\d.]+$/.test(host) &&
        !isAtLeast(context.version, '2.0.12');
      if (port === '0') findings.socket(host);
      else findings.add(isDeaf || host === '' ? wildcard(domain) : host, port, fromFile(entry));
    }
    const port = context.command.option('p') ?? last('port');
    const bindAddress = last('bind_address');
    if (listeners.length > 0 && port === undefined) return findings.done();
    const isLocal = port === undefined && isAtLeast(context.version, '2.0');
    const origin = port ?? bindAddress ?? fallback(context, main, 1883);
    for (const host of bindAddress !== undefined ? [bindAddress.value] : isLocal ? ['127.0.0.1', '::1'] : ['*']) {
      findings.add(host, port?.value ?? 1883, origin);
    }
    return findings.done();
  },
};

function wildcard(domain: string | undefined): string {
  return domain === 'ipv4' ? '0.0.0.0' : domain === 'ipv6' ? '::' : '*';
}
