import type { Problem } from '../../../model/evidence.js';
import type { GuestFs } from '../../../model/guest-fs.js';
import type { InstalledPackage, PackageDatabase, PackageOrigin } from '../../../model/packages.js';
import { comparePaths, joinPath } from '../../../model/path.js';
import { comparePacmanVersions } from '../../../syntax/pacman-version.js';
import type { PackageOptions } from '../package-inspector.js';
import { firstValue, valuesOf } from './blocks.js';
import { type PacmanConfiguration, readPacmanConfiguration } from './configuration.js';
import { isKernelPackage } from './kernel.js';
import { type LocalRecord, readLocalDatabase } from './local.js';
import { parsePacmanRelations } from './relations.js';
import { readSyncIndexes, type SyncIndex } from './sync.js';

export const PACMAN_FOLDER = '/var/lib/pacman';

export async function inspectPacman(fs: GuestFs, options: PackageOptions): Promise<PackageDatabase> {
  const problems: Problem[] = [];
  const configuration = await readPacmanConfiguration(fs, problems);
  const folder = configuration.databasePath;
  const local = joinPath(folder, 'local');
  await fs.prefetch([local]);
  const records = await readLocalDatabase(fs, local, problems);
  const indexes = options.archiveIndexes ? await readSyncIndexes(fs, joinPath(folder, 'sync'), problems) : [];
  const architectures = architecturesOf(records, configuration.architecture);
  const packages = records
    .map((record) => installedPackage(record, configuration, indexes))
    .sort(
      (a, b) =>
        comparePaths(a.name, b.name) ||
        comparePaths(a.architecture, b.architecture) ||
        comparePacmanVersions(a.version, b.version),
    );
  return {
    manager: 'pacman',
    architecture: architectures[0] ?? null,
    foreignArchitectures: architectures.slice(1),
    packages,
    archives: configuration.archives,
    archiveDate: null,
    configuration: configuration.files,
    diversions: new Map(),
    overrides: new Map(),
    evidence: records.length === 0 ? [] : [{ path: local }],
    problems,
  };
}

function installedPackage(
  record: LocalRecord,
  configuration: PacmanConfiguration,
  indexes: readonly SyncIndex[],
): InstalledPackage {
  const { desc, name } = record;
  const evidence = { path: joinPath(record.path, 'desc') };
  const reason = firstValue(desc, 'REASON');
  const group = firstValue(desc, 'GROUPS');
  const installTime = Number(firstValue(desc, 'INSTALLDATE'));
  const repository = indexes.find(({ versions }) => versions.has(name))?.repository;
  const depends = parsePacmanRelations(valuesOf(desc, 'DEPENDS')).map((relation) => [relation]);
  return {
    name,
    version: record.version,
    architecture: record.architecture,
    source: { name: firstValue(desc, 'BASE') ?? name, version: record.version },
    auto: reason === '1',
    held: configuration.ignored.has(name),
    essential: false,
    priority: null,
    section: group ?? null,
    maintainer: firstValue(desc, 'PACKAGER') ?? null,
    multiArch: 'no',
    depends,
    recommends: [],
    suggests: parsePacmanRelations(valuesOf(desc, 'OPTDEPENDS')).map((relation) => [relation]),
    conflicts: parsePacmanRelations(valuesOf(desc, 'CONFLICTS')),
    provides: parsePacmanRelations(valuesOf(desc, 'PROVIDES')),
    obsoletes: parsePacmanRelations(valuesOf(desc, 'REPLACES')),
    kernel: isKernelPackage(name, record.files),
    files: record.files,
    hasDigests: record.hasDigests,
    origin: originOf(record, indexes),
    evidence,
    reason: { inferred: false, evidence },
    ...(Number.isSafeInteger(installTime) && installTime > 0 ? { installTime } : {}),
    ...(repository === undefined ? {} : { repository }),
  };
}

/** Arch Linux' own; those of its relatives have other names for theirs. */
const DISTRIBUTION_REPOSITORY =
  /^(?:core|extra|community|multilib|testing|core-testing|extra-testing|multilib-testing|community-testing|staging|alarm)$/;

/** A repository whose index names the package, else how its file was validated (`none`: it came as a file). */
function originOf({ name, version, desc }: LocalRecord, indexes: readonly SyncIndex[]): PackageOrigin {
  const packager = firstValue(desc, 'PACKAGER');
  const vendor = packager === undefined || packager === 'Unknown Packager' ? null : packager;
  const index = indexes.find(({ versions }) => versions.has(name));
  if (index !== undefined) {
    const available = index.versions.get(name) === version;
    const kind = DISTRIBUTION_REPOSITORY.test(index.repository) ? 'distribution' : 'third-party';
    const reason = `The index of ${index.repository} names it${available ? '' : ' in another version'}.`;
    return { kind, available, vendor, confidence: available ? 'certain' : 'likely', reason };
  }
  const unavailable = indexes.length > 0 ? false : null;
  const validation = valuesOf(desc, 'VALIDATION');
  if (indexes.length > 0) {
    const reason = 'No index on the disk names it: built here, or from a repository that is gone.';
    return { kind: 'local', available: unavailable, vendor, confidence: 'likely', reason };
  }
  if (validation.includes('pgp')) {
    const known = /@(?:archlinux\.org|archlinuxarm\.org)>?$/.test(packager ?? '');
    const kind = known ? 'distribution' : 'unknown';
    return {
      kind,
      available: null,
      vendor,
      confidence: known ? 'likely' : 'guess',
      reason: 'Validated by a signature.',
    };
  }
  if (validation.includes('none')) {
    return { kind: 'local', available: null, vendor, confidence: 'likely', reason: 'Installed without validation.' };
  }
  return { kind: 'unknown', available: null, vendor, confidence: 'guess', reason: 'No index is on the disk.' };
}

function architecturesOf(records: readonly LocalRecord[], own: string | null): string[] {
  const counts = new Map<string, number>();
  for (const { architecture } of records) {
    if (architecture !== 'any') counts.set(architecture, (counts.get(architecture) ?? 0) + 1);
  }
  const sorted = [...counts]
    .sort(([a, first], [b, second]) => second - first || comparePaths(a, b))
    .map(([word]) => word);
  return own === null ? sorted : [own, ...sorted.filter((word) => word !== own)];
}
