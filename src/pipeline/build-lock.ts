import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { EngineName } from '../engine/index.js';
import { machineImage } from '../model/image-name.js';
import type { Plan } from '../model/plan.js';
import { type FileLock, lockFiles } from '../tools/file-lock.js';
import type { RunContext } from './analyze.js';
import { ownFolder } from './own-folder.js';

/**
 * Keeps other conversions of this user from building images of the same names meanwhile: two bases of one release are
 * never the same to the byte, and a delta made on the one and built on the other would be wrong. Images from the disk
 * alone are, so of those only the machines' own names are kept.
 */
export async function lockImages(plan: Plan, engine: EngineName, { progress, signal }: RunContext): Promise<FileLock> {
  const folder = await ownFolder();
  if (folder === null) return { release: async () => {} };
  const names = plan.groups.flatMap(({ id, base, vms }) =>
    base.kind === 'scratch'
      ? plan.machines.filter(({ name }) => vms.includes(name)).map(machineImage)
      : [`group ${id}`],
  );
  const files = [...new Set(names)].map((name) => {
    const digest = createHash('sha256').update(`${engine} ${name}`).digest('hex').slice(0, 16);
    return join(folder, `building-${digest}.lock`);
  });
  return await lockFiles(files.sort(), {
    signal,
    onWait: () => progress.note('waiting for another conversion that builds images of the same names'),
  });
}
