import type { InstalledPackage } from '../model/packages.js';
import type { MachineFiles } from './files.js';
import type { Reduction } from './resolver/reduce.js';

/** One machine of a group with what the steps of the plan share. */
export interface Member {
  readonly files: MachineFiles;
  /** Without kernel packages. */
  readonly packages: readonly InstalledPackage[];
  readonly reduction: Reduction;
}
