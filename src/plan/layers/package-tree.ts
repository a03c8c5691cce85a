import { fixedCost, layerCost, MAX_LEVELS } from './objective.js';

/** A package as the tree sees it: numbered over all machines of a group. */
export interface TreePackage {
  readonly bytes: number;
  /** Each list: packages of which one must lie in the same layer or below. Needs that the base satisfies are left out. */
  readonly needs: readonly (readonly number[])[];
}

export interface TreeProblem {
  readonly packages: readonly TreePackage[];
  /** By machine: its packages, rising. Machines come in the order of the output. */
  readonly machines: readonly (readonly number[])[];
  readonly mode: 'install' | 'disk';
  /** Levels of package layers at most; null as many as pay. */
  readonly levels: number | null;
}

export interface TreeNode {
  /** Machines below, and the packages they hold that no node above holds; both rising. */
  readonly machines: readonly number[];
  readonly packages: readonly number[];
  readonly children: readonly TreeNode[];
}

interface Cluster {
  readonly machines: readonly number[];
  readonly common: Int32Array;
  readonly children: readonly Cluster[];
  readonly depth: number;
}

/**
 * The layer tree over the machines of a group: a node holds what all machines below have and no node above holds,
 * closed under needs together with the nodes above. Greedy: the two clusters whose union saves most are joined until
 * no join saves anything. Every machine's packages lie on its way exactly once.
 */
export function packageTree(problem: TreeProblem): TreeNode[] {
  if (problem.levels === 0 || problem.machines.length === 0) return [];
  const leaves = problem.machines.map(
    (packages, machine): Cluster => ({
      machines: [machine],
      common: Int32Array.from(packages),
      children: [],
      depth: 1,
    }),
  );
  const twoLevels = [nodeOf(joinAll(problem, leaves), new Set())];
  if (problem.levels === 2) return withoutEmpty(twoLevels);
  const greedy = agglomerate(problem, leaves).map((root) => nodeOf(root, new Set()));
  const candidates = [greedy, twoLevels].map((roots) => withoutEmpty(roots.map((root) => pushDown(problem, root))));
  // What all machines share may pay though it pays for no two of them: then two levels are better than greedy.
  return candidates.reduce((best, tree) => (treeCost(problem, tree) < treeCost(problem, best) ? tree : best));
}

/** Bytes and fixed costs of a tree; see `objective.ts`. */
export function treeCost(problem: Pick<TreeProblem, 'packages' | 'mode'>, nodes: readonly TreeNode[]): number {
  const bytesOf = (packages: readonly number[]): number =>
    packages.reduce((sum, item) => sum + problem.packages[item]!.bytes, 0);
  return nodes.reduce(
    (sum, node) => sum + layerCost(bytesOf(node.packages), problem.mode) + treeCost(problem, node.children),
    0,
  );
}

/** The thesis's levels: what all machines have, then what each has alone. */
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
  return extra < cost(node.packages) ? { ...node, packages: [], children: pushed } : { ...node, children };
}

/** Nodes without packages give way to their children. */
function withoutEmpty(nodes: readonly TreeNode[]): TreeNode[] {
  return nodes
    .flatMap((node) => {
      const children = withoutEmpty(node.children);
      return node.packages.length === 0 ? children : [{ ...node, children }];
    })
    .sort((a, b) => a.machines[0]! - b.machines[0]!);
}

/** The largest subset whose members' needs it satisfies itself. */
function closed(problem: TreeProblem, common: Int32Array): Int32Array {
  const members = new Set(common);
  const dependents = new Map<number, number[]>();
  const isBroken = (item: number): boolean =>
    problem.packages[item]!.needs.some((oneOf) => !oneOf.some((candidate) => members.has(candidate)));
  const pending: number[] = [];
  for (const item of common) {
    for (const candidate of problem.packages[item]!.needs.flat()) {
      const list = dependents.get(candidate);
      if (list === undefined) dependents.set(candidate, [item]);
      else list.push(item);
    }
    if (isBroken(item)) pending.push(item);
  }
  while (pending.length > 0) {
    const item = pending.pop()!;
    if (!members.delete(item)) continue;
    for (const dependent of dependents.get(item) ?? []) {
      if (members.has(dependent) && isBroken(dependent)) pending.push(dependent);
    }
  }
  return members.size === common.length ? common : Int32Array.from(common.filter((item) => members.has(item)));
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

function weigh(problem: TreeProblem, common: Iterable<number>): number {
  let sum = 0;
  for (const item of common) sum += problem.packages[item]!.bytes;
  return sum;
}

function intersection(a: Int32Array, b: Int32Array): Int32Array {
  const found: number[] = [];
  for (let left = 0, right = 0; left < a.length && right < b.length; ) {
    const difference = a[left]! - b[right]!;
    if (difference === 0) found.push(a[left]!);
    if (difference <= 0) left += 1;
    if (difference >= 0) right += 1;
  }
  return Int32Array.from(found);
}
