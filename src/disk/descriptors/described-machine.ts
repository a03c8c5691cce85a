import type { Problem } from '../../model/evidence.js';
import type { Hardware } from '../../model/machine.js';

/** What a descriptor says of a machine: its disks in order, and what it ran on. Nothing is opened to say it. */
export interface DescribedMachine {
  readonly disks: readonly DescribedDisk[];
  readonly hardware: Hardware;
  readonly problems: readonly Problem[];
}

export interface DescribedDisk {
  /** As the descriptor writes it. */
  readonly file: string;
  /** Format that it declares, where it does. */
  readonly format?: string;
  readonly compression?: 'gzip';
  /** Bytes the guest sees at most, where the descriptor says so. */
  readonly capacity?: number;
}
