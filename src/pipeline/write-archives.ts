import type { Entry } from '../model/entry.js';
import type { LayerPlan, Plan } from '../model/plan.js';
import type { Progress } from '../model/progress.js';
import { withFolders } from '../plan/files.js';
import { diskArchives } from '../render/layout.js';
import { type TarItem, writeTar } from '../render/tar/write-tar.js';
import type { OutputFolder } from './output-folder.js';
import type { CollectedMachine, Collection } from './read-machines.js';

/** Writes every archive that comes from a disk, from the content that was spooled while the disk was read. */
export async function writeArchives(
  output: OutputFolder,
  plan: Plan,
  collection: Collection,
  { progress, signal }: { progress: Progress; signal: AbortSignal },
): Promise<void> {
  const byName = new Map(collection.machines.map((each) => [each.machine.source.name, each]));
  for (const { path, layer, vm } of diskArchives(plan)) {
    signal.throwIfAborted();
    progress.step(vm, `writing ${path}`);
    await writeTar(await output.createStream(path), archiveItems(byName.get(vm)!, layer));
  }
}

function* archiveItems({ machine, spool }: CollectedMachine, layer: LayerPlan): Generator<TarItem> {
  const { records, attributes } = machine.files;
  for (const path of withFolders(layer.paths ?? [])) {
    const { entry } = records.get(path)!;
    const own = attributes?.get(path);
    const described = { entry, ...(own === undefined ? {} : { attributes: own }) };
    if (entry.type !== 'file' || spool === null) yield described;
    else {
      const extents = isStoredSparse(entry) ? { extents: spool.extents(entry) } : {};
      yield { ...described, content: spool.read(entry), ...extents };
    }
  }
}

/**
 * Whether the archive stores a file as map and runs. The metadata alone decide: readers do not agree on smaller holes,
 * since GNU tar passes over those of files whose blocks suffice (reserved and never written).
 */
function isStoredSparse(entry: Entry): boolean {
  return entry.type === 'file' && entry.allocated + 65536 < entry.size;
}

/** The plan with some of its layers alone. */
export function onlyLayers(plan: Plan, wanted: (layer: LayerPlan) => boolean): Plan {
  return { ...plan, groups: plan.groups.map((group) => ({ ...group, layers: group.layers.filter(wanted) })) };
}
