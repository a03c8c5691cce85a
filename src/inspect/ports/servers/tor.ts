import { parseEndpoint } from '../addresses.js';
import type { InFile } from '../config-files.js';
import { collectFindings } from '../findings.js';
import { BLANK_STYLE, type Entry } from '../formats/lines.js';
import type { PortContext, PortReader } from '../reader.js';
import { fallback, fromFile, readLinesWithIncludes } from '../settings.js';

/** tor(1): who may connect where, by option in lower case; `everywhere` holds where no address is written. */
const LISTENERS: Readonly<Record<string, { readonly everywhere: string; readonly protocol: 'tcp' | 'udp' }>> = {
  socksport: { everywhere: '127.0.0.1', protocol: 'tcp' },
  controlport: { everywhere: '127.0.0.1', protocol: 'tcp' },
  transport: { everywhere: '127.0.0.1', protocol: 'tcp' },
  natdport: { everywhere: '127.0.0.1', protocol: 'tcp' },
  httptunnelport: { everywhere: '127.0.0.1', protocol: 'tcp' },
  metricsport: { everywhere: '127.0.0.1', protocol: 'tcp' },
  extorport: { everywhere: '127.0.0.1', protocol: 'tcp' },
  dnsport: { everywhere: '127.0.0.1', protocol: 'udp' },
  orport: { everywhere: '*', protocol: 'tcp' },
  dirport: { everywhere: '0.0.0.0', protocol: 'tcp' },
};

export const tor: PortReader = {
  name: 'tor',
  programs: ['tor'],
  async read(context) {
    const findings = await collectFindings(context);
    const { command } = context;
    const path = command.option('f')?.value ?? '/etc/tor/torrc';
    const defaults = command.option('defaults-torrc')?.value;
    const own = await entriesOf(context, path);
    const below = defaults === undefined ? [] : await entriesOf(context, defaults);
    for (const { key, value } of [...below, ...own]) {
      if (/^controlsocket$/i.test(key)) findings.socket(value.split(/\s+/)[0]!);
    }
    for (const [name, { everywhere, protocol }] of Object.entries(LISTENERS)) {
      const of = (entries: readonly InFile<Entry>[]): InFile<Entry>[] =>
        entries.filter(({ key }) => key.toLowerCase() === name);
      // What the machine's own file says replaces the packaged defaults of the same option.
      const written = of(own).length > 0 ? of(own) : of(below);
      for (const entry of written) {
        const [target = '', ...flags] = entry.value.split(/\s+/);
        if (target.startsWith('unix:')) findings.socket(target.slice('unix:'.length));
        else if (target !== '0' && target !== 'auto' && !flags.includes('NoListen')) {
          const endpoint = parseEndpoint(target);
          const only = flags.includes('IPv4Only') ? '0.0.0.0' : flags.includes('IPv6Only') ? '::' : everywhere;
          findings.add(endpoint?.host || only, endpoint?.port ?? target, fromFile(entry), protocol);
        }
      }
      if (written.length === 0 && name === 'socksport') {
        const silent = fallback(context, path, 9050);
        findings.add(everywhere, silent.value, silent);
      }
    }
    return findings.done();
  },
};

function entriesOf({ files }: PortContext, path: string): Promise<InFile<Entry>[]> {
  return readLinesWithIncludes(files, path, { ...BLANK_STYLE, inlineComments: true }, ({ key, value }) =>
    key === '%include' ? [value] : undefined,
  );
}
