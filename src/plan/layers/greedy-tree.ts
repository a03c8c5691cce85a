import {
  copyOf,
  type Dendrogram,
  dendrogram,
  isBelow,
  type Pruning,
  prune,
  prunedCost,
  regraft,
  swap,
} from './dendrogram.js';
import { MAX_LEVELS } from './objective.js';
import { type PackageUnits, packageUnits, type UnitSet } from './package-units.js';
import type { TreeNode, TreeProblem } from './tree-problem.js';
import { seedJoins } from './tree-seeds.js';

/** Node costs that a search may look at: half a second or so. Counted, so that a slow machine finds the same tree. */
const MAX_WORK = 12_000_000;
/** Where a subtree may go when there are too many places to try them all. */
const MAX_TARGETS = 10;
const MAX_NODES_FOR_ALL = 40;
/** Times that the best tree is shaken and improved again. */
const MAX_SHAKES = 16;
const MOVES_PER_SHAKE = 3;

/**
 * A good tree for any number of machines: dendrograms are grown in several ways, each is improved by moving and
 * exchanging subtrees as long as that saves something, and the best is shaken a few times, so that it does not rest
 * where no single move helps. Never worse than two levels, which every dendrogram prunes to if that is cheapest.
 */
export function greedyTree(problem: TreeProblem): TreeNode[] {
  const units = packageUnits(problem);
  const levels = problem.levels ?? MAX_LEVELS;
  if (problem.machines.length === 1 || levels < 2) return leafNodes(units);
  const search: Search = { pruning: { levels, minBytes: problem.minBytes ?? 0 }, work: MAX_WORK };
  let best: Candidate | undefined;
  for (const joins of seedJoins(units)) {
    const found = improved(search, dendrogram(units, joins));
    if (best === undefined || found.cost < best.cost) best = found;
  }
  const random = sequence();
  for (let shake = 0; shake < MAX_SHAKES && search.work > 0; shake += 1) {
    const tree = copyOf(best!.tree);
    for (let move = 0; move < MOVES_PER_SHAKE; move += 1) randomMove(tree, random);
    const found = improved(search, tree);
    if (found.cost < best!.cost) best = found;
  }
  return prune(best!.tree, search.pruning);
}

/** The thesis's levels: what all machines have, then what each has alone. */
export function twoLevelTree(problem: TreeProblem): TreeNode[] {
  const units = packageUnits(problem);
  if (problem.machines.length === 1) return leafNodes(units);
  const common = units.machines.reduce((all, next) => units.common(all, next));
  return [
    {
      machines: problem.machines.map((_, machine) => machine),
      packages: units.packagesOf(common, null),
      children: leafNodes(units, common),
    },
  ];
}

function leafNodes(units: PackageUnits, above: UnitSet | null = null): TreeNode[] {
  return units.machines.map((held, machine) => ({
    machines: [machine],
    packages: units.packagesOf(held, above),
    children: [],
  }));
}

interface Search {
  readonly pruning: Pruning;
  /** What is left of it. */
  work: number;
}

interface Candidate {
  readonly tree: Dendrogram;
  readonly cost: number;
}

/** Moves and exchanges subtrees until none of that saves anything. Changes the tree. */
function improved(search: Search, tree: Dendrogram): Candidate {
  const count = tree.parent.length;
  let cost = costOf(search, tree);
  for (let isBetter = true; isBetter && search.work > 0; ) {
    isBetter = false;
    for (let node = 0; node < count && search.work > 0; node += 1) {
      for (const target of targetsOf(tree, node)) {
        const after = bestMove(search, tree, node, target, cost);
        if (after >= cost) continue;
        cost = after;
        isBetter = true;
      }
    }
  }
  return { tree, cost };
}

/** Joins the node with the target or exchanges them, if either makes the tree cheaper. @returns the cost after it. */
function bestMove(search: Search, tree: Dendrogram, node: number, target: number, cost: number): number {
  const join = tree.parent[node]!;
  if (join === -1 || isBelow(tree, target, node)) return cost;
  if (target !== join && tree.parent[target] !== join) {
    const sibling = regraft(tree, node, target);
    const after = costOf(search, tree);
    if (after < cost) return after;
    regraft(tree, node, sibling);
  }
  // Each pair once.
  if (target > node && !isBelow(tree, node, target)) {
    swap(tree, node, target);
    const after = costOf(search, tree);
    if (after < cost) return after;
    swap(tree, target, node);
  }
  return cost;
}

function costOf(search: Search, tree: Dendrogram): number {
  search.work -= tree.parent.length * Math.max(8, Math.log2(tree.leaves) * 4);
  return prunedCost(tree, search.pruning);
}

/** Nodes that a subtree may be joined with: all, or those it shares most with, and the root. */
function targetsOf(tree: Dendrogram, node: number): readonly number[] {
  const count = tree.parent.length;
  const all = Array.from({ length: count }, (_, target) => target).filter((target) => target !== node);
  if (count <= MAX_NODES_FOR_ALL) return all;
  const shared = all.map((target) => {
    const { install, disk } = tree.units.weigh(tree.units.common(tree.held[node]!, tree.held[target]!));
    return { target, bytes: install + disk };
  });
  shared.sort((a, b) => b.bytes - a.bytes || a.target - b.target);
  return [...shared.slice(0, MAX_TARGETS).map(({ target }) => target), tree.root];
}

function randomMove(tree: Dendrogram, random: (limit: number) => number): void {
  const node = random(tree.parent.length);
  const target = random(tree.parent.length);
  const join = tree.parent[node]!;
  if (join === -1 || target === join || tree.parent[target] === join || isBelow(tree, target, node)) return;
  regraft(tree, node, target);
}

/** The same numbers in every run (a linear congruential generator; Numerical Recipes, 7.1). */
function sequence(): (limit: number) => number {
  let state = 2015;
  return (limit) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
}
