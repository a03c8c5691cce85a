import type { Requirement } from '../../model/packages.js';
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
  /** Comes by itself as soon as one of each list is installed (apk `install_if`). */
  readonly triggered: readonly { readonly node: number; readonly by: readonly (readonly number[])[] }[];
}

/**
 * What all resolvers have in common: what is named in the command is marked before anything is resolved, and a
 * dependency that something marked or installed satisfies is left alone. What else they take is the rules' to say.
 * @param base Packages that are installed before the command.
 */
export function dependencyGraph(index: PackageIndex, base: ReadonlySet<number>): DependencyGraph {
  const named = new Set<number>();
  const oneOf: number[][] = [];
  const unsatisfied: { node: number; requirement: Requirement }[] = [];
  const edges = index.packages.map((dependent, node) => {
    const successors: number[] = [];
    if (base.has(node)) return [];
    for (const requirement of dependent.depends) {
      const satisfiers = index.satisfiers(dependent, requirement);
      if (satisfiers.some((candidate) => candidate.node === node || base.has(candidate.node))) continue;
      const only = satisfiers.length === 1 ? satisfiers[0]!.node : undefined;
      if (satisfiers.length === 0) unsatisfied.push({ node, requirement });
      else if (index.rules.isSettled(dependent, requirement, satisfiers)) {
        if (only !== undefined && !successors.includes(only)) successors.push(only);
      } else if (only !== undefined) named.add(only);
      else oneOf.push(satisfiers.map((satisfier) => satisfier.node));
    }
    return successors;
  });
  return { edges, named, oneOf, unsatisfied, triggered: triggersOf(index, base) };
}

function triggersOf(index: PackageIndex, base: ReadonlySet<number>): DependencyGraph['triggered'] {
  return index.packages.flatMap((item, node) => {
    if (item.installIf === undefined || item.installIf.length === 0 || base.has(node)) return [];
    const by = item.installIf.map((relation) => satisfiersOf(index, item, [relation]));
    return by.every((nodes) => nodes.length > 0) ? [{ node, by }] : [];
  });
}
