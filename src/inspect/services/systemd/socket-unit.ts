import type { Evidence } from '../../../model/evidence.js';
import type { Activation, ListeningPort } from '../../../model/services.js';
import type { Setting } from './unit-file.js';
import type { Unit } from './unit-store.js';
import { lastValue, parseBoolean } from './values.js';

export interface SocketListening {
  readonly ports: readonly ListeningPort[];
  /** Unix sockets: paths, and `@name` for the abstract ones. */
  readonly listens: readonly string[];
  /** The same as the settings have them, and the rights of Unix sockets. */
  readonly sockets: Activation['sockets'];
  readonly mode: number;
}

/** The service that a connection starts: Service=, or the one of the same name (a template with Accept=yes). */
export function serviceOfSocket(
  unit: Unit,
  expand: (text: string) => string,
): { name: string; perConnection: boolean } {
  const perConnection = parseBoolean(lastValue(unit.settings, 'Socket', 'Accept')) === true;
  const named = lastValue(unit.settings, 'Socket', 'Service');
  if (named !== null && !perConnection) return { name: expand(named), perConnection };
  const { prefix, instance } = unit.name;
  if (perConnection) return { name: `${prefix}@.service`, perConnection };
  return { name: instance === undefined ? `${prefix}.service` : `${prefix}@${instance}.service`, perConnection };
}

const SOCKET_KINDS: Readonly<Record<string, Activation['sockets'][number]['kind']>> = {
  ListenStream: 'stream',
  ListenDatagram: 'datagram',
  ListenSequentialPacket: 'seqpacket',
};

/** What a socket unit listens on (systemd.socket(5), ListenStream= and its siblings). */
export function readListening(unit: Unit, expand: (text: string) => string): SocketListening {
  const ports: ListeningPort[] = [];
  const listens: string[] = [];
  const sockets: Activation['sockets'][number][] = [];
  const mode = /^0?([0-7]{3})$/.exec(lastValue(unit.settings, 'Socket', 'SocketMode') ?? '');
  const ipv6Only = lastValue(unit.settings, 'Socket', 'BindIPv6Only');
  for (const setting of listenSettings(unit.settings)) {
    const address = expand(setting.value).trim();
    sockets.push({ kind: SOCKET_KINDS[setting.name]!, address });
    if (/^[/@]/.test(address)) {
      listens.push(address);
      continue;
    }
    const parsed = parseAddress(address, ipv6Only);
    if (parsed === null) continue;
    const where: Evidence = { path: setting.path, line: setting.line };
    ports.push({ ...parsed, protocol: protocolOf(setting.name, unit), evidence: where });
  }
  return { ports, listens, sockets, mode: mode === null ? 0o666 : Number.parseInt(mode[1]!, 8) };
}

/** An empty assignment of any Listen…= setting resets all of them. */
function listenSettings(settings: readonly Setting[]): Setting[] {
  const result: Setting[] = [];
  for (const setting of settings) {
    if (
      setting.section !== 'Socket' ||
      !/^Listen(?:Stream|Datagram|SequentialPacket|FIFO|Special|Netlink|MessageQueue|USBFunction)$/.test(setting.name)
    )
      continue;
    if (setting.value === '') result.length = 0;
    else if (/^Listen(?:Stream|Datagram|SequentialPacket)$/.test(setting.name)) result.push(setting);
  }
  return result;
}

function protocolOf(name: string, unit: Unit): ListeningPort['protocol'] {
  if (lastValue(unit.settings, 'Socket', 'SocketProtocol') === 'sctp') return 'sctp';
  return name === 'ListenDatagram' ? 'udp' : 'tcp';
}

/** A port alone means IPv6 and, unless BindIPv6Only=ipv6-only, IPv4 with it. */
function parseAddress(text: string, ipv6Only: string | null): { port: number; address: string } | null {
  const any = ipv6Only === 'ipv6-only' ? '::' : '*';
  const match = /^(?:(?:\[([0-9a-fA-F:.]+)(?:%[^\]]*)?\]|([0-9.]+)):)?([0-9]{1,5})$/.exec(text.trim());
  if (match === null) return null;
  const port = Number(match[3]);
  if (port === 0 || port > 65535) return null;
  if (match[1] !== undefined) return { port, address: match[1] === '::' ? any : match[1] };
  return { port, address: match[2] ?? any };
}
