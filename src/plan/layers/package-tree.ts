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
  if (problem.levels === 2) return tidy(twoLevelTree(problem));
  return tidy(problem.machines.length <= MAX_EXACT_MACHINES ? exactTree(problem) : greedyTree(problem));
}

/** Nodes without packages give way to their children, and siblings with the same packages are one. */
function tidy(nodes: readonly TreeNode[]): TreeNode[] {
  const filled = nodes.flatMap(withoutEmpty);
  const bySet = new Map<string, TreeNode>();
  for (const node of filled) {
    const key = node.packages.join();
    const twin = bySet.get(key);
    bySet.set(key, twin === undefined ? node : together(twin, node));
  }
  return [...bySet.values()]
    .map((node) => ({ ...node, children: tidy(node.children) }))
    .sort((a, b) => a.machines[0]! - b.machines[0]!);
}

function withoutEmpty(node: TreeNode): TreeNode[] {
  return node.packages.length === 0 ? node.children.flatMap(withoutEmpty) : [node];
}

/** Equal layers are one image (thesis 5.2.1, scenario D), though levels or a least size let each machine have its own. */
function together(a: TreeNode, b: TreeNode): TreeNode {
  return {
    machines: [...a.machines, ...b.machines].sort((left, right) => left - right),
    packages: a.packages,
    children: [...a.children, ...b.children],
  };
}
