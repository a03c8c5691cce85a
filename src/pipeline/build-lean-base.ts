import { createHash } from 'node:crypto';
import type { GroupPlan, Plan } from '../model/plan.js';
import { type BuildOptions, buildBase } from './build-layer.js';
import type { Collection } from './read-machines.js';

const MEGABYTE = 1e6;

/**
 * Builds bases again without what the layer right above them replaces. The whole base, which the package manager was
 * asked in, keeps its tag; the lean one, which starts nothing by itself, has another.
 * @returns the plan on the lean bases.
 * @throws AppError as `buildBase`.
 */
export async function buildLeanBases(plan: Plan, collection: Collection, options: BuildOptions): Promise<Plan> {
  const groups: GroupPlan[] = [];
  for (const group of plan.groups) {
    const lean = withLeanBase(group);
    if (lean !== group) await buildBase(plan, lean, collection, options);
    groups.push(lean);
  }
  return { ...plan, groups };
}

function withLeanBase(group: GroupPlan): GroupPlan {
  const replacing = group.layers.find(({ replacesBase }) => replacesBase === true);
  if (replacing === undefined) return group;
  const leftOut = replacing.paths ?? [];
  const digest = createHash('sha256').update(leftOut.join('\0')).digest('hex').slice(0, 12);
  const share = `${(replacing.size.predicted / MEGABYTE).toFixed(1)} MB in ${replacing.packages.length} packages`;
  const reason = `${group.base.reason}, without ${share} whose versions the archive lost: they lie above it, from the disk`;
  const reference = `${group.base.reference}-${digest}`;
  return { ...group, base: { ...group.base, reference, reason, leftOut } };
}
