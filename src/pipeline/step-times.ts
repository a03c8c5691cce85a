import type { Progress } from '../model/progress.js';
import type { StepDuration } from '../render/report.js';

/** Layers of one image are one step. */
const LAYER = /^reading layer \d+ of \d+$/;

/**
 * Times the steps that pass through a progress: a step of a machine ends where its next one begins, for machines that are
 * read at once overlap. Once one thing is done at a time, a step ends where any other begins.
 */
export function timeSteps(progress: Progress, now: () => number = () => performance.now()) {
  const running = new Map<string, { step: string; since: number }>();
  const total = new Map<string, { machine: string; step: string; milliseconds: number }>();
  const end = (machine: string): void => {
    const current = running.get(machine);
    if (current === undefined) return;
    const key = `${machine}\0${current.step}`;
    const known = total.get(key) ?? { machine, step: current.step, milliseconds: 0 };
    total.set(key, { ...known, milliseconds: known.milliseconds + now() - current.since });
    running.delete(machine);
  };
  const endAll = (): void => {
    for (const machine of [...running.keys()]) end(machine);
  };
  let isOneAtATime = false;
  const timed: Progress = {
    ...progress,
    step(machine, title, ...rest) {
      if (!(LAYER.test(title) && running.has(machine))) {
        if (isOneAtATime) endAll();
        else end(machine);
        running.set(machine, { step: title, since: now() });
      }
      progress.step(machine, title, ...rest);
    },
    advance: (machine, done) => progress.advance(machine, done),
    note: (text) => progress.note(text),
  };
  return {
    progress: timed,
    /** From here on nothing overlaps: ends the steps that run. */
    oneAtATime(): void {
      endAll();
      isOneAtATime = true;
    },
    /** Every step so far, in the order in which they first ended; ends the ones that run. */
    steps(): StepDuration[] {
      endAll();
      return [...total.values()].map(({ machine, step, milliseconds }) => ({
        ...{ machine, step },
        seconds: Math.round(milliseconds) / 1000,
      }));
    },
  };
}
