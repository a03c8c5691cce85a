import test from 'ava';
import fc from 'fast-check';
import { exactTree } from '../../../src/plan/layers/exact-tree.js';
import { greedyTree, twoLevelTree } from '../../../src/plan/layers/greedy-tree.js';
import { type TreeNode, type TreeProblem, treeCost } from '../../../src/plan/layers/tree-problem.js';
import { hurtfulFleets, overlappingFleets } from './fleets.js';

const RUNS = 100;

for (const [kind, fleets] of Object.entries({ hurtful: hurtfulFleets, overlapping: overlappingFleets })) {
  test(`property: greedy is within 5 % of the exact tree on ${kind} fleets, and neither is above two levels`, (t) => {
    let worst = 1;
    const check = () =>
      fc.assert(
        fc.property(fleets, (fleet) => {
          const [greedy, exact] = [greedyTree(fleet), exactTree(fleet)];
          const [found, best] = [treeCost(fleet, greedy), treeCost(fleet, exact)];
          const alone = treeCost(fleet, exactTree({ ...fleet, levels: 1 }));
          const simple = Math.min(treeCost(fleet, twoLevelTree(fleet)), alone) * (1 + 1e-9);
          if (best > 0) worst = Math.max(worst, found / best);
          if (found > best * 1.05 || found < best * (1 - 1e-9)) throw new Error(`${found / best} of the exact tree`);
          if (found > simple || best > simple) throw new Error('two levels, or none, store less');
          for (const tree of [greedy, exact]) checkTree(fleet, tree);
        }),
        { numRuns: RUNS },
      );
    t.notThrows(check);
    t.log(`worst of ${RUNS} fleets: ${worst.toFixed(4)} of the exact tree`);
  });
}

test('greedy finds the roles of a larger fleet, beyond where the exact tree is to be had', (t) => {
  const roles = 6;
  const count = 36;
  // The system, then six roles, one half of each shared by a pair of roles, then what each machine has alone.
  const holders = [
    Array.from({ length: count }, (_, machine) => machine),
    ...Array.from({ length: roles / 2 }, (_, pair) => machinesOf((role) => role >> 1 === pair)),
    ...Array.from({ length: roles }, (_, role) => machinesOf((each) => each === role)),
    ...Array.from({ length: count }, (_, machine) => [machine]),
  ];
  function machinesOf(isRole: (role: number) => boolean): number[] {
    return Array.from({ length: count }, (_, machine) => machine).filter((machine) => isRole(machine % roles));
  }
  const problem: TreeProblem = {
    packages: holders.map(() => ({ bytes: 4_000_000, needs: [] })),
    machines: Array.from({ length: count }, (_, machine) =>
      holders.map((_each, item) => item).filter((item) => holders[item]!.includes(machine)),
    ),
    mode: 'install',
    levels: null,
  };
  t.is(treeCost(problem, greedyTree(problem)), holders.length * 5_500_000);
});

test('the same fleet has the same tree in every run', (t) => {
  const [fleet] = fc.sample(overlappingFleets, { numRuns: 1, seed: 7 });
  t.deepEqual(greedyTree(fleet!), greedyTree(fleet!));
});

function height(nodes: readonly TreeNode[]): number {
  const own = ({ packages, children }: TreeNode): number => (packages.length > 0 ? 1 : 0) + height(children);
  return nodes.length === 0 ? 0 : Math.max(...nodes.map(own));
}

function checkTree(fleet: TreeProblem, nodes: readonly TreeNode[]): void {
  if (height(nodes) > (fleet.levels ?? 125)) throw new Error(`${height(nodes)} levels`);
  for (let machine = 0; machine < fleet.machines.length; machine += 1) checkWay(fleet, nodes, machine);
}

/** The machine's packages once each, and what they need in the same node or above. */
function checkWay(problem: TreeProblem, roots: readonly TreeNode[], machine: number): void {
  const way: number[] = [];
  for (let nodes = roots; ; ) {
    const node = nodes.find(({ machines }) => machines.includes(machine));
    if (node === undefined) break;
    way.push(...node.packages);
    const held = new Set(way);
    for (const item of node.packages) {
      if (!problem.packages[item]!.needs.every((oneOf) => oneOf.some((each) => held.has(each)))) {
        throw new Error(`${item} comes before what it needs`);
      }
    }
    nodes = node.children;
  }
  const sorted = way.sort((a, b) => a - b).join();
  if (sorted !== problem.machines[machine]!.join()) throw new Error(`machine ${machine} has ${sorted}`);
}
