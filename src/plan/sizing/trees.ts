import type { Entry } from '../../model/entry.js';
import { ancestors, comparePaths } from '../../model/path.js';
import type { NamedSize } from '../../model/sizing.js';

/** A folder most of which is one folder below it tells nothing that that one does not. */
const DOMINANT = 0.8;

/** The folders with most bytes below them, the root left out. */
export function largestTrees(files: readonly Entry[], limit: number): NamedSize[] {
  const sizes = new Map<string, number>();
  for (const { path, size } of files) {
    for (const folder of ancestors(path)) sizes.set(folder, (sizes.get(folder) ?? 0) + size);
  }
  const largestChild = new Map<string, number>();
  for (const [folder, size] of sizes) {
    const parent = folder.slice(0, folder.lastIndexOf('/')) || '/';
    if (folder !== '/') largestChild.set(parent, Math.max(size, largestChild.get(parent) ?? 0));
  }
  return [...sizes]
    .filter(([folder, size]) => folder !== '/' && size > 0 && (largestChild.get(folder) ?? 0) <= DOMINANT * size)
    .map(([name, size]) => ({ name, size }))
    .sort((a, b) => b.size - a.size || comparePaths(a.name, b.name))
    .slice(0, limit);
}
