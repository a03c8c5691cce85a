import { rm } from 'node:fs/promises';
import { machineSnapshot } from '../diff/machine-snapshot.js';
import { type OversizedQuestion, oversizedFiles } from '../diff/oversized.js';
import type { LayerPlan } from '../model/plan.js';
import { layerTag } from '../render/layout.js';
import { type BuildSession, buildLayer, layersOf, TRIMMED_LABEL } from './build-layer.js';
import { openSavedImage } from './build-saved-image.js';
import { type ImageSnapshot, snapshotOf } from './build-snapshot.js';

/**
 * Builds a layer that installs, and once more where it turned out to hold large files that no machine keeps as they are
 * (a fresh database and its log): they would lie in the images twice. The second time the same command removes them. An
 * image of an earlier run says by a label what was removed from it, so that it is taken as it is.
 * @param known What lies below, as far as it was read.
 * @returns the layer with the files that its Dockerfile removes, and the image as it was read, if it was.
 */
export async function buildInstallLayer(
  session: BuildSession,
  layer: LayerPlan,
  known: ImageSnapshot,
): Promise<{ layer: LayerPlan; known: ImageSnapshot }> {
  const { plan, group, options, collection } = session;
  await buildLayer(session, layer);
  if (layer.install?.manager !== 'dpkg') return { layer, known };
  const tag = layerTag(plan, group, layer);
  const removed = removedBefore((await options.engine.image(tag))?.labels[TRIMMED_LABEL]);
  if (removed !== null) {
    const trimmed = withOversized(layer, removed);
    await buildLayer(session, trimmed);
    return { layer: trimmed, known };
  }
  const image = await readImage(session, tag, known);
  const parent = group.layers.find(({ id }) => id === layer.parent)!;
  const question: OversizedQuestion = {
    image: image.tree,
    from: (await layersOf(options.engine, layerTag(plan, group, parent))).length,
    machines: function* () {
      for (const { machine } of collection.machines) {
        if (layer.vms.includes(machine.source.name)) yield machineSnapshot(machine);
      }
    },
  };
  const oversized = oversizedFiles(question);
  if (oversized.length === 0) return { layer, known: image };
  options.progress.step(
    group.id,
    `building ${tag} again without ${oversized.length === 1 ? 'a large file' : `${oversized.length} large files`} that no machine keeps`,
  );
  const trimmed = withOversized(layer, oversized);
  await buildLayer(session, trimmed);
  return { layer: trimmed, known };
}

function withOversized(layer: LayerPlan, oversized: readonly string[]): LayerPlan {
  return { ...layer, install: { ...layer.install!, oversized } };
}

/** The label is ours, and still the engine's to hold: what is no list of plain paths counts as none. */
function removedBefore(label: string | undefined): string[] | null {
  if (label === undefined) return null;
  try {
    const paths: unknown = JSON.parse(label);
    const isPath = (path: unknown): path is string => typeof path === 'string' && /^\/[\x20-\x7e]+$/.test(path);
    return Array.isArray(paths) && paths.every(isPath) ? paths : null;
  } catch {
    return null;
  }
}

async function readImage({ group, options }: BuildSession, tag: string, known: ImageSnapshot): Promise<ImageSnapshot> {
  const { engine, workFolder, log, signal, environment, progress } = options;
  progress.step(group.id, `looking for large files in ${tag}`);
  const place = await engine.save(tag, workFolder, { log, signal, environment });
  try {
    return await snapshotOf(await openSavedImage(place), { ...options, known, machine: group.id });
  } finally {
    if (place.kind === 'docker-archive') await rm(place.path, { force: true });
  }
}
