import { exactTree, MAX_EXACT_MACHINES } from './exact-tree.js';
import { greedyTree, twoLevelTree } from './greedy-tree.js';
import type { TreeNode, TreeProblem } from './tree-problem.js';

/**
 * The layer tree over the machines of a group: a node holds what all machines below have and no node above holds,
 * closed under needs together with the nodes above; every machine's packages lie on its way exactly once. The cheapest
 * there is for few machines, greedy for many.
 */
export function packageTree(problem: TreeProblem): TreeNode[] {
  if (problem.levels === 0 || problem.machines.length === 0) return [];
  if (problem.levels === 2) return withoutEmpty(twoLevelTree(problem));
  return withoutEmpty(problem.machines.length <= MAX_EXACT_MACHINES ? exactTree(problem) : greedyTree(problem));
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
