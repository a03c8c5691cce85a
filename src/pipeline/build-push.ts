import type { Engine } from '../engine/index.js';
import { AppError } from '../errors.js';
import { displayPath } from '../model/path.js';
import type { Plan } from '../model/plan.js';
import { layerTag } from '../render/layout.js';
import type { RunContext } from './analyze.js';
import type { Collection } from './read-machines.js';

/**
 * A registry is where others read: what lets its holder act as somebody else stays out of it unless asked for.
 * @throws AppError `push-refused` with the secrets of the machines.
 */
export function refuseSecrets(collection: Collection): void {
  const found = collection.machines.flatMap(({ machine }) =>
    [...machine.files.records.values()]
      .filter(({ secret, excluded }) => secret !== undefined && excluded === undefined)
      .map(({ entry, secret }) => `${machine.source.name}: ${displayPath(entry.path)} (${secret})`),
  );
  if (found.length === 0) return;
  throw new AppError('push-refused', `the images would hold ${found.length} secrets, so they are not pushed`, {
    todo: 'Leave them out with --exclude, or push them all the same with --allow-secrets.',
    detail: [...found.slice(0, 20), ...(found.length > 20 ? [`and ${found.length - 20} more`] : [])].join('\n'),
  });
}

/**
 * Pushes every image of ours, bases first.
 * @returns their references as others pull them.
 */
export async function pushImages(
  plan: Plan,
  target: string,
  { engine, progress, signal }: RunContext & { readonly engine: Engine },
): Promise<string[]> {
  const pushed: string[] = [];
  for (const group of plan.groups) {
    for (const layer of group.layers) {
      if (layer.kind === 'base' && group.base.kind === 'public') continue;
      signal.throwIfAborted();
      const tag = layerTag(plan, group, layer);
      const destination = `${target.replace(/\/+$/, '')}/${tag.replace(/^vm2docker\//, '')}`;
      progress.step(layer.kind === 'delta' ? layer.vms[0]! : group.id, `pushing ${destination}`);
      await engine.push(tag, destination, { log: () => {}, signal });
      pushed.push(destination);
    }
  }
  return pushed;
}
