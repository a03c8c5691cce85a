import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { machineImage } from '../model/image-name.js';
import type { Plan } from '../model/plan.js';
import { composeFiles, serviceImages } from '../render/compose/index.js';
import { type BuildOptions, CONTEXT_LABEL, layersOf } from './build-layer.js';

export interface ServiceOptions
  extends Pick<BuildOptions, 'engine' | 'output' | 'log' | 'environment' | 'fresh' | 'progress' | 'signal'> {
  readonly showSecrets: boolean;
}

/**
 * Builds the images of each machine's services on the machine's own, from the Dockerfiles of the output folder.
 * @throws AppError `build-failed`, `engine-failed`.
 */
export async function buildServices(plan: Plan, options: ServiceOptions): Promise<void> {
  const { engine, output, log, environment, progress, signal } = options;
  for (const machine of plan.machines) {
    const images = serviceImages(machine);
    if (images.length === 0) continue;
    const root = `vms/${machine.slug}`;
    const files = new Map(composeFiles(machine, options.showSecrets).map(({ path, content }) => [path, content]));
    const below = await layersOf(engine, machineImage(machine));
    for (const { tag, folder } of images) {
      signal.throwIfAborted();
      const dockerfile = files.get(`${folder}/Dockerfile`)!;
      const context = createHash('sha256')
        .update(JSON.stringify([dockerfile, below]))
        .digest('hex');
      const present = options.fresh ? null : await engine.image(tag);
      if (present?.labels[CONTEXT_LABEL] === context) {
        progress.step(machine.name, `${tag} is built already`);
        continue;
      }
      await output.write(`${root}/${folder}/Dockerfile`, dockerfile);
      progress.step(machine.name, `building ${tag}`);
      log(`### ${tag}`);
      await engine.build(
        {
          folder: join(output.stagingPath, root, folder),
          tag,
          labels: { [CONTEXT_LABEL]: context },
          needsNetwork: false,
        },
        { log, signal, environment },
      );
    }
  }
}
