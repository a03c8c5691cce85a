import { constants } from 'node:fs';
import { copyFile, mkdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { CallOptions, Engine } from '../engine/index.js';
import { AppError } from '../errors.js';
import type { BasePlan, Plan } from '../model/plan.js';
import { layerArchive } from '../render/layout.js';
import { type BootstrapRequest, bootstrapArguments } from '../tools/mmdebstrap.js';
import { runLogged } from '../tools/run-logged.js';
import type { OutputFolder } from './output-folder.js';

const BOOTSTRAP_TIMEOUT_MS = 3_600_000;

/**
 * Sees that the engine has every public base of the plan, pulling what it lacks.
 * @returns the plan with these bases marked as checked.
 * @throws AppError `base-image-missing`.
 */
export async function fetchBases(plan: Plan, engine: Engine, options: CallOptions): Promise<Plan> {
  const groups = [];
  for (const group of plan.groups) {
    const { kind, reference, platform } = group.base;
    if (kind === 'public' && (await engine.image(reference)) === null) {
      await engine.pull(reference, { ...options, platform });
    }
    groups.push(kind === 'public' ? { ...group, base: { ...group.base, checked: true } } : group);
  }
  return { ...plan, groups };
}

/** Puts the root that the user named where the Dockerfiles of the bases look for it. */
export async function placeRootfs(plan: Plan, rootfs: string | null, output: OutputFolder): Promise<void> {
  for (const group of plan.groups) {
    if (group.base.kind !== 'rootfs' || rootfs === null) continue;
    const base = group.layers.find(({ kind }) => kind === 'base')!;
    const target = join(output.stagingPath, layerArchive(plan, group, base)!);
    await mkdir(dirname(target), { recursive: true });
    try {
      await copyFile(rootfs, target, constants.COPYFILE_FICLONE);
    } catch (cause) {
      throw new AppError('input-missing', `the base root file system ${rootfs} cannot be copied`, {
        where: { path: rootfs },
        todo: 'Check its path and its mode, and the room in the output folder.',
        detail: (cause as Error).message,
        cause,
      });
    }
  }
}

/**
 * Makes a minimal root of a release as a tar archive.
 * @throws AppError `program-missing`, `program-failed`.
 */
export async function bootstrapRoot(
  bootstrap: NonNullable<BasePlan['bootstrap']>,
  target: string,
  { log, signal, environment = {} }: CallOptions,
): Promise<void> {
  const request: BootstrapRequest = bootstrap;
  // The program tells the form of the archive by the end of its name.
  const partial = `${target.replace(/\.tar$/, '')}.partial.tar`;
  await mkdir(dirname(target), { recursive: true });
  try {
    const { exitCode, tail } = await runLogged('mmdebstrap', bootstrapArguments(request, partial), {
      onLine: log,
      signal,
      environment,
      timeoutMs: BOOTSTRAP_TIMEOUT_MS,
    });
    if (exitCode !== 0) {
      throw new AppError('program-failed', `mmdebstrap could not make a root of ${bootstrap.suite}`, {
        where: { path: bootstrap.archive },
        todo: 'See that the archive can be reached and still has the release, or use --base-rootfs or --base-image scratch.',
        detail: tail.slice(-10).join('\n').slice(-2000),
      });
    }
    await rename(partial, target);
  } finally {
    await rm(partial, { force: true });
  }
}
