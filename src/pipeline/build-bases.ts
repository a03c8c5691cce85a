import { constants } from 'node:fs';
import { copyFile, mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { CallOptions, Engine } from '../engine/index.js';
import { AppError } from '../errors.js';
import type { Plan } from '../model/plan.js';
import { layerArchive } from '../render/layout.js';
import type { OutputFolder } from './output-folder.js';

/**
 * Sees that the engine has every public base of the plan, pulling what it lacks.
 * @returns the plan with these bases marked as checked.
 * @throws AppError `base-image-missing`.
 */
export async function fetchBases(plan: Plan, engine: Engine, options: CallOptions): Promise<Plan> {
  const groups = [];
  for (const group of plan.groups) {
    const { kind, reference, platform } = group.base;
    if (kind !== 'public') {
      groups.push(group);
      continue;
    }
    if ((await engine.image(reference)) === null) await engine.pull(reference, { ...options, platform });
    const digest = (await engine.image(reference))?.digest ?? null;
    groups.push({ ...group, base: { ...group.base, checked: true, ...(digest === null ? {} : { digest }) } });
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
