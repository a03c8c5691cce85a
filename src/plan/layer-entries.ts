import type { Entry } from '../model/entry.js';
import type { InspectedMachine } from '../model/inspected.js';
import type { LayerPlan } from '../model/plan.js';
import { withFolders } from './files.js';

/**
 * What the archive of a layer holds, in the order of the archive: its paths and the folders above them, as they are on
 * the machine (the first of `layer.vms`). Empty for layers without an archive.
 */
export function layerEntries(machine: InspectedMachine, layer: LayerPlan): readonly Entry[] {
  return withFolders(layer.paths ?? [])
    .map((path) => machine.files.records.get(path)?.entry)
    .filter((entry) => entry !== undefined);
}
