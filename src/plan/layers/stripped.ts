import type { InstalledPackage } from '../../model/packages.js';
import type { LayerPlan } from '../../model/plan.js';
import { type MachineFiles, unchangedPaths } from '../files.js';
import { diskLayer } from './package-layers.js';

/** Below this a layer of its own does not pay: the deltas bring what is missing. */
const MIN_BYTES = 256 * 1024;

/**
 * What the base left out of its own packages when it was made (documents, languages: dpkg's `path-exclude`), laid down
 * from the disk for all machines. Nothing installs these packages again, so every delta would bring them.
 * @param basePaths Every path of the base.
 * @returns null when the base is whole.
 */
export function strippedLayer(
  question: { readonly group: string; readonly parent: string; readonly machines: readonly MachineFiles[] },
  basePackages: readonly InstalledPackage[],
  basePaths: ReadonlySet<string>,
): LayerPlan | null {
  const first = question.machines[0]!;
  const isMissing = (path: string): boolean => !basePaths.has(path);
  const packages = basePackages.filter((item) => unchangedPaths(first, item).some(isMissing));
  if (packages.length === 0) return null;
  const reason = 'the base leaves documents and the like out of its packages';
  const layer = diskLayer({ ...question, packages, reason }, 'packages', { isWanted: isMissing });
  return layer.size.predicted < MIN_BYTES ? null : layer;
}
