import { AppError } from '../errors.js';
import { dockerEngineVersion, programVersion } from '../tools/versions.js';
import { buildahEngine } from './buildah.js';
import { dockerEngine, podmanEngine } from './docker.js';
import type { Engine, EngineName } from './engine.js';

export type { CallOptions, Engine, EngineImage, EngineName, SavedPlace } from './engine.js';
export type { Workbench, WorkbenchResult } from './workbench.js';

/** Every engine, in the order in which they are looked for. */
export const ENGINES: readonly Engine[] = [dockerEngine, podmanEngine, buildahEngine];

/**
 * The engine of that name, or the first one that answers.
 * @throws AppError `engine-missing`.
 */
export async function findEngine(name: EngineName | 'auto'): Promise<Engine> {
  for (const engine of ENGINES) {
    if ((name === 'auto' || engine.name === name) && (await answers(engine.name))) return engine;
  }
  const which = name === 'auto' ? 'neither docker, podman nor buildah answers' : `${name} does not answer`;
  throw new AppError('engine-missing', which, {
    todo: 'Install one, for example: apt-get install buildah. Then run: vm2docker-image doctor',
  });
}

async function answers(name: EngineName): Promise<boolean> {
  return (await (name === 'docker' ? dockerEngineVersion() : programVersion(name))) !== null;
}
