import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { exactDelta } from '../diff/delta.js';
import { machineSnapshot } from '../diff/machine-snapshot.js';
import type { Engine } from '../engine/index.js';
import { AppError } from '../errors.js';
import type { GroupPlan, LayerPlan, Plan } from '../model/plan.js';
import { machineMetrics } from '../plan/metrics.js';
import { deletionList } from '../render/dockerfile/deletions.js';
import { layerDockerfile } from '../render/dockerfile/dockerfile.js';
import { layerArchive, layerFolder, layerTag } from '../render/layout.js';
import type { BuiltSizes } from '../render/report.js';
import type { RunContext } from './analyze.js';
import { bootstrapRoot } from './build-bases.js';
import { openSavedImage } from './build-saved-image.js';
import { EMPTY_SNAPSHOT, type ImageSnapshot, snapshotOf } from './build-snapshot.js';
import { type Verification, verifySnapshot } from './build-verification.js';
import type { OutputFolder } from './output-folder.js';
import type { CollectedMachine, Collection } from './read-machines.js';
import { writeArchives } from './write-archives.js';

export interface BuildOptions extends RunContext {
  readonly engine: Engine;
  readonly output: OutputFolder;
  /** Folder for saved images; its owner removes it. */
  readonly workFolder: string;
  readonly log: (line: string) => void;
  /** Of the programs that build. */
  readonly environment: Readonly<Record<string, string>>;
  /** Differences in time alone go into the deltas, and are compared. */
  readonly strictTimes: boolean;
  readonly verify: boolean;
  /** Builds again what the engine has of an earlier run. */
  readonly fresh: boolean;
  /** Groups whose bases this run has built already. */
  readonly builtBases?: ReadonlySet<string>;
}

export interface BuiltImages {
  /** The plan with the deltas as they came out, and with metrics measured beside those predicted. */
  readonly plan: Plan;
  /** By layer id. */
  readonly built: ReadonlyMap<string, BuiltSizes>;
  /** One for each machine, when asked for. */
  readonly verifications: readonly (Verification & { readonly vm: string })[];
}

/** By this label a later run knows what an image was built of, and takes it instead of building it again. */
const CONTEXT_LABEL = 'io.vm2docker.context';

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
  const built = new Map<string, BuiltSizes>();
  const verifications: (Verification & { vm: string })[] = [];
  const groups: GroupPlan[] = [];
  for (const group of plan.groups) {
    const session = { plan, group, options, built, collection };
    for (const layer of group.layers) {
      const isBuilt = layer.kind === 'base' && options.builtBases?.has(group.id) === true;
      if (layer.kind !== 'delta' && !isBuilt) await buildLayer(session, layer);
    }
    let known = EMPTY_SNAPSHOT;
    const layers: LayerPlan[] = [];
    for (const layer of group.layers) {
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

/** Builds the base of a group alone, so that its package manager can be asked before the rest is planned. */
export async function buildBase(
  plan: Plan,
  group: GroupPlan,
  collection: Collection,
  options: BuildOptions,
): Promise<void> {
  const session = { plan, group, options, built: new Map(), collection };
  for (const layer of group.layers) if (layer.kind === 'base') await buildLayer(session, layer);
}

interface Session {
  readonly plan: Plan;
  readonly group: GroupPlan;
  readonly options: BuildOptions;
  readonly built: Map<string, BuiltSizes>;
  readonly collection: Collection;
}

async function buildLayer({ plan, group, options }: Session, layer: LayerPlan): Promise<void> {
  if (layer.kind === 'base' && group.base.kind === 'public') return;
  const { engine, output, progress, signal, log, environment } = options;
  signal.throwIfAborted();
  const folder = layerFolder(plan, group, layer);
  const tag = layerTag(plan, group, layer);
  const dockerfile = layerDockerfile(plan, group, layer);
  await output.write(`${folder}/Dockerfile`, dockerfile);
  if (layer.kind === 'delta') await output.write(`${folder}/deletions`, deletionList(layer.deletions ?? []));
  const archive = layerArchive(plan, group, layer);
  const bootstrap = layer.kind === 'base' ? group.base.bootstrap : undefined;
  const parent = group.layers.find(({ id }) => id === layer.parent);
  const below = parent === undefined ? [] : await layersOf(engine, layerTag(plan, group, parent));
  const context = createHash('sha256').update(JSON.stringify([dockerfile, below, bootstrap ?? null]));
  if (layer.kind === 'delta') context.update(deletionList(layer.deletions ?? []));
  const file = archive === null ? null : join(output.stagingPath, archive);
  if (file !== null && bootstrap === undefined) await hashFile(file, (chunk) => context.update(chunk));
  const labels = { [CONTEXT_LABEL]: context.digest('hex') };
  const vm = layer.kind === 'delta' ? layer.vms[0]! : group.id;
  const present = options.fresh ? null : await engine.image(tag);
  if (present?.labels[CONTEXT_LABEL] === labels[CONTEXT_LABEL]) {
    progress.step(vm, `${tag} is built already`);
    return;
  }
  if (bootstrap !== undefined) {
    progress.step(vm, `bootstrapping ${bootstrap.suite}`);
    await bootstrapRoot(bootstrap, file!, { log, signal, environment });
  }
  progress.step(vm, `building ${tag}`);
  log(`### ${tag}`);
  const needsNetwork = layer.mode === 'install';
  await engine.build(
    { folder: join(output.stagingPath, folder), tag, labels, needsNetwork },
    { log, signal, environment },
  );
}

async function buildDelta(
  session: Session,
  planned: LayerPlan,
  known: ImageSnapshot,
): Promise<{ layer: LayerPlan; below: ImageSnapshot; verification: Verification | null }> {
  const { plan, group, options, collection } = session;
  const { engine, output, strictTimes } = options;
  const vm = planned.vms[0]!;
  const { machine } = collection.machines.find((each) => each.machine.source.name === vm) as CollectedMachine;
  const wanted = machineSnapshot(machine);
  const parent = group.layers.find(({ id }) => id === planned.parent)!;
  const below = await readBack(session, layerTag(plan, group, parent), vm, known);
  options.progress.step(vm, 'comparing');
  const delta = exactDelta(wanted, below.tree, { strictTimes });
  const layer: LayerPlan = { ...planned, paths: delta.paths, deletions: delta.deletions };
  const exact: Plan = {
    ...plan,
    groups: [{ ...group, layers: group.layers.map((each) => (each.id === layer.id ? layer : each)) }],
  };
  await writeArchives(
    output,
    onlyLayers(exact, ({ id }) => id === layer.id),
    collection,
    options,
  );
  await buildLayer({ ...session, plan: exact, group: exact.groups[0]! }, layer);
  const whole = await readBack(session, layerTag(plan, group, layer), vm, below);
  await measureChain(session, plan.machines.find(({ name }) => name === vm)!.chain, whole);
  if (!options.verify) return { layer, below, verification: null };
  const verification = verifySnapshot(wanted, whole, {
    strictTimes,
    deltaFrom: below.layers.length,
    keepsUserAttributes: engine.keepsUserAttributes,
  });
  return { layer, below, verification };
}

/** Whose layers of the image are whose: each image of the chain begins with those of the one below. */
async function measureChain(
  { plan, group, options, built }: Session,
  chain: readonly string[],
  image: ImageSnapshot,
): Promise<void> {
  let from = 0;
  for (const id of chain) {
    const layer = group.layers.find((each) => each.id === id)!;
    const end = (await layersOf(options.engine, layerTag(plan, group, layer))).length;
    const own = image.layers.slice(from, end);
    built.set(id, {
      size: own.reduce((sum, { size }) => sum + size, 0),
      tar: own.reduce((sum, { tar }) => sum + tar, 0),
    });
    from = end;
  }
}

/** The image as its layers have it, whatever the build said it did. */
async function readBack({ options }: Session, tag: string, vm: string, known: ImageSnapshot): Promise<ImageSnapshot> {
  const { engine, workFolder, log, signal, environment } = options;
  options.progress.step(vm, `reading ${tag} back`);
  const place = await engine.save(tag, workFolder, { log, signal, environment });
  const snapshot = await snapshotOf(await openSavedImage(place), { ...options, known, machine: vm });
  if (place.kind === 'docker-archive') await rm(place.path, { force: true });
  return snapshot;
}

async function layersOf(engine: Engine, tag: string): Promise<readonly string[]> {
  const image = await engine.image(tag);
  if (image !== null) return image.layers;
  throw new AppError('engine-failed', `${engine.name} has lost the image ${tag}`, {
    todo: 'Something removed it while the others were built; run the command again.',
  });
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

function onlyLayers(plan: Plan, wanted: (layer: LayerPlan) => boolean): Plan {
  return { ...plan, groups: plan.groups.map((group) => ({ ...group, layers: group.layers.filter(wanted) })) };
}

async function hashFile(file: string, update: (chunk: Buffer) => void): Promise<void> {
  update(Buffer.from(String((await stat(file)).size)));
  for await (const chunk of createReadStream(file, { highWaterMark: 1024 * 1024 })) update(chunk as Buffer);
}
