import type { InstalledPackage } from './packages.js';

/**
 * What an engine told of the base of a group: from its layers, and from the package manager in it. A plan that is made
 * without asking (`analyze`) has none of it.
 */
export interface BaseKnowledge {
  /** Every package of the base, as it is. */
  readonly packages: readonly InstalledPackage[];
  /** Versions that the sources of the build offer, by the name that the manager takes; null when nobody asked. */
  readonly offered: ReadonlyMap<string, ReadonlySet<string>> | null;
  /** What a simulated installation made of the plan. */
  readonly corrections: Corrections;
}

/** By identity (`packageIdentity`) what a plan from the dependencies alone gets wrong. */
export interface Corrections {
  /** What cannot be installed after all, and why: laid down from the disk. */
  readonly fromDisk: ReadonlyMap<string, string>;
  /** What nothing pulls in: to be named. */
  readonly named: ReadonlySet<string>;
  /** Names that come along although no machine has them: removed again. */
  readonly unwanted: ReadonlySet<string>;
}

export const NO_CORRECTIONS: Corrections = { fromDisk: new Map(), named: new Set(), unwanted: new Set() };
