import type { OperatingSystem } from '../../model/os.js';
import { type InstalledPackage, type PackageManagerName, packageIdentity, packageKey } from '../../model/packages.js';
import { baseClosure } from './base-closure.js';
import { dependencyGraph } from './dependency-graph.js';
import { indexPackages } from './package-index.js';
import { strongComponents } from './strong-components.js';
import { withoutTriggered } from './triggers.js';

export interface Reduction {
  /** Packages that the base has already, and those to install on it; without kernel packages. */
  readonly base: readonly InstalledPackage[];
  readonly full: readonly InstalledPackage[];
  /** What must be named so that the package manager installs exactly `full`. */
  readonly named: readonly InstalledPackage[];
  /** Names that the resolver pulls in though the machine lacks them. */
  readonly remove: readonly string[];
}

export interface ReductionContext {
  readonly manager: PackageManagerName;
  readonly architecture: string | null;
  readonly os: OperatingSystem;
  /** Identities that earlier layers have installed, beside the base. */
  readonly installed?: ReadonlySet<string>;
  /** The base as it is: identities and keys of its packages; without it a minimal root of the release is assumed. */
  readonly knownBase?: { readonly identities: ReadonlySet<string>; readonly keys: ReadonlySet<string> };
  /** Which of the family's package managers the base has; absent where nobody looked. */
  readonly program?: string;
  /** Identities that have to be named, whatever the dependencies say. */
  readonly mustName?: ReadonlySet<string>;
}

/**
 * The shortest certain list (thesis 4.3.2): from every source component of the condensed dependency graph one member,
 * and what a resolver might choose otherwise. A kernel package counts as absent, so what only it needs is named.
 */
export function reducePackages(packages: readonly InstalledPackage[], context: ReductionContext): Reduction {
  const index = indexPackages(packages, context.manager, context.architecture);
  const { knownBase, installed } = context;
  const base = knownBase === undefined ? baseClosure(index, context.manager, context.os) : new Set<number>();
  packages.forEach((item, node) => {
    const identity = packageIdentity(item);
    if (installed?.has(identity) === true || (knownBase?.identities.has(identity) === true && !item.kernel)) {
      base.add(node);
    }
  });
  const graph = dependencyGraph(index, base);
  const isTarget = (node: number): boolean =>
    !base.has(node) && !packages[node]!.kernel && !isNameOnly(packages[node]!);

  const edges = graph.edges.map((successors, node) => (isTarget(node) ? successors.filter(isTarget) : []));
  const { componentOf, count } = strongComponents(edges);
  const reached = new Uint8Array(count);
  edges.forEach((successors, node) => {
    for (const successor of successors) {
      if (componentOf[successor] !== componentOf[node]) reached[componentOf[successor]!] = 1;
    }
  });
  const chosen = new Set([...graph.named].filter(isTarget));
  const changes = new Set<number>();
  packages.forEach((item, node) => {
    // What the base has in another version satisfies whatever needs it: nothing would change it unless it is named.
    const isChange = knownBase?.keys.has(packageKey(item)) === true;
    if (isTarget(node) && (isChange || context.mustName?.has(packageIdentity(item)) === true)) changes.add(node);
  });
  for (const node of changes) chosen.add(node);
  for (const node of chosen) reached[componentOf[node]!] = 1;
  for (const node of preferred(packages)) {
    const component = componentOf[node]!;
    if (!isTarget(node) || reached[component] === 1) continue;
    reached[component] = 1;
    chosen.add(node);
  }
  for (const members of graph.oneOf) {
    const usable = members.filter(isTarget);
    if (usable.length > 0 && !usable.some((node) => chosen.has(node))) chosen.add(usable[0]!);
  }
  const listed = withoutTriggered(chosen, edges, graph, base, changes);

  const pick = (keep: (node: number) => boolean): InstalledPackage[] => packages.filter((_, node) => keep(node));
  const names = new Set(packages.map((item) => item.name));
  const remove = graph.unsatisfied
    .filter(({ node }) => isTarget(node))
    .map(({ requirement }) => requirement[0]!.name)
    .filter((name) => !names.has(name));
  return {
    base: pick((node) => base.has(node)),
    full: pick(isTarget),
    named: pick((node) => listed.has(node)),
    remove: [...new Set(remove)].sort(),
  };
}

/** apk's `.name` stands for what was asked for together (`apk add --virtual`): no archive has it, and it holds nothing. */
function isNameOnly({ name }: InstalledPackage): boolean {
  return name.startsWith('.');
}

/** Packages by how well they stand for a dependency cycle: asked for before pulled in, programs before libraries. */
function preferred(packages: readonly InstalledPackage[]): number[] {
  const rank = (item: InstalledPackage): number =>
    (item.auto === true ? 4 : item.auto === null ? 2 : 0) + (item.section?.endsWith('libs') === true ? 1 : 0);
  return packages
    .map((_, node) => node)
    .sort((a, b) => {
      const left = packages[a]!;
      const right = packages[b]!;
      return rank(left) - rank(right) || (left.name < right.name ? -1 : left.name > right.name ? 1 : a - b);
    });
}
