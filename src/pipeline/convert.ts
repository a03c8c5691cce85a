import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { type CallOptions, type Engine, type EngineName, findEngine } from '../engine/index.js';
import { AppError } from '../errors.js';
import type { Plan } from '../model/plan.js';
import type { Knowledge } from '../plan/plan-machines.js';
import type { BuiltSizes, StepDuration } from '../render/report.js';
import type { FileLock } from '../tools/file-lock.js';
import { type Guard, startGuard } from '../tools/guard.js';
import type { RunContext } from './analyze.js';
import { fetchBases, placeRootfs } from './build-bases.js';
import { findCredentials, placeCredentials, withCredentials } from './build-credentials.js';
import { type BuiltImages, buildImages } from './build-images.js';
import { learnBases } from './build-knowledge.js';
import { lockImages } from './build-lock.js';
import { pushImages, refuseSecrets } from './build-push.js';
import type { DiffStrategy } from './build-reuse.js';
import { buildServices } from './build-services.js';
import { requireSpace } from './disk-space.js';
import { placeLocalPackages } from './local-packages.js';
import { createOutputFolder, type OutputFolder } from './output-folder.js';
import { type Outcome, planCollected, writeOutput } from './plan-and-write.js';
import { type Collection, collectMachines } from './read-machines.js';
import type { AnalyzeRequest } from './request.js';
import { runInfo } from './run-info.js';
import { timeSteps } from './step-times.js';
import { writeArchives } from './write-archives.js';

export interface ConvertRequest extends AnalyzeRequest {
  /** What builds the images; none writes complete build contexts. */
  readonly engine: EngineName | 'auto' | 'none';
  /** Compares each image with its machine. */
  readonly verify: boolean;
  readonly strictTimes: boolean;
  /** How the content of changed files gets into the deltas. */
  readonly diff?: DiffStrategy;
  /** Builds again what the engine has of an earlier run. */
  readonly fresh: boolean;
  /** Folder for spools and saved images, which is left as it was; null: beside the output. */
  readonly workDir?: string | null;
  /** Registry and prefix that every image is pushed to; null: to none. */
  readonly push: string | null;
  /** Pushes machines that hold secrets too. */
  readonly allowSecrets: boolean;
}

export interface ConvertOutcome extends Outcome {
  readonly verifications: BuiltImages['verifications'];
  readonly built: ReadonlyMap<string, BuiltSizes>;
  readonly steps: readonly StepDuration[];
  /** What was pushed, as others pull it. */
  readonly pushed: readonly string[];
}

/**
 * Reads the machines with their content and writes complete build contexts; with an engine it builds them, and the
 * deltas are exact. Without one they come from the package database: all that may differ from what lies below.
 * @throws AppError as `analyze`, `disk-space`, `engine-missing`, and those of `buildImages`.
 */
export async function convert(request: ConvertRequest, { progress, signal }: RunContext): Promise<ConvertOutcome> {
  const times = timeSteps(progress);
  const context = { progress: times.progress, signal };
  const startedAt = new Date();
  const engine = request.engine === 'none' ? null : await findEngine(request.engine);
  const output = await createOutputFolder(request.output);
  try {
    const workFolder = await output.makeWorkFolder(request.workDir ?? undefined);
    const collection = await collectMachines({ ...request, quick: false }, { ...context, spoolFolder: workFolder });
    times.oneAtATime();
    let lock: FileLock | null = null;
    try {
      const plan = planCollected(collection, request);
      if (request.push !== null && !request.allowSecrets) refuseSecrets(collection);
      const spooled = collection.machines.reduce((sum, { spool }) => sum + (spool?.bytes ?? 0), 0);
      await requireSpace(output.stagingPath, spooled, 'the archives');
      if (engine !== null) lock = await lockImages(plan, engine.name, context);
      const result =
        engine === null
          ? await writeContexts(plan, collection, request, output, context)
          : await build(plan, collection, request, { ...context, output, workFolder, engine });
      const steps = times.steps();
      const info = { ...(await runInfo(startedAt, request.options)), steps };
      const outcome = await writeOutput(output, result.plan, collection, info, {
        built: result.built,
        showSecrets: request.showSecrets,
      });
      const { verifications, built } = result;
      const isProved = verifications.every(({ verdict }) => verdict === 'identical');
      const pushed =
        engine === null || request.push === null || !isProved
          ? []
          : await pushImages(result.plan, request.push, { ...context, engine });
      return { ...outcome, steps, verifications, built, pushed };
    } finally {
      await lock?.release();
      await collection.release();
    }
  } finally {
    await output.abandon();
  }
}

async function writeContexts(
  planned: Plan,
  collection: Collection,
  request: ConvertRequest,
  output: OutputFolder,
  context: RunContext,
): Promise<BuiltImages> {
  const plan = withCredentials(planned, await findCredentials(planned, collection));
  await placeRootfs(plan, request.plan.baseRootfs, output);
  await placeLocalPackages(plan, output);
  await writeArchives(output, plan, collection, context);
  return { plan, built: new Map(), verifications: [] };
}

interface BuildSetting extends RunContext {
  readonly output: OutputFolder;
  readonly workFolder: string;
  readonly engine: Engine;
}

async function build(
  planned: Plan,
  collection: Collection,
  request: ConvertRequest,
  setting: BuildSetting,
): Promise<BuiltImages> {
  const { output, signal } = setting;
  // An engine that goes on when we are gone would build what nobody waits for.
  const guard = startGuard();
  const environment = { ...guard.environment, TMPDIR: await engineFolder(setting.workFolder, guard) };
  const stream = await output.createStream('build.log');
  const log = (line: string): void => {
    stream.write(`${line}\n`);
  };
  try {
    const reachable = await withReachableBases(planned, collection, request, { ...setting, log, environment });
    await placeRootfs(reachable.plan, request.plan.baseRootfs, output);
    const { strictTimes, diff = 'moved', verify, fresh } = request;
    const secrets = await findCredentials(reachable.plan, collection);
    const credentials = await placeCredentials(secrets, setting.workFolder);
    const options = { ...setting, log, environment, strictTimes, diff, verify, fresh, credentials };
    const replan = (knowledge: Knowledge): Plan => {
      const again = planCollected(collection, reachable.request, knowledge);
      return withCredentials(withCheckedBases(again, reachable.plan), secrets);
    };
    const first = withCredentials(reachable.plan, secrets);
    const { plan, builtBases } = await learnBases(first, replan, collection, options);
    const images = await buildImages(plan, collection, { ...options, builtBases });
    await buildServices(images.plan, { ...options, showSecrets: request.showSecrets });
    return images;
  } finally {
    await new Promise<void>((resolve) => stream.end(resolve));
    await guard.close();
    signal.throwIfAborted();
  }
}

/** Engines keep layers in the folder for temporary files while they work, and leave them there when they are killed. */
async function engineFolder(workFolder: string, guard: Guard): Promise<string> {
  const folder = await mkdtemp(join(workFolder, 'engine-'));
  // This guard ends the engines first; it takes names of one line.
  if (!folder.includes('\n')) guard.registerFolder(folder);
  return folder;
}

/** A public base that cannot be had is made instead, as the thesis proposes, unless the user asked for it by name. */
async function withReachableBases(
  plan: Plan,
  collection: Collection,
  request: ConvertRequest,
  { engine, progress, ...call }: RunContext & CallOptions & { readonly engine: Engine },
): Promise<{ plan: Plan; request: ConvertRequest }> {
  try {
    return { plan: await fetchBases(plan, engine, call), request };
  } catch (error) {
    const isMissing = error instanceof AppError && error.code === 'base-image-missing';
    if (!isMissing || request.plan.baseImage !== null) throw error;
    progress.note(`${error.message}: making a base instead`);
    const bootstrapping = { ...request, plan: { ...request.plan, baseImage: 'bootstrap' as const } };
    return { plan: planCollected(collection, bootstrapping), request: bootstrapping };
  }
}

/** A base that was found stays found when the plan is made again. */
function withCheckedBases(plan: Plan, known: Plan): Plan {
  const found = new Map(known.groups.map(({ base }) => [base.reference, base]));
  return {
    ...plan,
    groups: plan.groups.map((group) => {
      const { checked = false, digest } = found.get(group.base.reference) ?? {};
      return {
        ...group,
        base: { ...group.base, ...(checked ? { checked } : {}), ...(digest === undefined ? {} : { digest }) },
      };
    }),
  };
}
