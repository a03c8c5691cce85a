import type { InstalledPackage, Relation, Requirement } from '../../model/packages.js';
import { type PackageIndex, satisfiersOf } from './package-index.js';

/**
 * What installing each package makes the resolver install too, as far as that is certain from the machine alone.
 * Doubt is never an edge: what a resolver might choose otherwise is named instead (`named`, `oneOf`).
 */
export interface DependencyGraph {
  /** By package: those that it certainly pulls in. */
  readonly edges: readonly (readonly number[])[];
  /** Must be named: some package needs them by a name or alternative that the resolver may satisfy otherwise. */
  readonly named: ReadonlySet<number>;
  /** Of each list one member must be named, whichever. */
  readonly oneOf: readonly (readonly number[])[];
  /** Needs of packages that nothing on the machine satisfies: a resolver would install the first alternative. */
  readonly unsatisfied: readonly { readonly node: number; readonly requirement: Requirement }[];
}

/**
 * apt's rules (apt-pkg/depcache.cc, MarkInstall): what is named in the command is marked before anything is resolved;
 * an or-group with a member that is installed or marked is left alone; otherwise its first installable alternative is
 * taken, and of a virtual package some provider. So a group makes an edge only when its first alternative is a real
 * package of the machine and no other package could satisfy the group before.
 * @param base Packages that are installed before the command.
 */
export function dependencyGraph(index: PackageIndex, base: ReadonlySet<number>): DependencyGraph {
  const named = new Set<number>();
  const oneOf: number[][] = [];
  const unsatisfied: { node: number; requirement: Requirement }[] = [];
  const edges = index.packages.map((dependent, node) => {
    const successors = new Set<number>();
    if (base.has(node)) return [];
    for (const requirement of dependent.depends) {
      const satisfiers = satisfiersOf(index, dependent, requirement);
      if (satisfiers.includes(node) || satisfiers.some((candidate) => base.has(candidate))) continue;
      const first = firstChoice(index, dependent, requirement[0]);
      if (satisfiers.length === 0) unsatisfied.push({ node, requirement });
      else if (first === undefined) {
        if (satisfiers.length === 1) named.add(satisfiers[0]!);
        else oneOf.push(satisfiers);
      } else if (satisfiers.length === 1) successors.add(first);
    }
    return [...successors];
  });
  return { edges, named, oneOf, unsatisfied };
}

/** The package that the resolver certainly takes for the first alternative, if the machine has it. */
function firstChoice(
  index: PackageIndex,
  dependent: InstalledPackage,
  first: Relation | undefined,
): number | undefined {
  if (first === undefined) return undefined;
  const { real, virtual } = index.satisfiers(dependent, first);
  const exact = real.find((node) => {
    const { architecture } = index.packages[node]!;
    return architecture === dependent.architecture || architecture === 'all' || dependent.architecture === 'all';
  });
  if (exact !== undefined) return exact;
  // Debian gives each `default-…` virtual package exactly one provider (Debian policy, virtual package names list).
  return first.name.startsWith('default-') && real.length === 0 && virtual.length === 1 ? virtual[0] : undefined;
}
