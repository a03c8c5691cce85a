import type { ContainerService } from '../../model/containers.js';
import type { ListeningPort } from '../../model/services.js';

export function isLoopback(address: string): boolean {
  return (
    address.startsWith('127.') || address === '::1' || address === 'localhost' || address.startsWith('::ffff:127.')
  );
}

/** What the holder publishes: each port once, whatever its addresses; what is bound to loopback alone stays inside. */
export function publishedPorts(services: readonly ContainerService[]): { port: ListeningPort; service: string }[] {
  const found = new Map<string, { port: ListeningPort; service: string }>();
  for (const { service, ports } of services) {
    for (const port of ports) {
      const key = `${port.port}/${port.protocol}`;
      if (!isLoopback(port.address) && !found.has(key)) found.set(key, { port, service });
    }
  }
  return [...found.values()].sort((a, b) => a.port.port - b.port.port || (a.port.protocol < b.port.protocol ? -1 : 1));
}
