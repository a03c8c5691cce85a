import { collectFindings } from '../findings.js';
import { unquote } from '../formats/lines.js';
import type { PortReader } from '../reader.js';
import { fallback, fromFile, isYes, readLinesWithIncludes } from '../settings.js';

/** nsd.conf(5): `ip-address: address[@port]` and `port` of server:, and the addresses of remote-control:. */
export const nsd: PortReader = {
  name: 'nsd',
  programs: ['nsd'],
  async read(context) {
    const findings = await collectFindings(context);
    const { command, files } = context;
    const path = command.option('c')?.value ?? '/etc/nsd/nsd.conf';
    const style = { separator: ':', comments: '#', inlineComments: true, unquote: true } as const;
    const entries = await readLinesWithIncludes(files, path, style, ({ key, value }) =>
      key === 'include' ? [unquote(value)] : undefined,
    );
    const of = (...names: string[]) => entries.filter(({ key }) => names.includes(key)).map(fromFile);
    const addresses = [...command.options('a'), ...of('ip-address', 'interface')];
    const port = command.option('p') ?? of('port').at(-1) ?? fallback(context, path, 53);
    const everywhere = [
      { ...port, value: '0.0.0.0' },
      { ...port, value: '::' },
    ];
    for (const setting of addresses.length > 0 ? addresses : everywhere) {
      const [host = '', own] = setting.value.split(/\s+/, 1)[0]!.split('@');
      for (const protocol of ['tcp', 'udp'] as const) findings.add(host, own ?? port.value, setting, protocol);
    }
    // Debian's is under remote control unless it is told otherwise; its package makes the keys without which it ends.
    const enable = of('control-enable').at(-1);
    const isControlled = enable === undefined ? context.fs.exists('/etc/nsd/nsd_server.pem') : isYes(enable.value);
    if (!isControlled) return findings.done();
    const control = of('control-port').at(-1) ?? { ...(enable ?? fallback(context, path, 8952)), value: '8952' };
    const interfaces = of('control-interface').map(({ value }) => value);
    for (const value of interfaces.length > 0 ? interfaces : ['127.0.0.1', '::1']) {
      if (value.startsWith('/')) findings.socket(value);
      else findings.add(value, control.value, control);
    }
    return findings.done();
  },
};
