import { AppError } from '../errors.js';
import { openLayers } from '../guest/layers/open-layers.js';
import { inspectPackages, PACKAGE_PATHS } from '../inspect/packages/index.js';
import type { BaseKnowledge, Corrections } from '../model/base-contents.js';
import { type InstalledPackage, type PackageDatabase, packageIdentity, packageKey } from '../model/packages.js';
import type { GroupPlan, LayerPlan, Plan } from '../model/plan.js';
import { installName } from '../plan/layers/package-layers.js';
import { baseClosure } from '../plan/resolver/base-closure.js';
import { indexPackages } from '../plan/resolver/package-index.js';
import { layerTag } from '../render/layout.js';
import { askOffers, compareVersions, programOf } from './ask-offers.js';
import { type BuildOptions, buildLayer } from './build-layer.js';
import { openSavedImage } from './build-saved-image.js';
import {
  type Correcting,
  correction,
  correctPlan,
  fromDisk,
  groupOf,
  installLayers,
  topmostChains,
} from './correct-plan.js';
import type { Collection } from './read-machines.js';
import { onlyLayers, writeArchives } from './write-archives.js';

interface Asking extends Correcting {
  readonly collection: Collection;
}

/** Each costs a build. */
const MAX_ROUNDS = 4;

/**
 * For the families other than dpkg's: asks the manager of each base which versions its archives have, builds the layers
 * that are planned with that, and reads back what they hold; the plan is corrected until that is what it says. These
 * managers print what they would do for people alone, and the layers have to be built anyway: when nothing differs,
 * nothing was built twice.
 * @throws AppError `engine-failed`.
 */
export async function learnByBuilding(informed: Plan, asking: Asking): Promise<Plan> {
  const { knowledge, replan, options } = asking;
  let plan = informed;
  for (const { id } of informed.groups) {
    const group = groupOf(plan, id);
    const first = installLayers(group)[0]?.install;
    const known = knowledge.get(id);
    if (first === undefined || first.manager === 'dpkg' || known === undefined) continue;
    const program = programOf(group, first, known.packages);
    const offered = await askOffers(group, { ...first, program }, options);
    knowledge.set(id, {
      packages: withEssential(known.packages, group, first.manager),
      program,
      offered,
      corrections: { ...known.corrections, named: notNewest(group, offered, first.manager) },
    });
    plan = await correctPlan(replan(knowledge), id, asking, {
      most: MAX_ROUNDS,
      find: (tried, its, { isLate }) => tryLayers(tried, its, asking, isLate),
    });
  }
  return plan;
}

/** Removing what its own package manager needs would end the build; that is left to the deltas. */
function withEssential(
  packages: readonly InstalledPackage[],
  { os }: GroupPlan,
  manager: PackageDatabase['manager'],
): InstalledPackage[] {
  const closure = baseClosure(indexPackages(packages, manager, os.architecture), manager, os);
  return packages.map((item, node) => (closure.has(node) ? { ...item, essential: true } : item));
}

/** A resolver left alone takes the newest version: what the machines have in an older one has to be named. */
function notNewest(
  group: GroupPlan,
  offered: BaseKnowledge['offered'],
  manager: PackageDatabase['manager'],
): Set<string> {
  const compare = compareVersions(manager);
  const older = group.layers
    .flatMap(({ packages }) => packages)
    .filter((item) => {
      const versions = offered?.get(installName(item, group.os.architecture));
      return [...(versions ?? [])].some((version) => compare(version, item.version) > 0);
    });
  return new Set(older.map(packageIdentity));
}

/** What has to change so that the layers hold what the plan says; null when they do. */
async function tryLayers(plan: Plan, group: GroupPlan, asking: Asking, isLate: boolean): Promise<Corrections | null> {
  const { collection, options } = asking;
  const session = { plan, group, options, built: new Map(), collection };
  for (const chain of topmostChains(group)) {
    const isInChain = ({ id }: LayerPlan): boolean => chain.some((layer) => layer.id === id);
    await writeArchives(options.output, onlyLayers(plan, isInChain), collection, options);
    for (const layer of chain) {
      try {
        await buildLayer(session, layer);
      } catch (error) {
        if (layer.install === undefined || !(error instanceof AppError) || error.code !== 'build-failed') throw error;
        options.progress.note(`${error.message}: its packages are laid down from the disk`);
        return correction({ fromDisk: fromDisk([layer], 'its archive cannot install it together with the others') });
      }
    }
    const present = await packagesOf(layerTag(plan, group, chain.at(-1)!), group, options);
    const found = compareWithPlan(chain, present, group, collection);
    if (found === null) continue;
    return isLate ? { ...found, fromDisk: fromDisk(chain, 'its archive brings something else') } : found;
  }
  return null;
}

async function packagesOf(
  tag: string,
  { id }: GroupPlan,
  { engine, workFolder, log, signal, environment, progress }: BuildOptions,
): Promise<readonly InstalledPackage[]> {
  progress.step(id, `reading the packages of ${tag}`);
  const { layers } = await openSavedImage(await engine.save(tag, workFolder, { log, signal, environment }));
  const fs = await openLayers(layers, PACKAGE_PATHS);
  return (await inspectPackages(fs, { archiveIndexes: false }))?.packages ?? [];
}

/** Compares what a chain installed with what it was to install. Packages from the disk are not in its database. */
export function compareWithPlan(
  chain: readonly LayerPlan[],
  present: readonly InstalledPackage[],
  group: GroupPlan,
  collection: Pick<Collection, 'machines'>,
): Corrections | null {
  const identities = new Set(present.map(packageIdentity));
  const keys = new Set(present.map(packageKey));
  const named = new Set<string>();
  const given = new Map<string, string>();
  for (const { install, packages } of chain) {
    if (install === undefined) continue;
    const pinned = new Set(install.pins.flatMap((pin) => pin.packages.map((name) => `${name}=${pin.version}`)));
    for (const item of packages) {
      const identity = packageIdentity(item);
      if (identities.has(identity)) continue;
      const name = installName(item, group.os.architecture);
      // In a version that the archive does not have it was not asked for: the delta makes up for that.
      if (keys.has(packageKey(item)) && !pinned.has(`${name}=${item.version}`)) continue;
      if (install.named.includes(name)) given.set(identity, 'the package manager does not install it');
      else named.add(identity);
    }
  }
  const vms = new Set(chain.at(-1)!.vms);
  const known = new Set(
    collection.machines
      .filter(({ machine }) => vms.has(machine.source.name))
      .flatMap(({ machine }) => machine.packages?.packages ?? [])
      .map(({ name }) => name),
  );
  const inBase = new Set(group.base.packages);
  const planned = new Set(chain.flatMap(({ packages }) => packages.map(({ name }) => name)));
  const unwanted = present
    .map(({ name }) => name)
    .filter((name) => !known.has(name) && !planned.has(name) && !inBase.has(name));
  const fresh = unwanted.filter((name) => !chain.some(({ install }) => install?.remove.includes(name) === true));
  const isSame = named.size === 0 && given.size === 0 && fresh.length === 0;
  return isSame ? null : { named, fromDisk: given, unwanted: new Set(fresh) };
}
