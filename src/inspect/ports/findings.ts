import type { Evidence, Problem } from '../../model/evidence.js';
import { displayPath } from '../../model/path.js';
import type { ListeningPort } from '../../model/services.js';
import {
  type NameHabit,
  parseEndpoint,
  parseHosts,
  parsePort,
  reportedAddresses,
  type WildcardHabit,
} from './addresses.js';
import type { ConfigFiles } from './config-files.js';
import type { PortContext, PortFindings } from './reader.js';
import type { Setting } from './setting.js';

const MAX_PORTS = 2000;

type Protocol = ListeningPort['protocol'];
export type Origin = Pick<Setting, 'evidence' | 'inferred'>;

/** Collects what one reader finds; the readers say what, this says how it is reported. */
export interface Findings {
  /** One address and port. The host may be a name of the guest's hosts file, the port a name of its services file. */
  add(host: string, port: string | number, origin: Origin, protocol?: Protocol): void;
  /** `host:port` in any form of `parseEndpoint`, or a Unix socket; what is left out comes from the defaults. */
  endpoint(setting: Setting, defaults?: { host?: string; port?: string | number; protocol?: Protocol }): void;
  socket(path: string): void;
  problem(code: string, path: string, reason: string): void;
  readonly isEmpty: boolean;
  done(): PortFindings;
}

export async function collectFindings(
  context: Pick<PortContext, 'files'>,
  options: { wildcards?: WildcardHabit; names?: NameHabit } = {},
): Promise<Findings> {
  const habit = options.wildcards ?? 'separate';
  const { hosts, services } = await namesOf(context.files);
  const ports: ListeningPort[] = [];
  const listens = new Set<string>();
  const problems: Problem[] = [];
  const problem = (code: string, path: string, reason: string): void => {
    if (problems.length < MAX_PORTS) problems.push({ code, path: displayPath(path), reason });
  };
  const add: Findings['add'] = (host, port, origin, protocol = 'tcp') => {
    const text = String(port).trim();
    const number = parsePort(text) ?? services.get(`${text}/${protocol}`) ?? null;
    if (number === null || ports.length >= MAX_PORTS) {
      if (text !== '0')
        problem('port-unreadable', origin.evidence.path, `${quoted(text)} is no port${atLine(origin.evidence)}`);
      return;
    }
    const addresses = reportedAddresses(host.trim(), hosts, habit, options.names);
    if (addresses.length === 0) {
      problem(
        'address-unknown',
        origin.evidence.path,
        `${quoted(host)} is in no file of the guest${atLine(origin.evidence)}`,
      );
      addresses.push(host.trim());
    }
    const { evidence } = origin;
    const mark = origin.inferred === true ? { inferred: true } : {};
    for (const address of addresses) ports.push({ port: number, protocol, address, ...mark, evidence });
  };
  return {
    add,
    problem,
    endpoint(setting, defaults = {}) {
      const text = setting.value.trim();
      const socketPath = /^(?:unix:(?:\/\/)?|local:)?(\/[^\s?]*)/.exec(text)?.[1];
      if (socketPath !== undefined) {
        if (listens.size < MAX_PORTS) listens.add(socketPath);
        return;
      }
      const endpoint = parseEndpoint(text);
      if (endpoint === null) {
        problem(
          'address-unreadable',
          setting.evidence.path,
          `${quoted(text)} is no address${atLine(setting.evidence)}`,
        );
        return;
      }
      const protocol = defaults.protocol ?? (endpoint.scheme.startsWith('udp') ? 'udp' : 'tcp');
      add(endpoint.host || (defaults.host ?? ''), endpoint.port || (defaults.port ?? ''), setting, protocol);
    },
    socket(path) {
      if (listens.size < MAX_PORTS && path.startsWith('/')) listens.add(path);
    },
    get isEmpty() {
      return ports.length === 0 && listens.size === 0;
    },
    done: () => ({ ports: mergePorts(ports), listens: [...listens].sort(), problems }),
  };
}

/** Joins what is one socket twice: repeats go, and `0.0.0.0` beside `::` becomes `*` with the evidence of the first. */
export function mergePorts(ports: readonly ListeningPort[]): ListeningPort[] {
  const byKey = new Map<string, ListeningPort>();
  for (const port of ports) {
    const key = `${port.port}/${port.protocol}/`;
    const opposite = port.address === '::' ? '0.0.0.0' : port.address === '0.0.0.0' ? '::' : null;
    const other = opposite === null ? undefined : byKey.get(key + opposite);
    const both = byKey.get(`${key}*`);
    if (both !== undefined && (opposite !== null || port.address === '*')) continue;
    if (other !== undefined) {
      byKey.delete(key + opposite);
      byKey.set(`${key}*`, { ...other, address: '*' });
    } else if (port.address === '*') {
      byKey.delete(`${key}0.0.0.0`);
      byKey.delete(`${key}::`);
      byKey.set(`${key}*`, port);
    } else if (!byKey.has(key + port.address)) {
      byKey.set(key + port.address, port);
    }
  }
  return [...byKey.values()].sort(comparePorts);
}

/** Order of the report: port, protocol, address. */
export function comparePorts(a: ListeningPort, b: ListeningPort): number {
  return a.port - b.port || compareText(a.protocol, b.protocol) || compareText(a.address, b.address);
}

/** Names that configurations use for ports, when the guest has no services file (IANA assignments). */
const KNOWN_SERVICES: Readonly<Record<string, number>> = {
  ftp: 21, ssh: 22, telnet: 23, smtp: 25, domain: 53, tftp: 69, http: 80, pop3: 110, sunrpc: 111, ntp: 123, imap: 143,
  imap2: 143, snmp: 161, ldap: 389, https: 443, smtps: 465, submissions: 465, submission: 587, ipp: 631, ldaps: 636,
  rsync: 873, imaps: 993, pop3s: 995, openvpn: 1194, mysql: 3306, postgresql: 5432, sieve: 4190, qmqp: 628,
}; // biome-ignore format: a table

interface Names {
  readonly hosts: ReadonlyMap<string, readonly string[]>;
  readonly services: ReadonlyMap<string, number>;
}

/** Names are the same for every reader of a guest. */
const namesByFiles = new WeakMap<ConfigFiles, Promise<Names>>();

function namesOf(files: ConfigFiles): Promise<Names> {
  const known = namesByFiles.get(files) ?? readNames(files);
  namesByFiles.set(files, known);
  return known;
}

async function readNames(files: ConfigFiles): Promise<Names> {
  return { hosts: parseHosts((await files.read('/etc/hosts')) ?? ''), services: await serviceNumbers(files) };
}

async function serviceNumbers(files: ConfigFiles): Promise<Map<string, number>> {
  const numbers = new Map<string, number>();
  for (const [name, port] of Object.entries(KNOWN_SERVICES)) {
    numbers.set(`${name}/tcp`, port);
    numbers.set(`${name}/udp`, port);
  }
  for (const line of ((await files.read('/etc/services')) ?? '').split('\n', 20_000)) {
    const match = /^([^\s#]{1,64})\s+(\d{1,5})\/(tcp|udp|sctp)((?:[ \t]+[^\s#]+)*)/.exec(line);
    if (match === null) continue;
    const names = [match[1]!, ...match[4]!.trim().split(/\s+/)].filter((name) => name !== '');
    for (const name of names) numbers.set(`${name}/${match[3]}`, Number(match[2]));
  }
  return numbers;
}

function quoted(text: string): string {
  return JSON.stringify(text.slice(0, 80));
}

function atLine(evidence: Evidence): string {
  return evidence.line === undefined ? '' : `, line ${evidence.line}`;
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
