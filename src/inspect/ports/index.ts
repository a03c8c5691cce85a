import type { Problem } from '../../model/evidence.js';
import type { FirewallRule } from '../../model/firewall.js';
import type { GuestFs } from '../../model/guest-fs.js';
import type { OperatingSystem } from '../../model/os.js';
import type { PackageDatabase } from '../../model/packages.js';
import { baseName } from '../../model/path.js';
import type { ListeningPort, Service } from '../../model/services.js';
import { readCommandLine } from './command-line.js';
import { type ConfigFiles, configFiles } from './config-files.js';
import { mergePorts } from './findings.js';
import { inspectFirewall } from './firewall/index.js';
import { readUnknownProgram } from './generic.js';
import type { PortContext, PortFindings, PortReader } from './reader.js';
import { PORT_READERS } from './servers/index.js';

export type { PortReader } from './reader.js';
export { PORT_READERS } from './servers/index.js';

/** What the readers touch, for one bulk read. */
export const PORT_PATHS: readonly string[] = [
  '/etc',
  '/usr/share/dovecot',
  '/usr/lib/firewalld',
  '/usr/share/tomcat9/etc',
  '/usr/share/tomcat10/etc',
  '/usr/share/jetty9',
  '/usr/share/grafana/conf',
  '/var/lib/pgsql/data/postgresql.conf',
  '/var/lib/pgsql/data/postgresql.auto.conf',
  '/var/lib/exim4',
  '/opt/couchdb/etc',
];

export interface PortInspection {
  /** By name of the service; every service has an entry. What its socket units listen on is included. */
  readonly byService: ReadonlyMap<string, { readonly ports: ListeningPort[]; readonly listens: string[] }>;
  readonly problems: Problem[];
  readonly firewall: FirewallRule[];
}

/**
 * What each service listens on, told from configuration, command line, environment and the defaults of its version.
 * Never throws on what the guest holds: a configuration that cannot be read is a problem beside the others' ports.
 */
export async function inspectPorts(
  fs: GuestFs,
  services: readonly Service[],
  context: { readonly packages: PackageDatabase | null; readonly os: OperatingSystem },
): Promise<PortInspection> {
  const files = configFiles(fs);
  const versions = new Map((context.packages?.packages ?? []).map((found) => [found.name, found.version]));
  const byService = new Map<string, { ports: ListeningPort[]; listens: string[] }>();
  const problems: Problem[] = [];
  for (const service of services) {
    if (isGroup(service)) {
      byService.set(service.name, joinSockets(service, NOTHING, undefined));
      continue;
    }
    const { reader, findings } = await readService(fs, service, files, versions);
    problems.push(...findings.problems);
    byService.set(service.name, joinSockets(service, findings, reader));
  }
  const firewall = await inspectFirewall(files);
  problems.push(...files.problems);
  return { byService, problems: uniqueProblems(problems), firewall };
}

/** The reader for a service: its program decides before its unit does. */
export function findReader(names: readonly string[]): PortReader | undefined {
  for (const name of names) {
    const reader = READERS_BY_PROGRAM.get(name) ?? READERS_BY_PROGRAM.get(name.replace(/[-.]?\d[\d.]*$/, ''));
    if (reader !== undefined) return reader;
  }
  return undefined;
}

const READERS_BY_PROGRAM = new Map(
  PORT_READERS.flatMap((reader) => reader.programs.map((program): [string, PortReader] => [program, reader])),
);

const NOTHING: PortFindings = { ports: [], listens: [], problems: [] };

/** Units that only group others run nothing that could listen. */
function isGroup(service: Service): boolean {
  return ['true', 'false', ':'].includes(baseName(service.command[0] ?? ''));
}

async function readService(
  fs: GuestFs,
  service: Service,
  files: ConfigFiles,
  versions: ReadonlyMap<string, string>,
): Promise<{ reader: PortReader | undefined; findings: PortFindings }> {
  const command = await readCommandLine(service, files);
  const reader = findReader(command.names);
  const packageName = (reader?.packages ?? reader?.programs ?? []).find((name) => versions.has(name)) ?? null;
  const version = packageName === null ? null : versions.get(packageName)!;
  const context: PortContext = { fs, service, command, version, packageName, files };
  try {
    return { reader, findings: await (reader?.read(context) ?? readUnknownProgram(context)) };
  } catch (error) {
    const reason = `the configuration of ${service.name} could not be read: ${error instanceof Error ? error.message : error}`;
    const path = service.evidence[0]?.path ?? '/';
    return { reader, findings: { ...NOTHING, problems: [{ code: 'ports-unreadable', path, reason }] } };
  }
}

/**
 * A program that a socket unit starts listens where the unit says. What else its configuration names it opens itself,
 * unless it only ever takes what it is handed; its silent defaults do not count any more.
 */
function joinSockets(
  service: Service,
  findings: PortFindings,
  reader: PortReader | undefined,
): { ports: ListeningPort[]; listens: string[] } {
  // Where the socket alone is there, the program does not run before somebody connects.
  if (service.init === 'systemd' && service.name.endsWith('.socket'))
    return { ports: mergePorts(service.ports), listens: [...new Set(service.listens)].sort() };
  const listens = [...new Set([...service.listens, ...findings.listens])].sort();
  if (service.ports.length === 0) return { ports: [...findings.ports], listens };
  const taken = new Set(service.ports.map((port) => `${port.port}/${port.protocol}`));
  const own = findings.ports.filter(
    (port) =>
      reader?.socketReplaces !== true &&
      port.inferred !== true &&
      port.evidence.line !== undefined &&
      !taken.has(`${port.port}/${port.protocol}`),
  );
  return { ports: mergePorts([...service.ports, ...own]), listens };
}

function uniqueProblems(problems: readonly Problem[]): Problem[] {
  const unique = new Map(problems.map((problem) => [`${problem.code}\0${problem.path}\0${problem.reason}`, problem]));
  return [...unique.values()].slice(0, 5000);
}
