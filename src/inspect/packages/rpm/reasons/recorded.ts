import type { Evidence } from '../../../../model/evidence.js';
import type { PackageFacts } from '../header/facts.js';

/** What a package manager noted when it installed a package. */
export interface RecordedReason {
  /** Pulled in (true), asked for (false), not said (null). */
  readonly auto: boolean | null;
  readonly repository?: string;
  readonly evidence: Evidence;
}

/** The notes of one package manager; undefined when it has none of the package. */
export type ReasonSource = (item: PackageFacts) => RecordedReason | undefined;
