import type { InstalledPackage } from './packages.js';

/**
 * What an engine told of the base of a group: from its layers, and from the package manager in it. A plan that is made
 * without asking (`analyze`) has none of it.
 */
export interface BaseKnowledge {
  /** Every package of the base, as it is. */
  readonly packages: readonly InstalledPackage[];
  /** Every path of it; absent where nobody looked. */
  readonly paths?: ReadonlySet<string>;
  /** Versions that the sources of the build offer, by the name that the manager takes; null when nobody asked. */
  readonly offered: ReadonlyMap<string, ReadonlySet<string>> | null;
  /** Which of its family's package managers it has; absent where nobody looked. */
  readonly program?: string;
  /** Versions that are installed in place of the machine's, by identity; absent: none. */
  readonly different?: ReadonlyMap<string, string>;
  /** What a simulated installation, or a real one, made of the plan. */
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
