import { type MemoryNode, memoryGuest } from '../../../../src/guest/memory/memory-guest.js';
import { inspectServices, type ServiceFindings } from '../../../../src/inspect/services/index.js';
import type { Hardware } from '../../../../src/model/machine.js';
import type { OperatingSystem } from '../../../../src/model/os.js';
import type { InstalledPackage, PackageDatabase } from '../../../../src/model/packages.js';
import type { Service } from '../../../../src/model/services.js';
import { DEBIAN_12 } from '../../../plan/machine.js';

export type Nodes = Record<string, MemoryNode>;

export const executable = (content = ''): MemoryNode => ({ content, mode: 0o755 });
export const link = (target: string): MemoryNode => ({ target });

/** The least that makes a tree a systemd machine that boots to multi-user.target. */
export const SYSTEMD: Nodes = {
  '/lib/systemd/systemd': executable(),
  '/sbin/init': link('/lib/systemd/systemd'),
  '/etc/machine-id': '0123456789abcdef0123456789abcdef\n',
  '/etc/hostname': 'box\n',
  '/lib/systemd/system/default.target': link('multi-user.target'),
  '/lib/systemd/system/multi-user.target': '[Unit]\nRequires=basic.target\n',
  '/lib/systemd/system/basic.target':
    '[Unit]\nRequires=sysinit.target\nWants=sockets.target timers.target paths.target\n',
  '/lib/systemd/system/sysinit.target': '[Unit]\nDescription=System Initialization\n',
  '/lib/systemd/system/sockets.target': '[Unit]\nDescription=Sockets\n',
  '/lib/systemd/system/timers.target': '[Unit]\nDescription=Timers\n',
  '/lib/systemd/system/paths.target': '[Unit]\nDescription=Paths\n',
  '/usr/bin/app': executable(),
  '/bin/true': executable(),
};

export const UNITS = '/lib/systemd/system';
export const WANTED = '/etc/systemd/system/multi-user.target.wants';

/** An application unit `NAME` with the given lines in [Service], pulled in by multi-user.target. */
export function wanted(name: string, service: string, unit = ''): Nodes {
  return {
    [`${UNITS}/${name}`]: `[Unit]\n${unit}\n[Service]\n${service}\n[Install]\nWantedBy=multi-user.target\n`,
    [`${WANTED}/${name}`]: link(`${UNITS}/${name}`),
  };
}

export interface InspectOptions {
  readonly os?: OperatingSystem;
  readonly hardware?: Hardware;
  readonly packages?: PackageDatabase | null;
}

export function inspect(nodes: Nodes, options: InspectOptions = {}): Promise<ServiceFindings> {
  const { os = DEBIAN_12, hardware = {}, packages = null } = options;
  return inspectServices(memoryGuest(nodes), { os, hardware, packages });
}

export async function inspectSystemd(nodes: Nodes, options: InspectOptions = {}): Promise<ServiceFindings> {
  return inspect({ ...SYSTEMD, ...nodes }, options);
}

export function service(found: ServiceFindings, name: string): Service | undefined {
  return found.services.find((item) => item.name === name);
}

export function enabledNames(found: ServiceFindings): string[] {
  return found.services.filter(({ enabled }) => enabled).map(({ name }) => name);
}

export function codes(found: ServiceFindings): string[] {
  return found.problems.map(({ code }) => code);
}

/** A database with packages that own the given paths. */
export function database(owned: Readonly<Record<string, readonly string[]>>, priority = 'optional'): PackageDatabase {
  const packages = Object.entries(owned).map(
    ([name, paths]): InstalledPackage => ({
      name,
      version: '1',
      architecture: 'amd64',
      source: { name, version: '1' },
      auto: false,
      held: false,
      essential: false,
      priority,
      section: null,
      maintainer: null,
      multiArch: 'no',
      depends: [],
      recommends: [],
      conflicts: [],
      provides: [],
      kernel: false,
      files: paths.map((path) => ({ path, configuration: false })),
      hasDigests: true,
      origin: { kind: 'distribution', available: null, vendor: null, confidence: 'certain', reason: 'test' },
      evidence: { path: '/var/lib/dpkg/status' },
    }),
  );
  return {
    manager: 'dpkg',
    architecture: 'amd64',
    foreignArchitectures: [],
    packages,
    archives: [],
    archiveDate: null,
    configuration: [],
    diversions: new Map(),
    overrides: new Map(),
    evidence: [],
    problems: [],
  };
}
