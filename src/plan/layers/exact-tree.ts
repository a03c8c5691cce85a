import { MAX_LEVELS } from './objective.js';
import { type PackageUnits, packageUnits, type UnitSet } from './package-units.js';
import { nodeCost, type TreeNode, type TreeProblem } from './tree-problem.js';

/** The search looks at up to 4^n ways for each level. */
export const MAX_EXACT_MACHINES = 8;

/** A set of machines as bits. */
type MachineSet = number;

interface Choice {
  readonly cost: number;
  /** The first of the sets that the machines fall into. */
  readonly block: MachineSet;
}

/**
 * The cheapest tree. A node that exists holds all that its machines share, closed under needs: what it held less of
 * would lie once in each of its children, so nothing is gained. What is left to choose is which sets of machines have
 * a node, and dynamic programming over pairs (machines, nearest node above) finds the best of all such families.
 */
export function exactTree(problem: TreeProblem): TreeNode[] {
  const count = problem.machines.length;
  const all = (1 << count) - 1;
  const units = packageUnits(problem);
  const common = commonOf(units, all);
  const weight = common.map((held) => units.weigh(held));
  const memory = new Map<number, Choice>();

  /** Cost of a node for these machines below the node of `above` (0: none), and of all below it. */
  const costOf = (machines: MachineSet, above: MachineSet, levels: number): number => {
    const [held, laid] = [weight[machines]!, weight[above]!];
    const cost = nodeCost(held, laid);
    if (isSingle(machines)) return cost;
    const own = held.install + held.disk - laid.install - laid.disk;
    if (levels < 2 || own === 0 || own < (problem.minBytes ?? 0)) return Number.POSITIVE_INFINITY;
    return cost + split(machines, machines, levels - 1).cost;
  };
  /** The best way to divide the machines into sets that have a node each, below the node of `above`. */
  const split = (machines: MachineSet, above: MachineSet, levels: number): Choice => {
    if (machines === 0) return { cost: 0, block: 0 };
    const key = (levels * (all + 1) + above) * (all + 1) + machines;
    const known = memory.get(key);
    if (known !== undefined) return known;
    const first = machines & -machines;
    const others = machines ^ first;
    let best: Choice = { cost: Number.POSITIVE_INFINITY, block: first };
    for (let rest = others; ; rest = (rest - 1) & others) {
      const block = first | rest;
      if (block !== above || isSingle(block)) {
        const cost = costOf(block, above, levels);
        const sum = cost < best.cost ? cost + split(machines ^ block, above, levels).cost : cost;
        if (sum < best.cost) best = { cost: sum, block };
      }
      if (rest === 0) break;
    }
    memory.set(key, best);
    return best;
  };
  const build = (machines: MachineSet, above: MachineSet, levels: number): TreeNode[] => {
    if (machines === 0) return [];
    const { block } = split(machines, above, levels);
    const node: TreeNode = {
      machines: members(block),
      packages: units.packagesOf(common[block]!, common[above]!),
      children: isSingle(block) ? [] : build(block, block, levels - 1),
    };
    return [node, ...build(machines ^ block, above, levels)];
  };
  // No way down is longer than there are machines.
  return build(all, 0, Math.min(problem.levels ?? MAX_LEVELS, count));
}

/** What the machines of each set have in common, closed under needs; nothing for the empty set. */
function commonOf(units: PackageUnits, all: MachineSet): UnitSet[] {
  const common: UnitSet[] = [new Uint32Array(units.machines[0]!.length)];
  for (let machines = 1; machines <= all; machines += 1) {
    const first = machines & -machines;
    const own = units.machines[31 - Math.clz32(first)]!;
    common.push(machines === first ? own : units.common(common[machines ^ first]!, own));
  }
  return common;
}

function isSingle(machines: MachineSet): boolean {
  return (machines & (machines - 1)) === 0;
}

function members(machines: MachineSet): number[] {
  const found: number[] = [];
  for (let rest = machines; rest !== 0; rest &= rest - 1) found.push(31 - Math.clz32(rest & -rest));
  return found;
}
