import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { exactDelta } from '../diff/delta.js';
import { machineSnapshot } from '../diff/machine-snapshot.js';
import type { LayerPlan, Plan } from '../model/plan.js';
import { REUSE_FOLDER } from '../render/dockerfile/reuse.js';
import { layerFolder, layerTag } from '../render/layout.js';
import { type BuildSession, buildLayer, layersOf } from './build-layer.js';
import { reuseBelow, withoutReused } from './build-reuse.js';
import { openSavedImage, type SavedImage } from './build-saved-image.js';
import { EMPTY_SNAPSHOT, type ImageSnapshot, snapshotOf } from './build-snapshot.js';
import { type Verification, verifySnapshot } from './build-verification.js';
import { requireSpace } from './disk-space.js';
import type { CollectedMachine } from './read-machines.js';
import { onlyLayers, writeArchives } from './write-archives.js';

export interface BuiltDelta {
  readonly layer: LayerPlan;
  /** The image that the delta lies on. */
  readonly below: ImageSnapshot;
  /** Null when it was not asked for. */
  readonly verification: Verification | null;
}

/**
 * Reads the image below a machine's delta back, ships what differs, builds it, and reads the whole image back.
 * @param known A snapshot that may share layers with the image below.
 */
export async function buildDelta(session: BuildSession, planned: LayerPlan, known: ImageSnapshot): Promise<BuiltDelta> {
  const { plan, group, options, collection } = session;
  const { engine, output, strictTimes, workFolder, signal } = options;
  const vm = planned.vms[0]!;
  const collected = collection.machines.find((each) => each.machine.source.name === vm) as CollectedMachine;
  const wanted = machineSnapshot(collected.machine);
  const parent = group.layers.find(({ id }) => id === planned.parent)!;
  const chain = plan.machines.find(({ name }) => name === vm)!.chain;
  const chainBytes = group.layers
    .filter(({ id, kind }) => kind !== 'delta' && chain.includes(id))
    .reduce((sum, { tar }) => sum + tar.predicted, 0);
  const below = await readBack(session, layerTag(plan, group, parent), {
    ...{ vm, known },
    newBytes: known === EMPTY_SNAPSHOT ? chainBytes : 0,
  });
  options.progress.step(vm, 'comparing');
  const delta = exactDelta(wanted, below.snapshot.tree, {
    strictTimes,
    deletesNetworkFiles: engine.leavesNetworkFilesAlone,
  });
  const reused = await reuseBelow({
    strategy: options.diff,
    machine: collected,
    wanted,
    below: { tree: below.snapshot.tree, image: below.image },
    delta,
    target: join(output.stagingPath, layerFolder(plan, group, planned), REUSE_FOLDER),
    workFolder,
    architecture: group.os.architecture,
    signal,
  });
  await below.release();
  const layer: LayerPlan = {
    ...planned,
    paths: withoutReused(delta.paths, reused),
    deletions: delta.deletions,
    ...(reused.length === 0 ? {} : { reused }),
  };
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
  const whole = await readBack(session, layerTag(plan, group, layer), {
    ...{ vm, known: below.snapshot },
    newBytes: planned.tar.predicted,
  });
  await whole.release();
  await measureChain(session, chain, whole.snapshot);
  if (!options.verify) return { layer, below: below.snapshot, verification: null };
  const verification = verifySnapshot(wanted, whole.snapshot, {
    strictTimes,
    deltaFrom: below.snapshot.layers.length,
    keepsUserAttributes: engine.keepsUserAttributes,
  });
  return { layer, below: below.snapshot, verification };
}

/** Whose layers of the image are whose: each image of the chain begins with those of the one below. */
async function measureChain(
  { plan, group, options, built }: BuildSession,
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

interface ReadBack {
  readonly snapshot: ImageSnapshot;
  readonly image: SavedImage;
  /** Frees what the image was saved to, where nothing else shares it. */
  release(): Promise<void>;
}

/** The image as its layers have it, whatever the build said it did. */
async function readBack(
  { options }: BuildSession,
  tag: string,
  { vm, known, newBytes }: { readonly vm: string; readonly known: ImageSnapshot; readonly newBytes: number },
): Promise<ReadBack> {
  const { engine, workFolder, log, signal, environment } = options;
  options.progress.step(vm, `reading ${tag} back`);
  await requireSpace(workFolder, newBytes, 'the layers of the image');
  const place = await engine.save(tag, workFolder, { log, signal, environment });
  const image = await openSavedImage(place);
  return {
    snapshot: await snapshotOf(image, { ...options, known, machine: vm }),
    image,
    async release() {
      if (place.kind === 'docker-archive') await rm(place.path, { force: true });
    },
  };
}
