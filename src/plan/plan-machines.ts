import type { BaseKnowledge } from '../model/base-contents.js';
import { machineImage } from '../model/image-name.js';
import type { InspectedMachine } from '../model/inspected.js';
import { comparePaths } from '../model/path.js';
import type { GroupPlan, MachinePlan, Plan, PlanOptions } from '../model/plan.js';
import { planContainers } from './containers/plan-containers.js';
import { indexFiles } from './files.js';
import { groupMachines } from './groups.js';
import { planGroup } from './plan-group.js';

/** By group id what an engine told of its base. */
export type Knowledge = ReadonlyMap<string, BaseKnowledge>;

/**
 * Decides what the images of the machines are made of: groups, bases, package layers, deltas, sizes. Pure: the same
 * machines and options give the same plan, whatever their order.
 */
export function planMachines(
  machines: readonly InspectedMachine[],
  options: PlanOptions,
  knowledge: Knowledge = new Map(),
): Plan {
  const groups: GroupPlan[] = [];
  const planned: MachinePlan[] = [];
  for (const group of groupMachines(machines)) {
    const result = planGroup(group, group.machines.map(indexFiles), options, knowledge.get(group.id) ?? null);
    groups.push(result.group);
    planned.push(...result.machines);
  }
  const sorted = planned.sort((a, b) => comparePaths(a.name, b.name));
  return { groups, machines: withContainers(sorted, machines, options) };
}

/** In the order of names, so that a number which tells two images apart does not depend on the command line. */
function withContainers(
  planned: readonly MachinePlan[],
  machines: readonly InspectedMachine[],
  options: PlanOptions,
): MachinePlan[] {
  const byName = new Map(machines.map((machine) => [machine.source.name, machine]));
  const takenImages = new Set(planned.map(machineImage));
  return planned.map((machine) => {
    const inspected = byName.get(machine.name)!;
    const containers = planContainers(inspected, {
      image: machineImage(machine),
      takenImages,
      include: options.includeServices ?? [],
    });
    const folder = containers.services[0]?.workingDirectory ?? null;
    const hasFolder = folder !== null && inspected.files.records.get(folder)?.entry.type === 'directory';
    const workingDirectory = hasFolder && containers.services.length === 1 ? { workingDirectory: folder } : {};
    return { ...machine, containers, ...workingDirectory, problems: [...machine.problems, ...containers.problems] };
  });
}
