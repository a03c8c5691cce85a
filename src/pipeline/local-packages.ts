import { constants } from 'node:fs';
import { copyFile, mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '../errors.js';
import type { LocalPackage, Plan } from '../model/plan.js';
import { layerFolder } from '../render/layout.js';
import type { OutputFolder } from './output-folder.js';

/** `NAME_VERSION_ARCHITECTURE.deb` as apt, dpkg-repack and archives name packages; versions without their epochs. */
const DEB = /^([a-z0-9][a-z0-9+.-]*)_([A-Za-z0-9+.~%-]+)_([a-z0-9-]+)\.deb$/;

/**
 * The packages in a folder, by the names of their files.
 * @throws AppError `input-missing` for a folder that cannot be read.
 */
export async function localPackages(folder: string): Promise<LocalPackage[]> {
  let names: string[];
  try {
    names = await readdir(folder);
  } catch (cause) {
    throw new AppError('input-missing', `the folder of packages ${folder} cannot be read`, {
      where: { path: folder },
      todo: 'Check its path and its mode.',
      detail: (cause as Error).message,
      cause,
    });
  }
  return names.sort().flatMap((file) => {
    const match = DEB.exec(file);
    if (match === null) return [];
    const version = match[2]!.replace(/%3a/gi, ':').replace(/%2b/gi, '+').replace(/^\d+:/, '');
    return [{ folder, file, name: match[1]!, version, architecture: match[3]! }];
  });
}

/** Puts the packages that layers install from files into their build contexts. */
export async function placeLocalPackages(plan: Plan, output: OutputFolder): Promise<void> {
  for (const group of plan.groups) {
    for (const layer of group.layers) {
      const debs = layer.install?.debs ?? [];
      if (debs.length === 0) continue;
      const target = join(output.stagingPath, layerFolder(plan, group, layer), DEBS_FOLDER);
      await mkdir(target, { recursive: true });
      for (const { folder, file } of debs) {
        await copyFile(join(folder, file), join(target, file), constants.COPYFILE_FICLONE);
      }
    }
  }
}

/** Below the build context of a layer. */
export const DEBS_FOLDER = 'debs';
