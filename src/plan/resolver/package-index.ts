import type { InstalledPackage, PackageManagerName, Relation, Requirement } from '../../model/packages.js';
import { compareDpkgVersions } from '../../syntax/dpkg-version.js';

/** Which of the given packages satisfy a relation, by the rules of their package manager. Packages are numbered. */
export interface PackageIndex {
  readonly packages: readonly InstalledPackage[];
  /** Packages that satisfy the relation for the dependent, real ones of that name apart from those that provide it. */
  satisfiers(dependent: InstalledPackage, relation: Relation): { readonly real: number[]; readonly virtual: number[] };
}

/** Packages that satisfy any alternative of the requirement, each once, in the order of the alternatives. */
export function satisfiersOf(index: PackageIndex, dependent: InstalledPackage, requirement: Requirement): number[] {
  const found = new Set<number>();
  for (const relation of requirement) {
    const { real, virtual } = index.satisfiers(dependent, relation);
    for (const node of real) found.add(node);
    for (const node of virtual) found.add(node);
  }
  return [...found];
}

/** @param nativeArchitecture The manager's word for the architecture of the system; `all` packages count as of it. */
export function indexPackages(
  packages: readonly InstalledPackage[],
  manager: PackageManagerName,
  nativeArchitecture: string | null,
): PackageIndex {
  const byName = new Map<string, number[]>();
  const providers = new Map<string, { node: number; version: string | undefined }[]>();
  packages.forEach((item, node) => {
    append(byName, item.name, node);
    for (const provided of item.provides) append(providers, provided.name, { node, version: provided.version });
  });
  const fits = manager === 'dpkg' ? dpkgArchitectureFits(nativeArchitecture) : () => true;
  const holds = manager === 'dpkg' ? dpkgVersionHolds : () => true;

  return {
    packages,
    satisfiers(dependent, relation) {
      const real: number[] = [];
      const virtual: number[] = [];
      for (const node of byName.get(relation.name) ?? []) {
        const candidate = packages[node]!;
        if (holds(relation, candidate.version) && fits(dependent, relation, candidate)) real.push(node);
      }
      for (const { node, version } of providers.get(relation.name) ?? []) {
        const candidate = packages[node]!;
        if (real.includes(node) || virtual.includes(node)) continue;
        if (holds(relation, version) && fits(dependent, relation, candidate)) virtual.push(node);
      }
      return { real, virtual };
    },
  };
}

/** deb-control(5): a versioned relation is never satisfied by an unversioned Provides. */
function dpkgVersionHolds(relation: Relation, version: string | undefined): boolean {
  if (relation.operator === undefined || relation.version === undefined) return true;
  if (version === undefined) return false;
  const order = compareDpkgVersions(version, relation.version);
  switch (relation.operator) {
    case '<':
      return order < 0;
    case '<=':
      return order <= 0;
    case '=':
      return order === 0;
    case '>=':
      return order >= 0;
    case '>':
      return order > 0;
  }
}

/** The multi-arch rules of deb-control(5), field `Multi-Arch`, and of qualifiers in relations. */
function dpkgArchitectureFits(native: string | null) {
  const actual = (architecture: string): string => (architecture === 'all' ? (native ?? 'all') : architecture);
  return (dependent: InstalledPackage, relation: Relation, candidate: InstalledPackage): boolean => {
    if (candidate.multiArch === 'foreign') return true;
    const wanted = relation.architecture;
    if (wanted === 'any')
      return candidate.multiArch === 'allowed' || actual(candidate.architecture) === actual(dependent.architecture);
    if (wanted === 'native') return actual(candidate.architecture) === (native ?? actual(candidate.architecture));
    return actual(candidate.architecture) === actual(wanted ?? dependent.architecture);
  };
}

function append<Key, Value>(map: Map<Key, Value[]>, key: Key, value: Value): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [value]);
  else list.push(value);
}
