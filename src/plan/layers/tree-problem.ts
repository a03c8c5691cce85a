import type { PackageMode } from '../../model/plan.js';
import { layerCost } from './objective.js';

/** A package as the tree sees it: numbered over all machines of a group. */
export interface TreePackage {
  readonly bytes: number;
  /** Each list: packages of which one must lie in the same layer or below. Needs that the base satisfies are left out. */
  readonly needs: readonly (readonly number[])[];
  /** How it gets into its layer, where that is not the mode of the problem; a node with both has a layer for each. */
  readonly mode?: PackageMode;
}

export interface TreeProblem {
  readonly packages: readonly TreePackage[];
  /** By machine: its packages, rising. Machines come in the order of the output. */
  readonly machines: readonly (readonly number[])[];
  readonly mode: PackageMode;
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

/** Bytes of packages by the way they get into a layer. */
export interface Weight {
  readonly install: number;
  readonly disk: number;
}

export const NOTHING: Weight = { install: 0, disk: 0 };

/** What a node stores that holds all of `held` but what lies above it; zero when that is nothing. */
export function nodeCost(held: Weight, above: Weight): number {
  return layerCost(held.install - above.install, 'install') + layerCost(held.disk - above.disk, 'disk');
}

/** Bytes and fixed costs of a tree; see `objective.ts`. */
export function treeCost(problem: Pick<TreeProblem, 'packages' | 'mode'>, nodes: readonly TreeNode[]): number {
  const bytesOf = (packages: readonly number[], mode: PackageMode): number =>
    packages.reduce((sum, item) => {
      const each = problem.packages[item]!;
      return (each.mode ?? problem.mode) === mode ? sum + each.bytes : sum;
    }, 0);
  return nodes.reduce((sum, { packages, children }) => {
    const held = { install: bytesOf(packages, 'install'), disk: bytesOf(packages, 'disk') };
    return sum + nodeCost(held, NOTHING) + treeCost(problem, children);
  }, 0);
}
