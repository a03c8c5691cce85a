import type { Activation, Service } from '../../../model/services.js';
import { secretWords } from '../../../syntax/secret-words.js';
import type { ImageFiles } from '../image-files.js';

/** What stands in for an init system that opens sockets for a program. */
export interface StandIn {
  readonly command: readonly string[];
  /** Who starts it, where it changes the user itself. */
  readonly user?: string;
}

type Activated = Pick<Service, 'command' | 'user' | 'group' | 'environment'> & { readonly activation: Activation };

const ADDRESS =
  /^(?:[0-9]{1,5}|[0-9.]{7,15}:[0-9]{1,5}|\[[0-9a-fA-F:.]{2,45}\]:[0-9]{1,5}|\/[^\0]{1,107}|@[^\0]{1,107})$/;

/** Programs that open their sockets themselves when they are told to. */
const OWN_FORMS: Readonly<Record<string, (command: readonly string[], port: string) => readonly string[]>> = {
  sshd: (command, port) => [...command.filter((word) => !/^-[iDe]+$/.test(word)), '-D', '-e', '-p', port],
  rsync: (command, port) => [...command, ...(command.includes('--no-detach') ? [] : ['--no-detach']), `--port=${port}`],
};

/**
 * The program behind sockets that the init system holds, in the hands of something that the image has: the program
 * itself, systemd-socket-activate(1), or the superserver with a configuration of this one service.
 * @returns the reason where there is nothing of the kind.
 */
export function activatedForm(service: Activated, image: ImageFiles): StandIn | { readonly reason: string } {
  const { activation, command } = service;
  const sockets = activation.sockets.filter(({ address }) => ADDRESS.test(address));
  const kinds = new Set(sockets.map(({ kind }) => kind));
  if (sockets.length === 0 || sockets.length < activation.sockets.length) {
    return { reason: 'it is given sockets of a kind that only its init system opens' };
  }
  const program = command[0]!.slice(command[0]!.lastIndexOf('/') + 1);
  const port = /^[0-9]+$/.exec(sockets[0]!.address)?.[0];
  if (Object.hasOwn(OWN_FORMS, program) && sockets.length === 1 && port !== undefined && kinds.has('stream')) {
    return { command: OWN_FORMS[program]!(command, port) };
  }
  return (
    bySystemd(service, sockets, kinds, image) ??
    bySuperserver(service, sockets, image) ?? {
      reason: 'its init system hands it its connections, and the image has nothing that does it in a container',
    }
  );
}

/** It listens for one kind of socket, and gives standard input to a program only with one socket. */
function bySystemd(
  { activation, command, environment }: Activated,
  sockets: Activation['sockets'],
  kinds: ReadonlySet<string>,
  image: ImageFiles,
): StandIn | null {
  const activate = image.program('systemd-socket-activate');
  if (activate === null || kinds.size > 1) return null;
  const { perConnection, standardInput, mode } = activation;
  if (perConnection ? !kinds.has('stream') : standardInput && sockets.length > 1) return null;
  const names = Object.keys(environment).filter((name) => /^[A-Za-z_][A-Za-z0-9_]{0,200}$/.test(name));
  const words = [
    activate,
    ...sockets.map(({ address }) => `--listen=${address}`),
    ...(kinds.has('datagram') ? ['--datagram'] : kinds.has('seqpacket') ? ['--seqpacket'] : []),
    ...(perConnection ? ['--accept'] : []),
    ...(standardInput ? ['--inetd'] : []),
    // It hands on nothing else of its environment but PATH, HOME, USER and TERM.
    ...names.sort().map((name) => `--setenv=${name}`),
    '--',
  ];
  if (sockets.every(({ address }) => !address.startsWith('/'))) return { command: [...words, ...command] };
  const shell = image.program('sh', 'bash', 'dash');
  if (shell === null) return null;
  // A Unix socket gets its rights from the mask of who makes it; the program keeps the usual mask.
  const under = (mask: number): string[] => [
    shell,
    '-c',
    `umask ${mask.toString(8).padStart(4, '0')}; exec "$@"`,
    'mask',
  ];
  return { command: [...under(0o777 & ~mode), ...words, ...under(0o022), ...command] };
}

/** OpenBSD's inetd as Debian packages it, or xinetd: each with a file of one service, which it makes itself. */
function bySuperserver(service: Activated, sockets: Activation['sockets'], image: ImageFiles): StandIn | null {
  const shell = image.program('sh', 'bash', 'dash');
  const { activation, command, user, group } = service;
  const [socket] = sockets;
  if (shell === null || sockets.length !== 1 || !activation.standardInput || socket!.kind === 'seqpacket') return null;
  // In one text with the rest a secret would not be told from it.
  if (secretWords(command).length > 0) return null;
  if (command.some((word) => !/^[\x21-\x7e]+$/.test(word) || /[{}]/.test(word)) || !command[0]!.startsWith('/'))
    return null;
  const match = /^(?:\[?([0-9a-fA-F:.]+?)\]?:)?([0-9]{1,5})$/.exec(socket!.address);
  if (match === null) return null;
  const facts = { address: match[1] ?? null, port: match[2]!, isDatagram: socket!.kind === 'datagram', user, group };
  const xinetd = image.program('xinetd');
  const inetd = image.find('/usr/share/doc/openbsd-inetd') === undefined ? null : image.program('inetd');
  const start = xinetd === null ? (inetd === null ? null : `${inetd} -i`) : `${xinetd} -dontfork -f`;
  if (start === null) return null;
  const text = xinetd === null ? inetdLine(service, facts) : xinetdBlock(service, facts);
  const file = `/run/vm2docker-inetd-${facts.port}.conf`;
  return { command: [shell, '-c', `printf '%s\\n' "$0" >${file} && exec ${start} ${file}`, text], user: 'root' };
}

interface SuperserverFacts {
  readonly address: string | null;
  readonly port: string;
  readonly isDatagram: boolean;
  readonly user: string;
  readonly group: string | null;
}

function inetdLine(
  { activation, command }: Activated,
  { address, port, isDatagram, user, group }: SuperserverFacts,
): string {
  const where = address === null ? port : `${address.includes(':') ? `[${address}]` : address}:${port}`;
  const kind = isDatagram ? ['dgram', 'udp'] : ['stream', 'tcp'];
  const wait = activation.perConnection ? 'nowait' : 'wait';
  const who = group === null ? user : `${user}:${group}`;
  return [where, ...kind, wait, who, command[0]!, ...command].join(' ');
}

function xinetdBlock({ activation, command }: Activated, facts: SuperserverFacts): string {
  const { address, port, isDatagram, user, group } = facts;
  const settings = [
    'type = UNLISTED',
    `port = ${port}`,
    `socket_type = ${isDatagram ? 'dgram' : 'stream'}`,
    `protocol = ${isDatagram ? 'udp' : 'tcp'}`,
    `wait = ${activation.perConnection ? 'no' : 'yes'}`,
    `user = ${user}`,
    ...(group === null ? [] : [`group = ${group}`]),
    address === null ? 'flags = IPv6' : `bind = ${address}`,
    `server = ${command[0]}`,
    ...(command.length === 1 ? [] : [`server_args = ${command.slice(1).join(' ')}`]),
    'disable = no',
  ];
  return [`service vm2docker-${port}`, '{', ...settings.map((line) => ` ${line}`), '}'].join('\n');
}
