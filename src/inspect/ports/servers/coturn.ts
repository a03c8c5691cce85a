import { collectFindings } from '../findings.js';
import type { PortReader } from '../reader.js';
import type { Setting } from '../setting.js';
import { fallback, fromFile, readLines } from '../settings.js';

/** turnserver(1): the names of the options are those of its file. Where what is silent leads, coturn 4.6.1 showed. */
export const coturn: PortReader = {
  name: 'coturn',
  programs: ['turnserver', 'coturn'],
  async read(context) {
    const findings = await collectFindings(context);
    const { command, files } = context;
    const path = command.option('c')?.value ?? files.first(['/etc/turnserver.conf', '/etc/coturn/turnserver.conf']);
    const entries = await readLines(files, path, { separator: '= ', comments: '#' });
    const all = (...names: string[]): Setting[] => [
      ...command.options(...names),
      ...entries.filter(({ key }) => names.includes(key)).map(fromFile),
    ];
    const has = (name: string): boolean =>
      command.has(name) || entries.some(({ key, value }) => key === name && !/^(?:0|false|no|off)\b/i.test(value));
    const silent = (value: number): Setting => fallback(context, path, value);
    const plain = all('listening-port', 'p').at(-1) ?? silent(3478);
    const secure = all('tls-listening-port').at(-1) ?? silent(5349);
    const hosts = all('listening-ip', 'L');
    const add = (host: string, port: Setting, origin: Setting, prefix: '' | 'tls'): void => {
      const off = prefix === '' ? { tcp: 'no-tcp', udp: 'no-udp' } : { tcp: 'no-tls', udp: 'no-dtls' };
      for (const protocol of ['tcp', 'udp'] as const)
        if (!has(off[protocol])) findings.add(host, port.value, origin, protocol);
    };
    const hasKeys = ['cert', 'pkey'].every((name) => {
      const file = all(name).at(-1)?.value;
      return file !== undefined && context.fs.stat(file)?.type === 'file';
    });
    // With several addresses it answers from other ones as well (RFC 5780), on the next port.
    const isSeveral = hosts.length !== 1 && !has('no-rfc5780');
    for (const host of hosts.length > 0 ? hosts : [undefined]) {
      for (const [port, alternative, prefix] of [
        [plain, 'alt-listening-port', ''],
        [secure, 'alt-tls-listening-port', 'tls'],
      ] as const) {
        if (prefix === 'tls' && !hasKeys) continue;
        const origin = port.evidence.line === undefined && host !== undefined ? host : port;
        add(host?.value ?? '*', port, origin, prefix);
        const next = all(alternative).at(-1);
        const beside = next ?? { ...port, value: String(Number(port.value) + 1) };
        if (isSeveral) add(host?.value ?? '*', beside, next ?? origin, prefix);
      }
    }
    for (const server of all('aux-server')) {
      findings.endpoint(server);
      findings.endpoint(server, { protocol: 'udp' });
    }
    // Without a password of its own the console does not open.
    if (all('cli-password').length > 0 && !has('no-cli')) {
      const port = all('cli-port').at(-1) ?? silent(5766);
      findings.add(all('cli-ip').at(-1)?.value ?? '127.0.0.1', port.value, port);
    }
    return findings.done();
  },
};
