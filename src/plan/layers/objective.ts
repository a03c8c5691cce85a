import type { PackageMode } from '../../model/plan.js';

/**
 * What the layer tree minimises: bytes stored over the group. One place, so that greedy and exact search, and the
 * reader of a report, mean the same.
 */

/** debconf templates 1.0 MB, and `status` written twice, before the first package (measured on Debian 12). */
const INSTALL_LAYER = 1_500_000;
/** Headers of folders that each archive repeats, and the layer's own records in a registry. */
const DISK_LAYER = 65_536;

/** Bytes that a package layer stores; an empty one is no layer. */
export function layerCost(bytes: number, mode: PackageMode): number {
  return bytes === 0 ? 0 : bytes + fixedCost(mode);
}

export function fixedCost(mode: PackageMode): number {
  return mode === 'install' ? INSTALL_LAYER : DISK_LAYER;
}

/** Engines stop at 127. */
export const MAX_LAYERS = 125;

/** Most levels of packages: one may be two layers (`install` and `disk`), and base, files and delta need one each. */
export const MAX_LEVELS = Math.floor((MAX_LAYERS - 5) / 2);
