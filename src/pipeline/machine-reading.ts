import type { ContentSpool } from '../guest/content-spool.js';
import type { InspectedMachine } from '../model/inspected.js';
import type { Progress } from '../model/progress.js';
import type { ReadRequest } from './request.js';

/** What reading one machine gave: the findings, and which reader made them. */
export interface ReadMachine {
  readonly machine: InspectedMachine;
  readonly reader: string;
}

export interface MachineReading {
  readonly request: ReadRequest;
  readonly progress: Progress;
  readonly signal: AbortSignal;
  /** Where content goes that archives will need; null when none will be written. */
  readonly spool: ContentSpool | null;
  /** Called once the disks are being read elsewhere: the time for what this thread will need later. */
  readonly whileReading?: () => void;
}
