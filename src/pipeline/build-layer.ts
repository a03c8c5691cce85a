import { createHash, type Hash } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Engine } from '../engine/index.js';
import { AppError } from '../errors.js';
import type { GroupPlan, InstallPlan, LayerPlan, Plan } from '../model/plan.js';
import { CREDENTIALS_SECRET } from '../render/dockerfile/apt-setting.js';
import { deletionList } from '../render/dockerfile/deletions.js';
import { layerDockerfile, mountsOf } from '../render/dockerfile/dockerfile.js';
import { REUSE_FOLDER, STAGE_ARGUMENT, STAGE_LABEL } from '../render/dockerfile/reuse.js';
import { layerArchive, layerFolder, layerTag } from '../render/layout.js';
import type { BuiltSizes } from '../render/report.js';
import type { RunContext } from './analyze.js';
import { bootstrapRoot } from './bootstrap-root.js';
import type { DiffStrategy } from './build-reuse.js';
import { leaveOut } from './lean-root.js';
import { DEBS_FOLDER } from './local-packages.js';
import type { OutputFolder } from './output-folder.js';
import type { Collection } from './read-machines.js';
import { restoreRoot } from './restore-root.js';

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
  /** How the content of changed files gets into the deltas. */
  readonly diff: DiffStrategy;
  readonly verify: boolean;
  /** Builds again what the engine has of an earlier run. */
  readonly fresh: boolean;
  /** By group the file of what its archives ask for (`build-credentials.ts`). */
  readonly credentials?: ReadonlyMap<string, string>;
  /** Groups whose bases this run has built already. */
  readonly builtBases?: ReadonlySet<string>;
}

/** By this label a later run knows what an image was built of, and takes it instead of building it again. */
export const CONTEXT_LABEL = 'io.vm2docker.context';

/** By this one it knows what the command that installs removed again (`build-trimmed.ts`): a list in JSON. */
export const TRIMMED_LABEL = 'io.vm2docker.trimmed';

/** The layers of one group while they are built. */
export interface BuildSession {
  readonly plan: Plan;
  readonly group: GroupPlan;
  readonly options: BuildOptions;
  /** Measured sizes by layer id, filled as images are read back. */
  readonly built: Map<string, BuiltSizes>;
  readonly collection: Collection;
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

/**
 * Writes the context of a layer and builds it, unless the engine has an image of exactly that context.
 * @throws AppError `build-failed`, `engine-failed`, `program-failed` when a base cannot be bootstrapped.
 */
export async function buildLayer({ plan, group, options }: BuildSession, layer: LayerPlan): Promise<void> {
  if (layer.kind === 'base' && group.base.kind === 'public') return;
  const { engine, output, progress, signal, log, environment } = options;
  signal.throwIfAborted();
  const folder = layerFolder(plan, group, layer);
  const tag = layerTag(plan, group, layer);
  const dockerfile = layerDockerfile(plan, group, layer);
  await output.write(`${folder}/Dockerfile`, dockerfile);
  if (layer.kind === 'delta') await output.write(`${folder}/deletions`, deletionList(layer.deletions ?? []));
  // What was removed is an answer of the build, and no part of the question.
  const { oversized, ...install } = layer.install ?? {};
  const asked =
    oversized === undefined ? dockerfile : layerDockerfile(plan, group, { ...layer, install: install as InstallPlan });
  const archive = layerArchive(plan, group, layer);
  const bootstrap = layer.kind === 'base' ? group.base.bootstrap : undefined;
  const parent = group.layers.find(({ id }) => id === layer.parent);
  const below = parent === undefined ? [] : await layersOf(engine, layerTag(plan, group, parent));
  const leftOut = layer.kind === 'base' ? group.base.leftOut : undefined;
  const context = createHash('sha256').update(
    JSON.stringify([asked, below, bootstrap ?? null, ...(leftOut === undefined ? [] : [leftOut])]),
  );
  if (layer.kind === 'delta') context.update(deletionList(layer.deletions ?? []));
  if (layer.reused !== undefined) await hashFolder(join(output.stagingPath, folder, REUSE_FOLDER), context);
  if (layer.install?.debs !== undefined) await hashFolder(join(output.stagingPath, folder, DEBS_FOLDER), context);
  const file = archive === null ? null : join(output.stagingPath, archive);
  if (file !== null && bootstrap === undefined) await hashFile(file, context);
  const labels = {
    [CONTEXT_LABEL]: context.digest('hex'),
    ...(oversized === undefined ? {} : { [TRIMMED_LABEL]: JSON.stringify(oversized) }),
  };
  const vm = layer.kind === 'delta' ? layer.vms[0]! : group.id;
  const present = options.fresh ? null : await engine.image(tag);
  const isPresent = Object.entries(labels).every(([name, value]) => present?.labels[name] === value);
  if (isPresent) {
    progress.step(vm, `${tag} is built already`);
    if (bootstrap !== undefined) {
      await restoreRoot(engine, tag, file!, { log, signal, environment, workFolder: options.workFolder });
    }
    return;
  }
  if (bootstrap !== undefined) {
    // The whole root of this run is there already when the lean one is wanted.
    if (leftOut === undefined || !existsSync(file!)) {
      progress.step(vm, `bootstrapping ${bootstrap.suite}`);
      // The engines' folder is closed to the user that fetches packages.
      const { TMPDIR: _, ...own } = environment;
      await bootstrapRoot(bootstrap, file!, {
        ...{ log, signal, environment: own },
        credentials: options.credentials?.get(group.id) ?? null,
      });
    }
    if (leftOut !== undefined) await leaveOut(file!, new Set(leftOut), signal);
  }
  progress.step(vm, `building ${tag}`);
  log(`### ${tag}`);
  const needsNetwork = layer.mode === 'install';
  const credentials = options.credentials?.get(group.id);
  await engine.build(
    {
      ...{ folder: join(output.stagingPath, folder), tag, labels, needsNetwork },
      hasMounts: layer.install !== undefined && mountsOf(layer.install).length > 0,
      ...(layer.install?.hasCredentials === true && credentials !== undefined
        ? { secrets: [{ id: CREDENTIALS_SECRET, file: credentials }] }
        : {}),
      ...(layer.reused === undefined ? {} : { stages: { argument: STAGE_ARGUMENT, label: STAGE_LABEL } }),
    },
    { log, signal, environment },
  );
}

/** Digests of the layers of an image that was built before. */
export async function layersOf(engine: Engine, tag: string): Promise<readonly string[]> {
  const image = await engine.image(tag);
  if (image !== null) return image.layers;
  throw new AppError('engine-failed', `${engine.name} has lost the image ${tag}`, {
    todo: 'Something removed it while the others were built; run the command again.',
  });
}

async function hashFile(file: string, hash: Hash): Promise<void> {
  hash.update(String((await stat(file)).size));
  for await (const chunk of createReadStream(file, { highWaterMark: 1024 * 1024 })) hash.update(chunk as Buffer);
}

async function hashFolder(folder: string, hash: Hash): Promise<void> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  for (const file of files.sort()) {
    hash.update(`\0${file.slice(folder.length)}\0`);
    await hashFile(file, hash);
  }
}
