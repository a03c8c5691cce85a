import type { InspectedMachine } from '../model/inspected.js';
import { comparePaths } from '../model/path.js';
import type { GroupPlan, MachinePlan, Plan, PlanOptions } from '../model/plan.js';
import { indexFiles } from './files.js';
import { groupMachines } from './groups.js';
import { planGroup } from './plan-group.js';

/**
 * Decides what the images of the machines are made of: groups, bases, package layers, deltas, sizes. Pure: the same
 * machines and options give the same plan, whatever their order.
 */
export function planMachines(machines: readonly InspectedMachine[], options: PlanOptions): Plan {
  const groups: GroupPlan[] = [];
  const planned: MachinePlan[] = [];
  for (const group of groupMachines(machines)) {
    const result = planGroup(group, group.machines.map(indexFiles), options);
    groups.push(result.group);
    planned.push(...result.machines);
  }
  return { groups, machines: planned.sort((a, b) => comparePaths(a.name, b.name)) };
}
