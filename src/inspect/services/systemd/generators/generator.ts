import type { ServiceContext } from '../../context.js';
import type { Generated } from '../generated.js';
import type { MachineSpecifiers } from '../specifiers.js';
import type { UnitStore } from '../unit-store.js';

export interface GeneratorInput {
  readonly context: ServiceContext;
  readonly machine: MachineSpecifiers;
  /** Units that lie on the disk, without generated ones. */
  readonly native: UnitStore;
}

/**
 * Reads what one of systemd's generators reads, and gives what it would write. `program` is its file name in a
 * `system-generators` folder: where the machine lacks it (or masks it), it does not run.
 */
export interface Generator {
  readonly program: string;
  generate(input: GeneratorInput): Promise<Generated>;
}
