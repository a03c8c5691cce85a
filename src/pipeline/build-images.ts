import type { GroupPlan, LayerPlan, Plan } from '../model/plan.js';
import { machineMetrics } from '../plan/metrics.js';
import type { BuiltSizes } from '../render/report.js';
import { buildDelta } from './build-delta.js';
import { type BuildOptions, buildLayer } from './build-layer.js';
import { EMPTY_SNAPSHOT } from './build-snapshot.js';
import { buildInstallLayer } from './build-trimmed.js';
import type { Verification } from './build-verification.js';
import { placeLocalPackages } from './local-packages.js';
import type { Collection } from './read-machines.js';
import { onlyLayers, writeArchives } from './write-archives.js';

export interface BuiltImages {
  /** The plan with the deltas as they came out, and with metrics measured beside those predicted. */
  readonly plan: Plan;
  /** By layer id. */
  readonly built: ReadonlyMap<string, BuiltSizes>;
  /** One for each machine, when asked for. */
  readonly verifications: readonly (Verification & { readonly vm: string })[];
}

/**
 * Builds every image of the plan: bases and shared layers from their written contexts, then for each machine the exact
 * delta between what lies below, read back from its layers, and the machine.
 * @throws AppError `build-failed`, `base-image-missing`, `engine-failed`, `interrupted`.
 */
export async function buildImages(plan: Plan, collection: Collection, options: BuildOptions): Promise<BuiltImages> {
  await writeArchives(
    options.output,
    onlyLayers(plan, ({ kind }) => kind !== 'delta'),
    collection,
    options,
  );
  await placeLocalPackages(plan, options.output);
  const built = new Map<string, BuiltSizes>();
  const verifications: (Verification & { vm: string })[] = [];
  const groups: GroupPlan[] = [];
  for (const group of plan.groups) {
    let known = EMPTY_SNAPSHOT;
    const shared: LayerPlan[] = [];
    for (const layer of group.layers) {
      const isBuilt = layer.kind === 'base' && options.builtBases?.has(group.id) === true;
      const session = { plan, group, options, built, collection };
      if (layer.install !== undefined) {
        const result = await buildInstallLayer(session, layer, known);
        known = result.known;
        shared.push(result.layer);
        continue;
      }
      if (layer.kind !== 'delta' && !isBuilt) await buildLayer(session, layer);
      shared.push(layer);
    }
    const session = { plan, group: { ...group, layers: shared }, options, built, collection };
    const layers: LayerPlan[] = [];
    for (const layer of shared) {
      if (layer.kind !== 'delta') {
        layers.push(layer);
        continue;
      }
      const result = await buildDelta(session, layer, known);
      known = result.below;
      layers.push(result.layer);
      if (result.verification !== null) verifications.push({ vm: layer.vms[0]!, ...result.verification });
    }
    groups.push(withMeasuredMetrics({ ...group, layers }, plan, built));
  }
  return { plan: { ...plan, groups }, built, verifications };
}

function withMeasuredMetrics(group: GroupPlan, plan: Plan, built: ReadonlyMap<string, BuiltSizes>): GroupPlan {
  const measured = plan.machines
    .filter(({ name }) => group.vms.includes(name))
    .map(({ name, chain, sizes }) =>
      machineMetrics(
        {
          vm: name,
          basis: 'built',
          beta: sizes.bare,
          chain: group.layers.filter(({ id }) => chain.includes(id)),
          groupSize: group.vms.length,
        },
        ({ id }) => built.get(id)?.size ?? 0,
      ),
    );
  return { ...group, metrics: [...group.metrics, ...measured] };
}
