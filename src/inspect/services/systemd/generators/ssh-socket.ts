import { readText } from '../../context.js';
import { NOTHING_GENERATED } from '../generated.js';
import type { Setting } from '../unit-file.js';
import type { Generator } from './generator.js';

const PATH = '/etc/ssh/sshd_config';

/** Ubuntu's OpenSSH: ssh.socket listens where sshd_config says Port and ListenAddress. */
export const sshSocket: Generator = {
  program: 'sshd-socket-generator',
  async generate({ context }) {
    const text = (await readText(context, PATH)) ?? '';
    const ports: [string, number][] = [];
    const addresses: [string, number][] = [];
    text.split('\n').forEach((line, index) => {
      const match = /^[ \t]*(Port|ListenAddress)[ \t=]+"?([^\s"]+)/i.exec(line.slice(0, 500));
      if (match === null) return;
      (match[1]!.toLowerCase() === 'port' ? ports : addresses).push([match[2]!, index + 1]);
    });
    if (ports.length === 0 && addresses.length === 0) return NOTHING_GENERATED;
    const listen = (value: string, line: number): Setting => ({
      section: 'Socket',
      name: 'ListenStream',
      value,
      path: PATH,
      line,
    });
    const settings: Setting[] = [listen('', 1)];
    const listened = ports.length > 0 ? ports : ([['22', 1]] as const);
    for (const [port, line] of listened.slice(0, 100)) {
      if (addresses.length === 0) settings.push(listen(port, line));
      for (const [address, at] of addresses.slice(0, 100)) settings.push(listen(withPort(address, port), at));
    }
    return { ...NOTHING_GENERATED, dropIns: [{ rank: 'normal', unit: 'ssh.socket', settings }] };
  },
};

/** An address that names a port of its own keeps it. */
function withPort(address: string, port: string): string {
  if (/^\[[^\]]+\]:[0-9]+$/.test(address) || /^[0-9.]+:[0-9]+$/.test(address)) return address;
  const bare = address.replace(/^\[(.*)\]$/, '$1');
  return bare.includes(':') ? `[${bare}]:${port}` : `${bare}:${port}`;
}
