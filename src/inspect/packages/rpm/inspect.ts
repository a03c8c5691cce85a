import type { Problem } from '../../../model/evidence.js';
import type { GuestFs } from '../../../model/guest-fs.js';
import type { InstalledPackage, PackageDatabase, Relation, Requirement } from '../../../model/packages.js';
import { comparePaths } from '../../../model/path.js';
import { compareRpmVersions } from '../../../syntax/rpm-version.js';
import { type CapabilityIndex, indexCapabilities } from './capabilities.js';
import type { Dependencies, PackageFacts } from './header/facts.js';
import { isKernelPackage } from './kernel.js';
import { readLocks } from './locks.js';
import { readModules } from './modules.js';
import { originDecider } from './origin.js';
import { readRpmDatabase } from './read-database.js';
import { readReasons } from './reasons/index.js';
import { configurationFiles, readRepositories } from './repositories.js';
import { requirementsOf } from './rich-requirements.js';

/** Everything that rpm and the managers above it recorded on the disk. */
export async function inspectRpm(fs: GuestFs): Promise<PackageDatabase> {
  const problems: Problem[] = [];
  const database = await readRpmDatabase(fs, problems);
  const facts = [...database.packages].sort(
    (a, b) =>
      comparePaths(a.name, b.name) ||
      comparePaths(a.architecture, b.architecture) ||
      compareRpmVersions(a.version, b.version) ||
      a.record - b.record,
  );
  const evidence = database.evidence[0];
  const reasonOf = await readReasons(fs, facts, evidence, problems);
  const isLocked = await readLocks(fs, problems);
  const originOf = originDecider(facts, database.keys);
  // Conditions are decided as the image will see them, which has no kernel.
  const kernels = new Set(facts.filter(({ name, files }) => isKernelPackage(name, files)));
  const isInstalled = indexCapabilities(facts.filter((item) => !kernels.has(item)));
  const architectures = architecturesOf(facts);
  const packages = facts.map((item): InstalledPackage => {
    const { auto, reason, repository } = reasonOf(item);
    const kinds = requirementKinds(item, isInstalled, problems, evidence?.path ?? '');
    return {
      name: item.name,
      version: item.version,
      architecture: item.architecture,
      source: item.source,
      auto,
      held: isLocked(item),
      essential: false,
      priority: null,
      section: item.group ?? null,
      maintainer: item.packager ?? null,
      multiArch: 'no',
      ...kinds,
      provides: item.provides,
      obsoletes: item.obsoletes,
      kernel: kernels.has(item),
      files: item.files,
      hasDigests: item.files.hasDigests,
      origin: originOf(item, repository),
      evidence: { path: evidence?.path ?? '', record: `header ${item.record}` },
      ...(item.vendor === undefined ? {} : { vendor: item.vendor }),
      ...(item.signer === undefined ? {} : { signer: item.signer }),
      ...(item.installTime === undefined ? {} : { installTime: item.installTime }),
      ...(item.transaction === undefined ? {} : { transaction: item.transaction }),
      ...(item.module === undefined ? {} : { module: item.module }),
      ...(reason === undefined ? {} : { reason }),
      ...(repository === undefined ? {} : { repository }),
    };
  });
  return {
    manager: 'rpm',
    architecture: architectures[0] ?? null,
    foreignArchitectures: architectures.slice(1),
    packages,
    archives: await readRepositories(fs, problems),
    archiveDate: null,
    configuration: configurationFiles(fs),
    diversions: new Map(),
    overrides: new Map(),
    evidence: database.evidence,
    problems,
    modules: await readModules(fs, problems),
    keys: database.keys,
  };
}

type Kinds = Pick<
  InstalledPackage,
  'depends' | 'recommends' | 'suggests' | 'supplements' | 'enhances' | 'conflicts' | 'rich'
>;

function requirementKinds(
  item: PackageFacts,
  isInstalled: CapabilityIndex,
  problems: Problem[],
  path: string,
): { -readonly [Key in keyof Kinds]: Kinds[Key] } {
  const rich: { kind: string; text: string }[] = [];
  const list = (kind: string, dependencies: Dependencies): Requirement[] => {
    const groups: Requirement[] = dependencies.plain.map((relation) => [relation]);
    for (const { text, parsed } of dependencies.rich) {
      rich.push({ kind, text });
      const requirements = parsed === null ? null : requirementsOf(parsed, isInstalled);
      if (requirements !== null) groups.push(...requirements);
      else {
        const reason = `${item.name}: the dependency ${text.slice(0, 200)} cannot be expressed.`;
        problems.push({ code: 'rpm-rich-dependency', path: `${path}: header ${item.record}`, reason });
      }
    }
    return groups;
  };
  const conflicts: Relation[] = list('conflicts', item.conflicts).flat();
  const kinds = {
    depends: list('requires', item.requires),
    recommends: list('recommends', item.recommends),
    suggests: list('suggests', item.suggests),
    supplements: list('supplements', item.supplements),
    enhances: list('enhances', item.enhances),
    conflicts,
  };
  return rich.length === 0 ? kinds : { ...kinds, rich };
}

/** Families whose members one system mixes; the widest is the system's word. */
const FAMILIES: readonly (readonly string[])[] = [
  ['x86_64', 'amd64', 'ia32e', 'x86_64_v2'],
  ['i686', 'i586', 'i486', 'i386', 'athlon', 'geode'],
];

/** The architecture of the system, then those of other packages: 64 bits before 32, then by number of packages. */
function architecturesOf(packages: readonly PackageFacts[]): string[] {
  const counts = new Map<string, number>();
  for (const { architecture } of packages) {
    if (architecture === 'noarch' || architecture === '(none)') continue;
    const word = FAMILIES.find((family) => family.includes(architecture))?.[0] ?? architecture;
    counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  const rank = (word: string): number => (word === 'x86_64' ? 0 : 1);
  return [...counts]
    .sort(([a, first], [b, second]) => rank(a) - rank(b) || second - first || comparePaths(a, b))
    .map(([word]) => word);
}
