import { MultiBar, type SingleBar } from 'cli-progress';
import type { Progress } from '../model/progress.js';

export interface ProgressDisplay extends Progress {
  stop(): void;
}

/** Lines of one step when there is no terminal: its begin, and how far it is this often. */
const PLAIN_INTERVAL_MS = 10_000;

/** Bars on a terminal, plain lines elsewhere. */
export function createProgressDisplay(stream: NodeJS.WriteStream): ProgressDisplay {
  return stream.isTTY ? barDisplay(stream) : plainDisplay(stream);
}

function barDisplay(stream: NodeJS.WriteStream): ProgressDisplay {
  const bars = new MultiBar({
    stream,
    format: ' {machine} {bar} {percentage}% {title}',
    hideCursor: true,
    clearOnComplete: true,
    barsize: 24,
  });
  const barOf = new Map<string, SingleBar>();
  return {
    step(machine, title, total) {
      const payload = { machine, title };
      const bar = barOf.get(machine);
      if (bar === undefined) barOf.set(machine, bars.create(Math.max(1, total ?? 1), 0, payload));
      else bar.start(Math.max(1, total ?? 1), 0, payload);
    },
    advance(machine, done) {
      const bar = barOf.get(machine);
      bar?.update(Math.min(done, bar.getTotal()));
    },
    note(text) {
      bars.log(`${text}\n`);
    },
    stop() {
      bars.stop();
    },
  };
}

function plainDisplay(stream: NodeJS.WriteStream): ProgressDisplay {
  const steps = new Map<string, { title: string; total: number | undefined; printed: number }>();
  return {
    step(machine, title, total) {
      steps.set(machine, { title, total, printed: Date.now() });
      stream.write(`${machine}: ${title}\n`);
    },
    advance(machine, done) {
      const step = steps.get(machine);
      const now = Date.now();
      if (step === undefined || step.total === undefined || now - step.printed < PLAIN_INTERVAL_MS) return;
      step.printed = now;
      stream.write(
        `${machine}: ${step.title}: ${Math.min(100, Math.floor((100 * done) / Math.max(1, step.total)))} %\n`,
      );
    },
    note(text) {
      stream.write(`${text}\n`);
    },
    stop() {},
  };
}
