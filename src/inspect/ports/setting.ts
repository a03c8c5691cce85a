import type { Evidence } from '../../model/evidence.js';

/** A value and where it was found. */
export interface Setting {
  readonly value: string;
  readonly evidence: Evidence;
  /** From a command line, an environment or a built-in default. */
  readonly inferred?: boolean;
}
