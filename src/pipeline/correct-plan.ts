import type { BaseKnowledge, Corrections } from '../model/base-contents.js';
import { type InstalledPackage, packageIdentity } from '../model/packages.js';
import type { GroupPlan, LayerPlan, Plan } from '../model/plan.js';
import type { BuildOptions } from './build-layer.js';
import type { Replan } from './replan.js';

/** A plan, and what it was made from, while it is held against what package managers do with it. */
export interface Correcting {
  readonly knowledge: Map<string, BaseKnowledge>;
  readonly replan: Replan;
  readonly options: BuildOptions;
}

export interface Rounds {
  /** What is not settled in so many is laid down from the disk: corrections only ever grow, and each round brings one. */
  readonly most: number;
  /**
   * What has to change so that the installation brings what the plan says; null when it does.
   * @param round From 1; in late ones a chain that still differs has to be given up.
   */
  find(plan: Plan, group: GroupPlan, round: { number: number; isLate: boolean }): Promise<Corrections | null>;
}

export function groupOf(plan: Plan, id: string): GroupPlan {
  return plan.groups.find((group) => group.id === id)!;
}

export function installLayers(group: GroupPlan): LayerPlan[] {
  return group.layers.filter(({ install }) => install !== undefined);
}

/** Plans one group again and again, until its installation is what the plan says. */
export async function correctPlan(
  start: Plan,
  id: string,
  { knowledge, replan, options }: Correcting,
  { most, find }: Rounds,
): Promise<Plan> {
  let plan = start;
  for (let number = 1; installLayers(groupOf(plan, id)).length > 0; number += 1) {
    options.signal.throwIfAborted();
    const found = await find(plan, groupOf(plan, id), { number, isLate: number > most });
    if (found === null) break;
    knowledge.set(id, withCorrections(knowledge.get(id)!, found));
    plan = replan(knowledge);
  }
  return plan;
}

/**
 * The layers of each installation that is tried as a whole, lowest first: from above the base up to an installing layer
 * that no other one installs on.
 */
export function topmostChains(group: GroupPlan): LayerPlan[][] {
  const byId = new Map(group.layers.map((layer) => [layer.id, layer]));
  const chains = installLayers(group).map((layer) => {
    const chain: LayerPlan[] = [];
    for (let each: LayerPlan | undefined = layer; each !== undefined; each = byId.get(each.parent ?? '')) {
      if (each.kind !== 'base') chain.unshift(each);
    }
    return chain;
  });
  return chains.filter(
    (chain) => !chains.some((other) => other.length > chain.length && other.includes(chain.at(-1)!)),
  );
}

export function correction(found: Partial<Corrections>): Corrections {
  return { fromDisk: new Map(), named: new Set(), unwanted: new Set(), ...found };
}

/** Every package that a package manager was to install in the layers, with the reason why it does not. */
export function fromDisk(chain: readonly LayerPlan[], reason: string): ReadonlyMap<string, string> {
  const items: readonly InstalledPackage[] = chain
    .filter(({ install }) => install !== undefined)
    .flatMap(({ packages }) => packages);
  return new Map(items.map((item) => [packageIdentity(item), reason]));
}

function withCorrections(known: BaseKnowledge, found: Corrections): BaseKnowledge {
  const { fromDisk, named, unwanted } = known.corrections;
  return {
    ...known,
    corrections: {
      fromDisk: new Map([...fromDisk, ...found.fromDisk]),
      named: new Set([...named, ...found.named]),
      unwanted: new Set([...unwanted, ...found.unwanted]),
    },
  };
}
