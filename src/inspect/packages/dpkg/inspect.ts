import type { Problem } from '../../../model/evidence.js';
import type { GuestFs } from '../../../model/guest-fs.js';
import type { InstalledPackage, PackageDatabase } from '../../../model/packages.js';
import { comparePaths } from '../../../model/path.js';
import { fieldValue } from '../../../syntax/deb822.js';
import { compareDpkgVersions } from '../../../syntax/dpkg-version.js';
import type { PackageOptions } from '../package-inspector.js';
import { configurationFiles } from './apt/configuration.js';
import { installedFromFiles } from './apt/history.js';
import { type ArchiveIndex, readIndexes } from './apt/indexes.js';
import { readKeyrings } from './apt/keyrings.js';
import { decideOrigin } from './apt/origin.js';
import { type ReleaseFile, readReleases } from './apt/releases.js';
import { readSources } from './apt/sources.js';
import { contentsReader, type PackageContents } from './info.js';
import { isKernelPackage } from './kernel.js';
import { EXTENDED_STATES, readArchitectures, readDiversions, readMarks, readOverrides } from './records.js';
import { parseRelations, parseRequirements } from './relations.js';
import { findStatus, readStatus, type StatusRecord } from './status.js';

/** Everything that dpkg and apt recorded on the disk about packages and where they come from. */
export async function inspectDpkg(fs: GuestFs, options: PackageOptions): Promise<PackageDatabase> {
  const problems: Problem[] = [];
  const records = await readStatus(fs, problems);
  const architectures = await readArchitectures(fs, problems);
  const architecture = nativeArchitecture(records, architectures);
  const marks = await readMarks(fs, architecture, problems);
  const archives = await readSources(fs, problems);
  const releases = await readReleases(fs, problems);
  const index = options.archiveIndexes ? await lookUp(fs, records, releases, problems) : null;
  const fromFiles = await installedFromFiles(fs, problems);
  const readContents = contentsReader(fs, problems);
  const packages: InstalledPackage[] = [];
  for (const record of records) {
    const auto = marks(record.name, record.architecture);
    const fromFile = fromFiles.get(record.name) ?? null;
    packages.push(installedPackage(record, await readContents(record), auto, index, fromFile));
  }
  packages.sort(
    (a, b) =>
      comparePaths(a.name, b.name) ||
      comparePaths(a.architecture, b.architecture) ||
      compareDpkgVersions(a.version, b.version),
  );
  return {
    manager: 'dpkg',
    architecture,
    foreignArchitectures: architectures.filter((name) => name !== architecture),
    packages,
    archives,
    archiveDate: archiveDate(releases),
    configuration: configurationFiles(fs, archives),
    keyrings: await readKeyrings(fs, archives, packages, problems),
    diversions: await readDiversions(fs, problems),
    overrides: await readOverrides(fs, problems),
    evidence: [...findStatus(fs), ...(fs.exists(EXTENDED_STATES) ? [EXTENDED_STATES] : [])].map((path) => ({ path })),
    problems,
  };
}

function installedPackage(
  record: StatusRecord,
  contents: PackageContents,
  auto: boolean | null,
  index: ArchiveIndex | null,
  installedFromFile: string | null,
): InstalledPackage {
  const { paragraph, name, version, architecture } = record;
  const text = (field: string): string | null => fieldValue(paragraph, field) ?? null;
  const list = (field: string): string => (text(field) ?? '').replaceAll('\n', ' ');
  const depends = [...parseRequirements(list('Pre-Depends')), ...parseRequirements(list('Depends'))];
  const source = sourceOf(record);
  return {
    name,
    version,
    architecture,
    source,
    auto,
    held: record.held,
    essential: fieldValue(paragraph, 'Essential') === 'yes',
    priority: text('Priority'),
    section: text('Section'),
    maintainer: text('Maintainer'),
    multiArch: multiArch(text('Multi-Arch')),
    depends,
    recommends: parseRequirements(list('Recommends')),
    conflicts: [...parseRelations(list('Conflicts')), ...parseRelations(list('Breaks'))],
    provides: parseRelations(list('Provides')),
    kernel: isKernelPackage(
      name,
      depends.flat().map((relation) => relation.name),
      contents.files,
    ),
    files: contents.files,
    hasDigests: contents.hasDigests,
    origin: decideOrigin(
      {
        name,
        version,
        architecture,
        source: source.name,
        maintainer: text('Maintainer'),
        originalMaintainer: text('Original-Maintainer'),
        section: text('Section'),
        origin: text('Origin'),
        installedFromFile,
      },
      index,
    ),
    evidence: { path: record.path, line: paragraph.line, record: name },
  };
}

/** `Source: name` or `name (version)`; a package without the field is its own source. */
function sourceOf(record: StatusRecord): { name: string; version: string } {
  const match = /^(\S+)(?:\s+\(([^)\s]+)\))?/.exec(fieldValue(record.paragraph, 'Source') ?? '');
  return { name: match?.[1] ?? record.name, version: match?.[2] ?? record.version };
}

/** dpkg's own architecture; without dpkg on the disk, the one most packages have. */
function nativeArchitecture(records: readonly StatusRecord[], architectures: readonly string[]): string | null {
  const counts = new Map<string, number>();
  for (const { name, architecture } of records) {
    if (architecture === 'all') continue;
    if (name === 'dpkg') return architecture;
    counts.set(architecture, (counts.get(architecture) ?? 0) + 1);
  }
  const [most] = [...counts].sort((a, b) => b[1] - a[1] || comparePaths(a[0], b[0]));
  return most?.[0] ?? architectures[0] ?? null;
}

async function lookUp(
  fs: GuestFs,
  records: readonly StatusRecord[],
  releases: readonly ReleaseFile[],
  problems: Problem[],
): Promise<ArchiveIndex> {
  const names = new Set(records.map((record) => record.name));
  const sources = new Set(records.map((record) => sourceOf(record).name));
  return readIndexes(fs, releases, names, sources, problems);
}

function archiveDate(releases: readonly ReleaseFile[]): string | null {
  const dates = releases.flatMap(({ date }) => (date === null ? [] : [date])).sort();
  return dates.at(-1) ?? null;
}

function multiArch(value: string | null): InstalledPackage['multiArch'] {
  return value === 'same' || value === 'foreign' || value === 'allowed' ? value : 'no';
}
