import { openLayers } from '../guest/layers/open-layers.js';
import { inspectPackages, PACKAGE_PATHS } from '../inspect/packages/index.js';
import { type BaseKnowledge, NO_CORRECTIONS } from '../model/base-contents.js';
import type { GroupPlan, Plan } from '../model/plan.js';
import { learnOffers } from './ask-archive.js';
import { learnByBuilding } from './ask-by-building.js';
import { type BuildOptions, buildBase } from './build-layer.js';
import { buildLeanBases } from './build-lean-base.js';
import { openSavedImage } from './build-saved-image.js';
import type { Collection } from './read-machines.js';
import type { Replan } from './replan.js';

/**
 * Builds the bases of a plan, reads what is in them, and asks their package managers what they would install; the plan
 * that comes back counts with all of that. Bases from the disk (`scratch`) need no questions.
 * @throws AppError as `buildImages`, and `archive-unreachable` where `--packages install` leaves no other way.
 */
export async function learnBases(
  plan: Plan,
  replan: Replan,
  collection: Collection,
  options: BuildOptions,
): Promise<{ plan: Plan; builtBases: ReadonlySet<string> }> {
  const knowledge = new Map<string, BaseKnowledge>();
  const builtBases = new Set<string>();
  for (const group of plan.groups) {
    if (group.base.kind === 'scratch' || !needsBase(group)) continue;
    await buildBase(plan, group, collection, options);
    builtBases.add(group.id);
    const contents = await readBase(group, options);
    if (contents !== null) knowledge.set(group.id, { ...contents, offered: null, corrections: NO_CORRECTIONS });
  }
  if (knowledge.size === 0) return { plan, builtBases };
  const asked = await learnOffers(replan(knowledge), { knowledge, replan, options });
  const learned = await learnByBuilding(asked, { knowledge, replan, collection, options });
  return { plan: await buildLeanBases(learned, collection, options), builtBases };
}

/** A base that holds a package manager's database; a root without one is only files. */
async function readBase(
  { id, base }: GroupPlan,
  { engine, workFolder, log, signal, environment, progress }: BuildOptions,
): Promise<Pick<BaseKnowledge, 'packages' | 'paths'> | null> {
  progress.step(id, `reading the packages of ${base.reference}`);
  const place = await engine.save(base.reference, workFolder, { log, signal, environment });
  const { layers } = await openSavedImage(place);
  const fs = await openLayers(layers, PACKAGE_PATHS);
  const database = await inspectPackages(fs, { archiveIndexes: false });
  if (database === null || database.packages.length === 0) return null;
  return { packages: database.packages, paths: new Set([...fs.entries()].map(({ path }) => path)) };
}

function needsBase(group: GroupPlan): boolean {
  return group.layers.some(({ kind, packages }) => kind !== 'delta' && packages.length > 0);
}
