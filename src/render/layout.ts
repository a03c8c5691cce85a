import { machineImage } from '../model/image-name.js';
import type { GroupPlan, LayerPlan, MachinePlan, Plan } from '../model/plan.js';

/** Where things lie in the output folder, and what images are called; the one place that knows. */

/** Folder of the build context of a layer. */
export function layerFolder(plan: Plan, group: GroupPlan, layer: LayerPlan): string {
  if (layer.kind === 'base') return `base/${group.id}`;
  if (layer.kind === 'delta') return `vms/${machineOf(plan, layer).slug}`;
  return `layers/${layer.id}`;
}

/** Path of the archive that a layer's Dockerfile adds; null when the layer has none. */
export function layerArchive(plan: Plan, group: GroupPlan, layer: LayerPlan): string | null {
  const folder = layerFolder(plan, group, layer);
  if (layer.kind === 'delta') return `${folder}/delta.tar`;
  if (layer.kind === 'base') return group.base.kind === 'public' ? null : `${folder}/rootfs.tar`;
  return layer.paths === undefined ? null : `${folder}/${layer.kind}.tar`;
}

/** The tag of the image that a layer ends in. */
export function layerTag(plan: Plan, group: GroupPlan, layer: LayerPlan): string {
  if (layer.kind === 'base') return group.base.reference;
  return layer.kind === 'delta' ? machineImage(machineOf(plan, layer)) : `vm2docker/${layer.id}`;
}

/** Every archive that has to be written from a disk: whose, and from which machine. */
export function diskArchives(plan: Plan): { path: string; group: GroupPlan; layer: LayerPlan; vm: string }[] {
  return plan.groups.flatMap((group) =>
    group.layers.flatMap((layer) => {
      const path = layerArchive(plan, group, layer);
      return path === null || layer.paths === undefined ? [] : [{ path, group, layer, vm: layer.vms[0]! }];
    }),
  );
}

function machineOf(plan: Plan, layer: LayerPlan): MachinePlan {
  return plan.machines.find(({ name }) => name === layer.vms[0])!;
}
