import type { Engine } from '../engine/index.js';
import { AppError } from '../errors.js';
import { displayPath } from '../model/path.js';
import type { Plan } from '../model/plan.js';
import { serviceImages } from '../render/compose/index.js';
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
  const push = async (tag: string, about: string): Promise<void> => {
    signal.throwIfAborted();
    const destination = `${target.replace(/\/+$/, '')}/${tag.replace(/^vm2docker\//, '')}`;
    progress.step(about, `pushing ${destination}`);
    await engine.push(tag, destination, { log: () => {}, signal });
    pushed.push(destination);
  };
  for (const group of plan.groups) {
    for (const layer of group.layers) {
      if (layer.kind === 'base' && group.base.kind === 'public') continue;
      await push(layerTag(plan, group, layer), layer.kind === 'delta' ? layer.vms[0]! : group.id);
    }
  }
  for (const machine of plan.machines) {
    for (const { tag } of serviceImages(machine)) await push(tag, machine.name);
  }
  return pushed;
}
