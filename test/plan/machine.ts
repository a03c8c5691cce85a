import { createHash } from 'node:crypto';
import { type MemoryNode, memoryGuest } from '../../src/guest/memory/memory-guest.js';
import { parseRelations, parseRequirements } from '../../src/inspect/packages/dpkg/relations.js';
import type { ExcludedClass, FileRecord, MissingFile } from '../../src/model/files.js';
import type { InspectedMachine } from '../../src/model/inspected.js';
import type { OperatingSystem } from '../../src/model/os.js';
import { type InstalledPackage, type PackageManagerName, packageKey } from '../../src/model/packages.js';
import type { PlanOptions } from '../../src/model/plan.js';

export type PackageSketch = Partial<Omit<InstalledPackage, 'depends' | 'provides' | 'files' | 'origin'>> & {
  readonly name: string;
  readonly depends?: string;
  readonly provides?: string;
  readonly files?: Readonly<Record<string, MemoryNode>>;
  readonly available?: boolean | null;
  readonly originKind?: InstalledPackage['origin']['kind'];
};

export interface MachineSketch {
  readonly name?: string;
  readonly os?: Partial<OperatingSystem>;
  readonly manager?: PackageManagerName;
  readonly packages?: readonly PackageSketch[];
  /** Files that belong to no package. */
  readonly files?: Readonly<Record<string, MemoryNode>>;
  /** Packaged files whose content is another now. */
  readonly changed?: Readonly<Record<string, MemoryNode>>;
  readonly excluded?: Readonly<Record<string, ExcludedClass>>;
  readonly missing?: readonly MissingFile[];
  readonly foreignArchitectures?: readonly string[];
  /** Leave out content digests, as a quick analysis does. */
  readonly quick?: boolean;
}

export const DEBIAN_12: OperatingSystem = {
  id: 'debian',
  idLike: [],
  versionId: '12',
  codename: 'bookworm',
  prettyName: 'Debian GNU/Linux 12 (bookworm)',
  architecture: 'amd64',
  evidence: [{ path: '/usr/lib/os-release', line: 1 }],
};

export const DEFAULT_OPTIONS: PlanOptions = {
  baseImage: null,
  baseRootfs: null,
  packages: 'auto',
  snapshot: null,
  levels: null,
};

export function packageOf(sketch: PackageSketch): InstalledPackage {
  const { depends, provides, files: _, available, originKind, ...given } = sketch;
  const version = given.version ?? '1.0-1';
  return {
    version,
    architecture: 'amd64',
    source: { name: sketch.name, version },
    auto: null,
    held: false,
    essential: false,
    priority: 'optional',
    section: null,
    maintainer: null,
    multiArch: 'no',
    recommends: [],
    conflicts: [],
    kernel: false,
    files: [],
    hasDigests: true,
    evidence: { path: '/var/lib/dpkg/status', record: sketch.name },
    ...given,
    depends: parseRequirements(depends ?? ''),
    provides: parseRelations(provides ?? ''),
    origin: {
      kind: originKind ?? 'distribution',
      available: available === undefined ? true : available,
      vendor: 'Debian',
      confidence: 'certain',
      reason: 'test',
    },
  };
}

/** A machine as the inspectors would leave it, with merged `/usr` unless `/bin` is given. */
export function machineOf(sketch: MachineSketch): InspectedMachine {
  const name = sketch.name ?? 'web';
  const packages = (sketch.packages ?? []).map(packageOf);
  const nodes: Record<string, MemoryNode> = { '/bin': { target: 'usr/bin' }, '/usr/bin': { type: 'directory' } };
  const owners = new Map<string, string[]>();
  sketch.packages?.forEach((each, index) => {
    for (const [path, node] of Object.entries(each.files ?? {})) {
      nodes[path] = node;
      owners.set(path, [...(owners.get(path) ?? []), packageKey(packages[index]!)].sort());
    }
  });
  Object.assign(nodes, sketch.files, sketch.changed);
  const guest = memoryGuest(nodes);
  const records = new Map<string, FileRecord>();
  const digests = new Map<string, { sha256: string }>();
  for (const entry of guest.entries()) {
    const excluded = sketch.excluded?.[entry.path];
    const isOwned = owners.has(entry.path);
    const isChanged = sketch.changed !== undefined && entry.path in sketch.changed;
    records.set(entry.path, {
      entry,
      owners: owners.get(entry.path) ?? [],
      configuration: false,
      state: !isOwned ? 'unowned' : isChanged ? 'changed' : sketch.quick === true ? 'unverified' : 'unchanged',
      ...(excluded === undefined ? {} : { excluded: { class: excluded, reason: `is ${excluded}` } }),
    });
    if (entry.type === 'file' && sketch.quick !== true) {
      const sha256 = createHash('sha256').update(contentOf(nodes, entry.path)).digest('hex');
      digests.set(entry.path, { sha256 });
    }
  }
  return {
    source: {
      name,
      slug: name.toLowerCase().replace(/[^a-z0-9._-]/g, '-'),
      argument: `${name}.qcow2`,
      disks: [],
      hardware: {},
      problems: [],
      release: async () => {},
    },
    os: { ...DEBIAN_12, ...sketch.os },
    kernels: [{ version: '6.1.0-1-amd64', evidence: { path: '/boot' } }],
    filesystems: [{ device: '/dev/sda1', type: 'ext4', mountpoint: '/', size: 1000, used: 500 }],
    packages: {
      manager: sketch.manager ?? 'dpkg',
      architecture: sketch.os?.architecture ?? 'amd64',
      foreignArchitectures: sketch.foreignArchitectures ?? [],
      packages,
      archives: [],
      archiveDate: null,
      configuration: [],
      diversions: new Map(),
      overrides: new Map(),
      evidence: [{ path: '/var/lib/dpkg/status' }],
      problems: [],
    },
    files: { records, digests, missing: sketch.missing ?? [], dataDirectories: [], sparse: [], large: [] },
    services: [],
    jobs: [],
    fit: [],
    problems: [],
  };
}

function contentOf(nodes: Readonly<Record<string, MemoryNode>>, path: string): string | Uint8Array {
  const node = nodes[path]!;
  if (typeof node === 'string' || node instanceof Uint8Array) return node;
  return node.linkTo === undefined ? (node.content ?? '') : contentOf(nodes, node.linkTo);
}
