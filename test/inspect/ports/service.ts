import type { MemoryGuest } from '../../../src/guest/memory/memory-guest.js';
import { inspectPorts, type PortInspection } from '../../../src/inspect/ports/index.js';
import { emptyService } from '../../../src/inspect/services/found.js';
import type { InstalledPackage, PackageDatabase } from '../../../src/model/packages.js';
import type { ListeningPort, Service } from '../../../src/model/services.js';
import { DEBIAN_12 } from '../../plan/machine.js';

/** A service with the given command; everything else as a plain unit has it. */
export function service(name: string, command: readonly string[], facts: Partial<Service> = {}): Service {
  const { definition: _, ...empty } = emptyService(name, 'systemd');
  return {
    ...empty,
    role: 'application',
    reason: 'test',
    enabled: true,
    command,
    container: { command: null },
    evidence: [{ path: `/lib/systemd/system/${name}`, line: 1 }],
    ...facts,
  };
}

/** A package database that knows nothing but versions. */
export function packages(versions: Readonly<Record<string, string>>): PackageDatabase {
  const installed = Object.entries(versions).map(
    ([name, version]) => ({ name, version }) as unknown as InstalledPackage,
  );
  return {
    manager: 'dpkg',
    architecture: 'amd64',
    foreignArchitectures: [],
    packages: installed,
    archives: [],
    archiveDate: null,
    configuration: [],
    diversions: new Map(),
    overrides: new Map(),
    evidence: [],
    problems: [],
  };
}

export interface Result {
  /** `tcp *:80 /etc/x.conf:3`, a `?` in front when inferred. */
  readonly ports: string[];
  readonly listens: readonly string[];
  readonly inspection: PortInspection;
}

/** What one service of a guest listens on, in a form that is easy to compare. */
export async function portsOf(
  fs: MemoryGuest,
  tested: Service,
  versions: Readonly<Record<string, string>> = {},
): Promise<Result> {
  const inspection = await inspectPorts(fs, [tested], { packages: packages(versions), os: DEBIAN_12 });
  const { ports, listens } = inspection.byService.get(tested.name)!;
  return { ports: ports.map(describe), listens, inspection };
}

export function describe(port: ListeningPort): string {
  const address = port.address.includes(':') ? `[${port.address}]` : port.address;
  const line = port.evidence.line === undefined ? '' : `:${port.evidence.line}`;
  return `${port.inferred === true ? '?' : ''}${port.protocol} ${address}:${port.port} ${port.evidence.path}${line}`;
}

/** Without the evidence. */
export function withoutEvidence(ports: readonly string[]): string[] {
  return ports.map((port) => port.replace(/ \/.*$/, ''));
}
