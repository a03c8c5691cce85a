import type { InstalledPackage } from '../../model/packages.js';
import { comparePaths } from '../../model/path.js';
import { isNameable } from '../layers/modes.js';

/**
 * Versions for the packages of a root that is bootstrapped for these machines: of each the one that most of them have,
 * so that as little as possible lies in the images twice.
 * @param bases By machine, its packages that a minimal root has.
 */
export function bootstrapPins(
  bases: readonly (readonly InstalledPackage[])[],
): { readonly package: string; readonly version: string }[] {
  const counts = new Map<string, Map<string, number>>();
  for (const item of bases.flat().filter(isNameable)) {
    const versions = counts.get(item.name) ?? new Map<string, number>();
    versions.set(item.version, (versions.get(item.version) ?? 0) + 1);
    counts.set(item.name, versions);
  }
  return [...counts]
    .map(([name, versions]) => ({
      package: name,
      version: [...versions].sort(([a, m], [b, n]) => n - m || comparePaths(a, b))[0]![0],
    }))
    .sort((a, b) => comparePaths(a.package, b.package));
}
