import { layerCost } from './objective.js';

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
  /** Levels of package layers at most: 0 none, 2 the thesis's, null as many as pay. */
  readonly levels: number | null;
  /** A node of several machines with fewer bytes gives its packages to its children. */
  readonly minBytes?: number;
}

export interface TreeNode {
  /** Machines below, and the packages they hold that no node above holds; both rising. */
  readonly machines: readonly number[];
  readonly packages: readonly number[];
  readonly children: readonly TreeNode[];
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

export function weigh(problem: TreeProblem, common: Iterable<number>): number {
  let sum = 0;
  for (const item of common) sum += problem.packages[item]!.bytes;
  return sum;
}

/** The largest subset whose members' needs it satisfies itself. */
export function closed(problem: TreeProblem, common: Int32Array): Int32Array {
  const isMember = new Uint8Array(problem.packages.length);
  for (const item of common) isMember[item] = 1;
  const isBroken = (item: number): boolean => {
    for (const oneOf of problem.packages[item]!.needs) {
      if (!oneOf.some((candidate) => isMember[candidate] === 1)) return true;
    }
    return false;
  };
  const pending: number[] = [];
  for (const item of common) if (isBroken(item)) pending.push(item);
  // Mostly nothing is, and who needs whom need not be known.
  if (pending.length === 0) return common;
  const dependents = dependentsOf(problem, common);
  while (pending.length > 0) {
    const item = pending.pop()!;
    if (isMember[item] === 0) continue;
    isMember[item] = 0;
    for (const dependent of dependents.get(item) ?? []) {
      if (isMember[dependent] === 1 && isBroken(dependent)) pending.push(dependent);
    }
  }
  return common.filter((item) => isMember[item] === 1);
}

function dependentsOf(problem: TreeProblem, common: Int32Array): Map<number, number[]> {
  const dependents = new Map<number, number[]>();
  for (const item of common) {
    for (const oneOf of problem.packages[item]!.needs) {
      for (const candidate of oneOf) {
        const list = dependents.get(candidate);
        if (list === undefined) dependents.set(candidate, [item]);
        else list.push(item);
      }
    }
  }
  return dependents;
}

export function intersection(a: Int32Array, b: Int32Array): Int32Array {
  const found: number[] = [];
  for (let left = 0, right = 0; left < a.length && right < b.length; ) {
    const difference = a[left]! - b[right]!;
    if (difference === 0) found.push(a[left]!);
    if (difference <= 0) left += 1;
    if (difference >= 0) right += 1;
  }
  return Int32Array.from(found);
}
