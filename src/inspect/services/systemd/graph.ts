import type { Evidence } from '../../../model/evidence.js';
import type { ConditionResult } from './conditions.js';
import { escapePath, instantiate, isTemplate, parseUnitName } from './unit-name.js';
import type { Unit, UnitStore } from './unit-store.js';
import { lastValue, listSettings, parseBoolean } from './values.js';

/** What a boot does with one unit. */
export interface BootUnit {
  readonly unit: Unit;
  readonly outcome: 'started' | 'condition-unmet' | 'masked' | 'not-found' | 'conflict' | 'dependency-failed';
  readonly conditions: ConditionResult;
  /** What pulled it in first: another unit and where that is written. */
  readonly pulledBy: { readonly name: string; readonly evidence: Evidence } | null;
}

export interface Boot {
  readonly target: string;
  readonly units: ReadonlyMap<string, BootUnit>;
}

interface Dependency {
  readonly name: string;
  readonly required: boolean;
  readonly evidence: Evidence;
}

interface Walk {
  readonly units: Map<string, BootUnit>;
  /** Unit, and what it requires. */
  readonly requirements: readonly [string, string][];
  /** Unit that is stopped, and the one whose Conflicts= names it. */
  readonly conflicts: readonly [string, string][];
  readonly failing: readonly string[];
}

const MAX_BOOT_UNITS = 20_000;
const MAX_ROUNDS = 30;

/**
 * Walks from the default target along everything that starts units: Wants=, Requires=, BindsTo=, Upholds=, Sockets=, mounts and
 * the `.wants`, `.requires`, `.upholds` folders, plus what default dependencies add (systemd.special(7)). Units that
 * another started unit conflicts with, and units whose required units cannot start, are taken out, and the walk is
 * repeated without them: what only they pulled in is then gone as well.
 */
export async function walkBoot(
  store: UnitStore,
  target: string,
  check: (unit: Unit) => ConditionResult,
): Promise<Boot> {
  const excluded = new Map<string, 'conflict' | 'dependency-failed'>();
  for (let round = 0; ; round += 1) {
    const { units, requirements, conflicts, failing } = await walk(store, target, check, excluded);
    const before = excluded.size;
    for (const [loser, winner] of conflicts) {
      if (
        units.get(loser)?.outcome === 'started' &&
        units.get(winner)?.outcome === 'started' &&
        !excluded.has(winner)
      ) {
        excluded.set(loser, 'conflict');
      }
    }
    for (const name of failing) if (!excluded.has(name) && name !== target) excluded.set(name, 'dependency-failed');
    for (const [name, needed] of requirements) {
      const outcome = units.get(needed)?.outcome;
      if (
        outcome === 'masked' ||
        outcome === 'not-found' ||
        outcome === 'conflict' ||
        outcome === 'dependency-failed'
      ) {
        if (!excluded.has(name) && name !== target) excluded.set(name, 'dependency-failed');
      }
    }
    if (excluded.size === before || round >= MAX_ROUNDS) return { target: store.resolve(target), units };
  }
}

async function walk(
  store: UnitStore,
  target: string,
  check: (unit: Unit) => ConditionResult,
  excluded: ReadonlyMap<string, 'conflict' | 'dependency-failed'>,
): Promise<Walk> {
  const units = new Map<string, BootUnit>();
  const requirements: [string, string][] = [];
  const conflicts: [string, string][] = [];
  const requisites: [string, string][] = [];
  const failing: string[] = [];
  const queue: { name: string; pulledBy: BootUnit['pulledBy'] }[] = [{ name: target, pulledBy: null }];
  for (let position = 0; position < queue.length && units.size < MAX_BOOT_UNITS; position += 1) {
    const { name, pulledBy } = queue[position]!;
    const final = store.resolve(name);
    if (units.has(final)) continue;
    const unit = await store.load(final);
    if (unit === null) continue;
    const conditions: ConditionResult = unit.state === 'loaded' ? check(unit) : { verdict: 'met', settings: [] };
    const outcome =
      unit.state === 'loaded'
        ? (excluded.get(final) ?? (conditions.verdict === 'unmet' ? 'condition-unmet' : 'started'))
        : unit.state;
    units.set(final, { unit, outcome, conditions, pulledBy });
    if (unit.state !== 'loaded' || excluded.has(final)) continue;
    for (const { name: loser } of namesIn(unit, 'Unit', 'Conflicts')) {
      if (loser !== 'shutdown.target') conflicts.push([store.resolve(loser), final]);
    }
    // Requisite= starts nothing, but fails the unit when the other is not up.
    for (const { name: needed } of namesIn(unit, 'Unit', 'Requisite')) requisites.push([final, store.resolve(needed)]);
    for (const dependency of dependenciesOf(store, unit)) {
      if (dependency.required) requirements.push([final, store.resolve(dependency.name)]);
      queue.push({ name: dependency.name, pulledBy: { name: final, evidence: dependency.evidence } });
    }
  }
  // Only now is it known what else is started.
  for (const [name, needed] of requisites) {
    if (units.get(needed)?.outcome !== 'started') failing.push(name);
  }
  return { units, requirements, conflicts, failing };
}

/** Units that starting `unit` starts. */
export function dependenciesOf(store: UnitStore, unit: Unit): Dependency[] {
  const result: Dependency[] = [];
  const add = (names: readonly { name: string; evidence: Evidence }[], required: boolean): void => {
    for (const item of names) result.push({ ...item, required });
  };
  add(namesIn(unit, 'Unit', 'Requires'), true);
  add(namesIn(unit, 'Unit', 'BindsTo'), true);
  add(namesIn(unit, 'Unit', 'Wants'), false);
  add(namesIn(unit, 'Unit', 'Upholds'), false);
  add(namesIn(unit, 'Service', 'Sockets'), false);
  for (const { value, path, line } of listSettings(unit.settings, 'Unit', 'RequiresMountsFor')) {
    for (const name of mountsAbove(value)) {
      if (store.has(name)) result.push({ name, required: true, evidence: { path, line } });
    }
  }
  for (const kind of ['wants', 'requires', 'upholds'] as const) {
    for (const link of store.links(unit, kind)) {
      const name = withInstance(link.name, unit);
      if (name !== null) result.push({ name, required: kind === 'requires', evidence: { path: link.path } });
    }
  }
  // systemd.service(5), systemd.socket(5), …: Implicit and default dependencies.
  const hasDefaults = parseBoolean(lastValue(unit.settings, 'Unit', 'DefaultDependencies')) !== false;
  if (hasDefaults && ['service', 'socket', 'timer', 'path'].includes(unit.name.type) && store.has('sysinit.target')) {
    result.push({ name: 'sysinit.target', required: true, evidence: unit.evidence[0] ?? { path: '/' } });
  }
  return result;
}

/** Mount units that lie on the way to the paths of RequiresMountsFor=. */
function mountsAbove(value: string): string[] {
  const names = value
    .split(/\s+/)
    .filter((path) => path.startsWith('/') && path.length <= 4096)
    .flatMap((path) => {
      const parts = path.split('/').filter((part) => part !== '');
      return parts.slice(0, 64).map((_, index) => `${escapePath(parts.slice(0, index + 1).join('/'))}.mount`);
    });
  return [...new Set(names)];
}

/** Unit names of a space-separated setting such as Wants=. */
export function namesIn(unit: Unit, section: string, setting: string): { name: string; evidence: Evidence }[] {
  return listSettings(unit.settings, section, setting).flatMap(({ value, path, line }) =>
    value
      .split(/\s+/)
      .filter((name) => name !== '')
      .map((name) => ({ name: withInstance(name, unit) ?? name, evidence: { path, line } })),
  );
}

/** A link to a template without an instance takes the instance of the unit that pulls it in; `%i` likewise. */
function withInstance(name: string, unit: Unit): string | null {
  const filled = name.includes('%')
    ? name
        .replaceAll('%i', unit.name.instance ?? '')
        .replaceAll('%p', unit.name.prefix)
        .replaceAll('%I', unit.name.instance ?? '')
    : name;
  const parsed = parseUnitName(filled);
  if (parsed === null) return null;
  if (!isTemplate(parsed)) return filled;
  return unit.name.instance ? instantiate(parsed, unit.name.instance) : null;
}
