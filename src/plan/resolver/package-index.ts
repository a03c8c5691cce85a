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
  const providers = new Map<string, Map<number, Relation[]>>();
  packages.forEach((item, node) => {
    append(byName, item.name, node);
    for (const provided of item.provides) addProvider(providers, node, provided);
  });
  const owners = rules.byFile ? fileOwners(packages) : new Map<string, ReadonlyMap<number, FileOwnership>>();

  /** How the package satisfies one relation, `with` and `without` aside; undefined when it does not. */
  const howOf = (node: number, relation: Relation): Satisfier['how'] | undefined => {
    const item = packages[node]!;
    if (item.name === relation.name && rules.satisfiedByName(relation, item)) return 'name';
    const provided = providers.get(relation.name)?.get(node);
    if (provided?.some((each) => rules.satisfiedByCapability(relation, each)) === true) return 'capability';
    return relation.name.startsWith('/') ? owners.get(mergedPath(relation.name))?.get(node) : undefined;
  };

  /** Some more than once. */
  const candidates = ({ name }: Relation): readonly number[] => {
    const named = byName.get(name) ?? [];
    const providing = providers.get(name);
    const owning = name.startsWith('/') ? owners.get(mergedPath(name)) : undefined;
    // Most are a name and nothing else.
    if (providing === undefined && owning === undefined) return named;
    return [...named, ...(providing?.keys() ?? []), ...(owning?.keys() ?? [])];
  };

  /** The last question that found the package: a set for each of the many questions would be thrown away at once. */
  const foundIn = new Uint32Array(packages.length);
  let question = 0;

  return {
    packages,
    rules,
    satisfiers(dependent, requirement) {
      const found: NumberedSatisfier[] = [];
      question += 1;
      for (const relation of requirement) {
        for (const node of candidates(relation)) {
          if (foundIn[node] === question) continue;
          const item = packages[node]!;
          const how = howOf(node, relation);
          if (how === undefined || !rules.fits(dependent, relation, item)) continue;
          if (relation.with?.some((other) => howOf(node, other) === undefined) === true) continue;
          if (relation.without?.some((other) => howOf(node, other) !== undefined) === true) continue;
          foundIn[node] = question;
          found.push({ node, item, relation, how });
        }
      }
      return found;
    },
  };
}

/** A package that says one name in more versions than this means no good. */
const MAX_VERSIONS = 64;

function addProvider(providers: Map<string, Map<number, Relation[]>>, node: number, provided: Relation): void {
  const ofName = providers.get(provided.name) ?? new Map<number, Relation[]>();
  providers.set(provided.name, ofName);
  const known = ofName.get(node);
  if (known === undefined) ofName.set(node, [provided]);
  else if (known.length < MAX_VERSIONS) known.push(provided);
}

type FileOwnership = 'file' | 'ghost';

/** Who owns the files that some package asks for by their paths; of a million others nothing is kept. */
function fileOwners(packages: readonly InstalledPackage[]): Map<string, Map<number, FileOwnership>> {
  const owners = new Map<string, Map<number, FileOwnership>>();
  const want = ({ name, with: all = [], without = [] }: Relation): void => {
    if (name.startsWith('/')) owners.set(mergedPath(name), new Map());
    for (const other of [...all, ...without]) want(other);
  };
  for (const { depends } of packages) for (const relation of depends.flat()) want(relation);
  if (owners.size === 0) return owners;
  packages.forEach(({ files }, node) => {
    for (const { path, ghost, state } of files) {
      // A file that was left out of the installation is in the package all the same.
      owners.get(mergedPath(path))?.set(node, ghost === true && state === undefined ? 'ghost' : 'file');
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
