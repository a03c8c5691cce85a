import { fixedCost, layerCost, MAX_LEVELS } from './objective.js';
import { closed, intersection, type TreeNode, type TreeProblem, treeCost, weigh } from './tree-problem.js';

interface Cluster {
  readonly machines: readonly number[];
  readonly common: Int32Array;
  readonly children: readonly Cluster[];
  readonly depth: number;
}

/**
 * For any number of machines: the two clusters whose union saves most are joined until no join saves anything.
 * Never worse than one layer for all and one for each: what all machines share may pay though it pays for no two.
 */
export function greedyTree(problem: TreeProblem): TreeNode[] {
  const greedy = agglomerate(problem, leavesOf(problem)).map((root) => nodeOf(root, new Set()));
  const candidates = [greedy, ...((problem.levels ?? MAX_LEVELS) < 2 ? [] : [twoLevelTree(problem)])].map((roots) =>
    roots.map((root) => pushDown(problem, root)),
  );
  return candidates.reduce((best, tree) => (treeCost(problem, tree) < treeCost(problem, best) ? tree : best));
}

/** The thesis's levels: what all machines have, then what each has alone. */
export function twoLevelTree(problem: TreeProblem): TreeNode[] {
  return [nodeOf(joinAll(problem, leavesOf(problem)), new Set())];
}

function leavesOf(problem: TreeProblem): Cluster[] {
  return problem.machines.map((packages, machine) => ({
    machines: [machine],
    common: Int32Array.from(packages),
    children: [],
    depth: 1,
  }));
}

function joinAll(problem: TreeProblem, leaves: readonly Cluster[]): Cluster {
  if (leaves.length === 1) return leaves[0]!;
  const common = leaves.map((leaf) => leaf.common).reduce((all, next) => intersection(all, next));
  return {
    machines: leaves.flatMap((leaf) => leaf.machines),
    common: closed(problem, common),
    children: leaves,
    depth: 2,
  };
}

function agglomerate(problem: TreeProblem, leaves: readonly Cluster[]): Cluster[] {
  const limit = problem.levels ?? MAX_LEVELS;
  const clusters = new Map<number, Cluster>(leaves.map((leaf, id) => [id, leaf]));
  // Upper bounds first: the closed intersection, which is dearer to find, is never larger than the plain one.
  const pairs = new Map<string, { a: number; b: number; saving: number; joined?: Cluster }>();
  const bytes = (common: Int32Array): number => weigh(problem, common);
  const propose = (a: number, b: number): void => {
    const [left, right] = [clusters.get(a)!, clusters.get(b)!];
    if (Math.max(left.depth, right.depth) + 1 > limit) return;
    const saving = bytes(intersection(left.common, right.common)) + 2 * fixedCost(problem.mode);
    if (saving > 0) pairs.set(`${a},${b}`, { a, b, saving });
  };
  leaves.forEach((_, a) => {
    for (let b = a + 1; b < leaves.length; b += 1) propose(a, b);
  });
  for (let next = leaves.length; ; next += 1) {
    const best = bestPair(problem, clusters, pairs);
    if (best === undefined) return [...clusters.values()];
    clusters.delete(best.a);
    clusters.delete(best.b);
    for (const [key, pair] of pairs) {
      if (pair.a === best.a || pair.a === best.b || pair.b === best.a || pair.b === best.b) pairs.delete(key);
    }
    clusters.set(next, best.joined);
    for (const other of clusters.keys()) if (other !== next) propose(other, next);
  }
}

function bestPair(
  problem: TreeProblem,
  clusters: ReadonlyMap<number, Cluster>,
  pairs: Map<string, { a: number; b: number; saving: number; joined?: Cluster }>,
): { a: number; b: number; joined: Cluster } | undefined {
  for (;;) {
    let best: { a: number; b: number; saving: number; joined?: Cluster } | undefined;
    for (const pair of pairs.values()) if (best === undefined || pair.saving > best.saving) best = pair;
    if (best === undefined || best.saving <= 0) return undefined;
    if (best.joined !== undefined) return { a: best.a, b: best.b, joined: best.joined };
    const [left, right] = [clusters.get(best.a)!, clusters.get(best.b)!];
    const joined = join(problem, left, right);
    best.joined = joined;
    best.saving = savingOf(problem, left, right, joined);
  }
}

function join(problem: TreeProblem, a: Cluster, b: Cluster): Cluster {
  return {
    machines: [...a.machines, ...b.machines].sort((x, y) => x - y),
    common: closed(problem, intersection(a.common, b.common)),
    children: [a, b],
    depth: Math.max(a.depth, b.depth) + 1,
  };
}

function savingOf(problem: TreeProblem, a: Cluster, b: Cluster, joined: Cluster): number {
  const cost = (value: number): number => layerCost(value, problem.mode);
  const [left, right, common] = [weigh(problem, a.common), weigh(problem, b.common), weigh(problem, joined.common)];
  return cost(left) + cost(right) - cost(common) - cost(left - common) - cost(right - common);
}

/** Dissolves nodes that are not worth their fixed cost: their packages go into each child. */
function pushDown(problem: TreeProblem, node: TreeNode): TreeNode {
  const children = node.children.map((child) => pushDown(problem, child));
  if (children.length === 0 || node.packages.length === 0) return { ...node, children };
  const cost = (packages: readonly number[]): number => layerCost(weigh(problem, packages), problem.mode);
  const pushed = children.map((child) => ({
    ...child,
    packages: [...node.packages, ...child.packages].sort((a, b) => a - b),
  }));
  const extra = pushed.reduce((sum, child, index) => sum + cost(child.packages) - cost(children[index]!.packages), 0);
  const isTiny = weigh(problem, node.packages) < (problem.minBytes ?? 0);
  return isTiny || extra < cost(node.packages) ? { ...node, packages: [], children: pushed } : { ...node, children };
}

function nodeOf(cluster: Cluster, above: ReadonlySet<number>): TreeNode {
  const packages = [...cluster.common].filter((item) => !above.has(item));
  const held = packages.length === 0 ? above : new Set([...above, ...packages]);
  return {
    machines: cluster.machines,
    packages,
    children: cluster.children.map((child) => nodeOf(child, held)).sort((a, b) => a.machines[0]! - b.machines[0]!),
  };
}
