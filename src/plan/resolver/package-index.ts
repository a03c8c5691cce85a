import type { InstalledPackage, PackageManagerName, Relation, Requirement } from '../../model/packages.js';
import { rulesOf } from './rules/index.js';
import type { ResolverRules, Satisfier } from './rules/resolver-rules.js';

/** Which of the given packages satisfy a dependency, by the rules of their package manager. Packages are numbered. */
export interface PackageIndex {
  readonly packages: readonly InstalledPackage[];
  readonly rules: ResolverRules;
  /** Packages that satisfy any alternative of the requirement, each once, in the order of the alternatives. */
  satisfiers(dependent: InstalledPackage, requirement: Requirement): readonly NumberedSatisfier[];
}

export interface NumberedSatisfier extends Satisfier {
  readonly node: number;
}

export function satisfiersOf(index: PackageIndex, dependent: InstalledPackage, requirement: Requirement): number[] {
  return index.satisfiers(dependent, requirement).map(({ node }) => node);
}

/** @param nativeArchitecture The manager's word for the architecture of the system; `all` packages count as of it. */
export function indexPackages(
  packages: readonly InstalledPackage[],
  manager: PackageManagerName,
  nativeArchitecture: string | null,
): PackageIndex {
  const rules = rulesOf(manager, nativeArchitecture);
  const byName = new Map<string, number[]>();
  const providers = new Map<string, { readonly node: number; readonly provided: Relation }[]>();
  packages.forEach((item, node) => {
    append(byName, item.name, node);
    for (const provided of item.provides) append(providers, provided.name, { node, provided });
  });
  const owners = rules.byFile ? fileOwners(packages) : new Map<string, readonly FileOwner[]>();

  /** How the package satisfies one relation, `with` and `without` aside; undefined when it does not. */
  const howOf = (node: number, relation: Relation): Satisfier['how'] | undefined => {
    const item = packages[node]!;
    if (item.name === relation.name && rules.satisfiedByName(relation, item)) return 'name';
    const isProvided = item.provides.some(
      (provided) => provided.name === relation.name && rules.satisfiedByCapability(relation, provided),
    );
    if (isProvided) return 'capability';
    const owner = owners.get(mergedPath(relation.name))?.find((each) => each.node === node);
    return owner === undefined ? undefined : owner.isGhost ? 'ghost' : 'file';
  };

  const candidates = function* (relation: Relation): Generator<number> {
    yield* byName.get(relation.name) ?? [];
    for (const { node } of providers.get(relation.name) ?? []) yield node;
    if (relation.name.startsWith('/')) {
      for (const { node } of owners.get(mergedPath(relation.name)) ?? []) yield node;
    }
  };

  return {
    packages,
    rules,
    satisfiers(dependent, requirement) {
      const found = new Map<number, NumberedSatisfier>();
      for (const relation of requirement) {
        for (const node of candidates(relation)) {
          if (found.has(node)) continue;
          const item = packages[node]!;
          const how = howOf(node, relation);
          if (how === undefined || !rules.fits(dependent, relation, item)) continue;
          if (relation.with?.some((other) => howOf(node, other) === undefined) === true) continue;
          if (relation.without?.some((other) => howOf(node, other) !== undefined) === true) continue;
          found.set(node, { node, item, relation, how });
        }
      }
      return [...found.values()];
    },
  };
}

interface FileOwner {
  readonly node: number;
  readonly isGhost: boolean;
}

/** Who owns the files that some package asks for by their paths; of a million others nothing is kept. */
function fileOwners(packages: readonly InstalledPackage[]): Map<string, FileOwner[]> {
  const owners = new Map<string, FileOwner[]>();
  for (const { depends } of packages) {
    for (const relation of depends.flat()) {
      for (const { name } of [relation, ...(relation.with ?? []), ...(relation.without ?? [])]) {
        if (name.startsWith('/')) owners.set(mergedPath(name), []);
      }
    }
  }
  if (owners.size === 0) return owners;
  packages.forEach(({ files }, node) => {
    for (const { path, ghost, state } of files) {
      // A file that was left out of the installation is in the package all the same.
      owners.get(mergedPath(path))?.push({ node, isGhost: ghost === true && state === undefined });
    }
  });
  return owners;
}

/** One spelling for the folders that `/usr` was merged with: packages ask for `/bin/sh` and own `/usr/bin/sh`. */
function mergedPath(path: string): string {
  return path.startsWith('/usr/') && /^\/usr\/(?:bin|sbin|lib|lib64)\//.test(path) ? path.slice('/usr'.length) : path;
}

function append<Key, Value>(map: Map<Key, Value[]>, key: Key, value: Value): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [value]);
  else list.push(value);
}
