import type { ListeningPort } from '../../model/services.js';
import type { ImageFiles } from './image-files.js';

/**
 * A command that fails while nobody listens on the service's first port. The kernel's own tables (proc(5),
 * /proc/net/tcp) say it with grep alone, for UDP as well, and the server logs no empty connection; they say as much as
 * a connection would, since the kernel accepts that before the server does. Without grep, bash connects.
 */
export function healthCheck(ports: readonly ListeningPort[], image: ImageFiles): readonly string[] | null {
  const port = ports.find(({ protocol }) => protocol === 'tcp') ?? ports.find(({ protocol }) => protocol === 'udp');
  if (port === undefined) return null;
  const grep = image.program('grep');
  if (grep !== null) {
    const number = port.port.toString(16).toUpperCase().padStart(4, '0');
    const state = port.protocol === 'tcp' ? '0A' : '07';
    const table = `/proc/net/${port.protocol}`;
    return ['CMD', grep, '-Eqs', `^ *[0-9]+: [0-9A-F]+:${number} [0-9A-F]+:[0-9A-F]+ ${state} `, table, `${table}6`];
  }
  const bash = image.program('bash');
  if (bash === null || port.protocol !== 'tcp') return null;
  const isIpv6 = port.address === '::' || port.address.includes(':');
  return ['CMD', bash, '-c', `exec 3<>/dev/tcp/${isIpv6 ? '::1' : '127.0.0.1'}/${port.port}`];
}
