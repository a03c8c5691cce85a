/** Where long work tells how far it is. Rooms call it, commands draw it; a room never prints. */
export interface Progress {
  /** A step of the given machine began; `total` in `unit`s when it is known. */
  step(machine: string, title: string, total?: number, unit?: 'bytes' | 'entries'): void;
  /** How much of the current step is done. */
  advance(machine: string, done: number): void;
  /** Something worth a line that is no problem of the machine (a decision, a fall-back). */
  note(text: string): void;
}

export const silentProgress: Progress = {
  step() {},
  advance() {},
  note() {},
};
