import { layerCost } from './objective.js';
import type { PackageUnits, UnitSet } from './package-units.js';
import { NOTHING, type TreeNode, type Weight } from './tree-problem.js';

/**
 * The machines of a group as a binary tree, in which each node holds what all machines below share. Which of its nodes
 * become layers is decided by `prune`, so that every layer tree is some dendrogram, and a search has one shape to change.
 */
export interface Dendrogram {
  readonly units: PackageUnits;
  /** Machines first, each a leaf of its own number; then the nodes that join two. */
  readonly leaves: number;
  root: number;
  /** −1 for the root, and for the children of a leaf. */
  readonly parent: Int32Array;
  readonly left: Int32Array;
  readonly right: Int32Array;
  readonly held: UnitSet[];
  readonly weight: Weight[];
}

export interface Pruning {
  /** Layers at most on a way down, that of the machine included; at least 2. */
  readonly levels: number;
  /** A node of several machines with less is no layer. */
  readonly minBytes: number;
}

/** Levels beyond this are not counted while searching: every one costs time, and ways are hardly ever that long. */
const COUNTED_LEVELS = 8;

/** @param joins Two nodes each; node `leaves + n` is the n-th join, and the last is the root. */
export function dendrogram(units: PackageUnits, joins: readonly (readonly [number, number])[]): Dendrogram {
  const leaves = units.machines.length;
  const size = leaves + joins.length;
  const tree: Dendrogram = {
    units,
    leaves,
    root: size - 1,
    parent: new Int32Array(size).fill(-1),
    left: new Int32Array(size).fill(-1),
    right: new Int32Array(size).fill(-1),
    held: [...units.machines],
    weight: units.machines.map((set) => units.weigh(set)),
  };
  joins.forEach(([a, b], index) => {
    const node = leaves + index;
    tree.left[node] = a;
    tree.right[node] = b;
    tree.parent[a] = node;
    tree.parent[b] = node;
    hold(tree, node);
  });
  return tree;
}

export function copyOf(tree: Dendrogram): Dendrogram {
  return {
    ...tree,
    parent: tree.parent.slice(),
    left: tree.left.slice(),
    right: tree.right.slice(),
    held: [...tree.held],
    weight: [...tree.weight],
  };
}

export function isBelow(tree: Dendrogram, node: number, above: number): boolean {
  for (let each = node; each !== -1; each = tree.parent[each]!) if (each === above) return true;
  return false;
}

/**
 * Takes the subtree of `node` out and joins it with `target`, which lies outside of it and is not its parent.
 * @returns What `node` was joined with: grafting it there undoes the move.
 */
export function regraft(tree: Dendrogram, node: number, target: number): number {
  const { parent, left, right } = tree;
  const join = parent[node]!;
  const sibling = left[join] === node ? right[join]! : left[join]!;
  const above = parent[join]!;
  replaceChild(tree, join, sibling, above);
  const place = parent[target]!;
  replaceChild(tree, target, join, place);
  left[join] = target;
  right[join] = node;
  parent[target] = join;
  parent[node] = join;
  refresh(tree, above);
  // Where it is now, nothing above knows of it, even if it holds what it held before.
  hold(tree, join);
  refresh(tree, place);
  return sibling;
}

/** Exchanges two subtrees, neither of which lies in the other. Undone by itself. */
export function swap(tree: Dendrogram, a: number, b: number): void {
  const [aboveA, aboveB] = [tree.parent[a]!, tree.parent[b]!];
  if (aboveA === aboveB) return;
  const side = tree.left[aboveB] === b ? tree.left : tree.right;
  (tree.left[aboveA] === a ? tree.left : tree.right)[aboveA] = b;
  side[aboveB] = a;
  tree.parent[a] = aboveB;
  tree.parent[b] = aboveA;
  refresh(tree, aboveA);
  refresh(tree, aboveB);
}

function replaceChild(tree: Dendrogram, old: number, child: number, above: number): void {
  tree.parent[child] = above;
  if (above === -1) tree.root = child;
  else if (tree.left[above] === old) tree.left[above] = child;
  else tree.right[above] = child;
}

/** What is shared above a change, up to where it is as before. */
function refresh(tree: Dendrogram, from: number): void {
  for (let node = from; node !== -1; node = tree.parent[node]!) {
    const before = tree.held[node]!;
    hold(tree, node);
    if (isSame(tree.held[node]!, before)) return;
  }
}

function hold(tree: Dendrogram, node: number): void {
  tree.held[node] = tree.units.common(tree.held[tree.left[node]!]!, tree.held[tree.right[node]!]!);
  tree.weight[node] = tree.units.weigh(tree.held[node]);
}

function isSame(a: UnitSet, b: UnitSet): boolean {
  for (let word = 0; word < a.length; word += 1) if (a[word] !== b[word]) return false;
  return true;
}

/** Bytes that the tree stores when the best of its nodes become layers. */
export function prunedCost(tree: Dendrogram, pruning: Pruning): number {
  const levels = countedLevels(tree, pruning.levels, COUNTED_LEVELS);
  const costs = costsOf(tree, { ...pruning, levels }, null);
  return costs[levels - 1]!;
}

/** The layer tree: those nodes that store least, each with what no layer above holds. */
export function prune(tree: Dendrogram, pruning: Pruning): TreeNode[] {
  const levels = countedLevels(tree, pruning.levels, tree.leaves);
  const chosen = new Map<number, Uint8Array>();
  costsOf(tree, { ...pruning, levels }, chosen);
  const build = (node: number, depth: number, above: { index: number; node: number }, left: number): TreeNode[] => {
    const isLayer = chosen.get(node)!;
    const isLeaf = node < tree.leaves;
    if (!isLeaf && isLayer[above.index * levels + left - 1] === 0) {
      return [tree.left[node]!, tree.right[node]!].flatMap((child) => build(child, depth + 1, above, left));
    }
    const own = { index: depth + 1, node };
    const next = levels === 1 ? 1 : left - 1;
    const children = isLeaf
      ? []
      : [tree.left[node]!, tree.right[node]!].flatMap((child) => build(child, depth + 1, own, next));
    return [
      {
        machines: machinesOf(tree, node),
        packages: tree.units.packagesOf(tree.held[node]!, above.node === -1 ? null : tree.held[above.node]!),
        children: children.sort((a, b) => a.machines[0]! - b.machines[0]!),
      },
    ];
  };
  const roots = build(tree.root, 0, { index: 0, node: -1 }, levels);
  return roots.sort((a, b) => a.machines[0]! - b.machines[0]!);
}

/** How many levels need be told apart; 1, for none, where no way down can be longer than allowed. */
function countedLevels(tree: Dendrogram, allowed: number, most: number): number {
  return allowed >= Math.min(most, heightOf(tree, tree.root)) ? 1 : allowed;
}

function heightOf(tree: Dendrogram, node: number): number {
  if (node < tree.leaves) return 1;
  return 1 + Math.max(heightOf(tree, tree.left[node]!), heightOf(tree, tree.right[node]!));
}

/**
 * Costs of the root and all below it by levels left, and for each node whether it is a layer.
 *
 * The costs of a node are told for each nearest layer above (first none, then its ancestors from the root down), and for
 * each number of levels left: index `ancestor * levels + (levels left − 1)`. A node is a layer, or its children stand in
 * its place. A search asks many thousand times, so all of it lies in one array: behind the costs of a node are those of
 * its children, until they are summed up.
 */
function costsOf(tree: Dendrogram, pruning: Pruning, chosen: Map<number, Uint8Array> | null): Float64Array {
  const { levels, minBytes } = pruning;
  const height = heightOf(tree, tree.root);
  const costs = new Float64Array((height + 1) * (height + 2) * levels);
  const above: Weight[] = [];
  const visit = (node: number, at: number): void => {
    const own = tree.weight[node]!;
    const isLeaf = node < tree.leaves;
    const ownIndex = (above.length + 1) * levels;
    const leftAt = at + ownIndex;
    const rightAt = leftAt + ownIndex + levels;
    if (!isLeaf) {
      above.push(own);
      visit(tree.left[node]!, leftAt);
      visit(tree.right[node]!, rightAt);
      above.pop();
    }
    const isLayer = chosen === null ? null : new Uint8Array(ownIndex);
    for (let index = 0; index <= above.length; index += 1) {
      const from = index === 0 ? NOTHING : above[index - 1]!;
      const install = own.install - from.install;
      const disk = own.disk - from.disk;
      const cost = layerCost(install, 'install') + layerCost(disk, 'disk');
      const mayBeLayer = cost > 0 && install + disk >= minBytes;
      for (let level = 0; level < levels; level += 1) {
        const place = index * levels + level;
        if (isLeaf) {
          costs[at + place] = cost;
          continue;
        }
        const skipped = costs[leftAt + place]! + costs[rightAt + place]!;
        // With levels that count, the last is the machine's own.
        const below = levels === 1 ? ownIndex : ownIndex + level - 1;
        const isUsable = mayBeLayer && (levels === 1 || level > 0);
        const used = isUsable ? cost + costs[leftAt + below]! + costs[rightAt + below]! : Number.POSITIVE_INFINITY;
        costs[at + place] = Math.min(used, skipped);
        if (isLayer !== null) isLayer[place] = used < skipped ? 1 : 0;
      }
    }
    if (isLayer !== null) chosen!.set(node, isLayer);
  };
  visit(tree.root, 0);
  return costs;
}

function machinesOf(tree: Dendrogram, node: number): number[] {
  if (node < tree.leaves) return [node];
  return [...machinesOf(tree, tree.left[node]!), ...machinesOf(tree, tree.right[node]!)].sort((a, b) => a - b);
}
