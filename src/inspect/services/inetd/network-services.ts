import type { Activation, ListeningPort } from '../../../model/services.js';
import { readText, type ServiceContext } from '../context.js';

/** Names of services(5) → ports, and the names of RPC services, which rpcbind gives ports. */
export async function readNetworkServices(context: ServiceContext): Promise<ReadonlyMap<string, number>> {
  const ports = new Map<string, number>();
  for (const line of ((await readText(context, '/etc/services')) ?? '').split('\n', 50_000)) {
    const [name, port, ...aliases] = line.replace(/#.*$/, '').trim().split(/\s+/);
    const match = /^([0-9]{1,5})\/([a-z]+)$/.exec(port ?? '');
    if (match === null || !name) continue;
    for (const each of [name, ...aliases])
      if (!ports.has(`${each}/${match[2]}`)) ports.set(`${each}/${match[2]}`, Number(match[1]));
  }
  return ports;
}

export function portOf(ports: ReadonlyMap<string, number>, service: string, protocol: string): number | null {
  if (/^[0-9]{1,5}$/.test(service)) return Number(service) > 0 && Number(service) < 65536 ? Number(service) : null;
  return ports.get(`${service}/${protocol}`) ?? null;
}

/** What the superserver does for one of its services: the socket is the program's standard input and output. */
export function inetdActivation(ports: readonly ListeningPort[], kind: string, waits: boolean): Activation {
  return {
    sockets: ports.map(({ port, address }) => ({
      kind: kind.startsWith('dgram') ? 'datagram' : 'stream',
      address: address === '*' ? `${port}` : address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`,
    })),
    perConnection: !waits,
    standardInput: true,
    mode: 0o666,
  };
}
