import type { FoundJob } from '../context.js';
import { calendarToCron } from './calendar.js';
import type { Setting } from './unit-file.js';
import type { Unit } from './unit-store.js';
import { lastValue } from './values.js';

const MONOTONIC = /^On(?:Active|Boot|Startup|UnitActive|UnitInactive)Sec$/;

/** The unit that a timer or path starts: Unit=, or the service of the same name. */
export function triggeredUnit(unit: Unit, section: 'Timer' | 'Path', expand: (text: string) => string): string {
  const named = lastValue(unit.settings, section, 'Unit');
  return named === null ? `${unit.name.full.slice(0, -unit.name.type.length)}service` : expand(named);
}

/** One job for each OnCalendar=, and one for all monotonic settings together. */
export function readTimer(unit: Unit, command: readonly string[], user: string): FoundJob[] {
  const calendar: Setting[] = [];
  const monotonic: Setting[] = [];
  for (const setting of unit.settings) {
    if (setting.section !== 'Timer') continue;
    const list = setting.name === 'OnCalendar' ? calendar : MONOTONIC.test(setting.name) ? monotonic : null;
    if (list === null) continue;
    // An empty assignment of any of them resets all (systemd.timer(5)).
    if (setting.value === '') {
      calendar.length = 0;
      monotonic.length = 0;
    } else list.push(setting);
  }
  // A random delay is part of no cron line.
  const isDelayed = !/^(?:0[a-z]*)?$/.test(lastValue(unit.settings, 'Timer', 'RandomizedDelaySec') ?? '');
  const common = { name: unit.name.full, command, user };
  const jobs: FoundJob[] = calendar.map(({ value, path, line }) => ({
    ...common,
    schedule: value,
    cron: isDelayed ? null : calendarToCron(value),
    evidence: { path, line },
  }));
  const first = monotonic[0];
  if (first !== undefined) {
    const schedule = monotonic.map(({ name, value }) => `${name}=${value}`).join(' ');
    jobs.push({ ...common, schedule, cron: null, evidence: { path: first.path, line: first.line } });
  }
  return jobs;
}
