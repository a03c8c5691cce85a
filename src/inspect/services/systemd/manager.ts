import type { Activation } from '../../../model/services.js';
import type { FoundJob, FoundService, InitFindings, ServiceContext } from '../context.js';
import { missingProgram } from '../found.js';
import { decideRole } from '../roles.js';
import { type ConditionFacts, checkConditions, describeCondition } from './conditions.js';
import { missingEnvironmentFile } from './environment.js';
import { failingExecCondition } from './exec-condition.js';
import { type Boot, dependenciesOf, walkBoot } from './graph.js';
import { readScriptedUnit } from './scripted-unit.js';
import { specifierExpander, type UnitReading } from './service-unit.js';
import { readListening, type SocketListening, serviceOfSocket } from './socket-unit.js';
import { readTimer, triggeredUnit } from './timer-unit.js';
import { isTemplate, parseUnitName } from './unit-name.js';
import type { Unit, UnitStore } from './unit-store.js';
import { lastValue, listSettings, parseBoolean } from './values.js';
import { isWoken } from './woken.js';

export interface ManagerInput {
  readonly reading: UnitReading;
  readonly store: UnitStore;
  readonly target: string;
  readonly facts: ConditionFacts;
}

/** What one service manager (the system's, or a lingering user's) starts at boot, and what it could start. */
export async function readManager(input: ManagerInput): Promise<InitFindings> {
  const { store, reading } = input;
  const check = (unit: Unit) => checkConditions(unit.settings, input.facts, specifierExpander(unit, reading.machine));
  const boot = await walkBoot(store, input.target, check);
  const triggers = await readTriggers(boot, input);
  const services: FoundService[] = [];
  const done = new Set<string>();
  for (const [name, { unit, outcome, conditions }] of boot.units) {
    if (unit.name.type !== 'service' || isTemplate(unit.name)) continue;
    done.add(name);
    if (outcome === 'not-found' || (outcome === 'masked' && unit.path === null)) continue;
    const service = await readScriptedUnit(unit, reading);
    // A socket refuses to start when its service is masked.
    const sockets = outcome === 'masked' ? [] : (triggers.sockets.get(name) ?? []);
    const isStarted =
      outcome === 'started' &&
      (await canStart(service, unit, reading.context, specifierExpander(unit, reading.machine)));
    // The system's own conditions ask for devices and state as a rule: nobody has to look after them.
    const isOwn = service.role === undefined && decideRole(service, reading.context).role === 'application';
    if (outcome === 'started' && conditions.verdict === 'undecided' && isOwn) {
      const open = conditions.settings.map(describeCondition).join(', ');
      reading.context.report('condition-undecided', unit.path ?? '/', `taken as met: ${open}`);
    }
    const devices = outcome === 'started' && isOwn ? requiredDevices(store, unit) : [];
    if (devices.length > 0) {
      reading.context.report('device-undecided', unit.path ?? '/', `taken as there: ${devices.join(', ')}`);
    }
    if (isStarted) services.push(withSockets(service, sockets, unit));
    else if (sockets.length > 0) services.push(...sockets.map((socket) => asSocket(service, socket, unit)));
    else services.push(service);
  }
  for (const [name, sockets] of triggers.sockets) {
    if (done.has(name)) continue;
    done.add(name);
    const unit = await store.load(name);
    if (unit?.state !== 'loaded') {
      for (const socket of sockets) {
        if (sockets.length > 0)
          reading.context.report(
            'socket-without-service',
            socket.unit.path ?? '/',
            `starts ${name}, which is ${unit?.state ?? 'no unit'}`,
          );
      }
      continue;
    }
    const service = await readScriptedUnit(unit, reading);
    const isWakeable = (await check(unit)).verdict !== 'unmet' && (await isWoken(name, boot, reading.context));
    if (isWakeable) services.push(withSockets(service, sockets, unit));
    else services.push(...sockets.map((socket) => asSocket(service, socket, unit)));
  }
  for (const name of triggers.paths) await addByName(name, true);
  for (const name of [...store.names()]) if (isListed(store, name, done)) await addByName(name, false);
  return { services, jobs: triggers.jobs, fit: [] };

  async function addByName(name: string, enabled: boolean): Promise<void> {
    const final = store.resolve(name);
    if (done.has(final)) return;
    const unit = await store.load(final);
    if (unit === null || unit.path === null) return;
    if (!enabled && !isSwitchable(unit)) return;
    done.add(final);
    if (unit.name.type === 'service') {
      services.push({ ...(await readScriptedUnit(unit, reading)), enabled });
      return;
    }
    const served = await store.load(serviceOfSocket(unit, specifierExpander(unit, reading.machine)).name);
    if (served === null || served.path === null || (served.name.instance === undefined && done.has(served.name.full)))
      return;
    if (served.name.instance === undefined && isSwitchable(served)) return;
    const listening = readListening(unit, specifierExpander(unit, reading.machine));
    services.push({
      ...asSocket(await readScriptedUnit(served, reading), { unit, listening }, served),
      enabled: false,
    });
  }
}

interface ActiveSocket {
  readonly unit: Unit;
  readonly listening: SocketListening;
}

interface Triggers {
  /** Service (or template) → sockets that a boot opens for it. */
  readonly sockets: ReadonlyMap<string, readonly ActiveSocket[]>;
  /** Services that a path unit starts at boot, because what it waits for is there. */
  readonly paths: readonly string[];
  readonly jobs: readonly FoundJob[];
}

async function readTriggers(boot: Boot, { store, reading }: ManagerInput): Promise<Triggers> {
  const sockets = new Map<string, ActiveSocket[]>();
  const paths: string[] = [];
  const jobs: FoundJob[] = [];
  for (const { unit, outcome } of boot.units.values()) {
    if (outcome !== 'started') continue;
    const expand = specifierExpander(unit, reading.machine);
    if (unit.name.type === 'socket') {
      const name = store.resolve(serviceOfSocket(unit, expand).name);
      sockets.set(name, [...(sockets.get(name) ?? []), { unit, listening: readListening(unit, expand) }]);
    } else if (unit.name.type === 'timer') {
      const triggered = await store.load(triggeredUnit(unit, 'Timer', expand));
      if (triggered?.state !== 'loaded') continue;
      const service = triggered.name.type === 'service' ? await readScriptedUnit(triggered, reading) : null;
      jobs.push(...readTimer(unit, service?.command ?? [], service?.user ?? 'root'));
    } else if (unit.name.type === 'path' && pathIsThere(unit, reading.context, expand)) {
      paths.push(triggeredUnit(unit, 'Path', expand));
    }
  }
  // Sockets that a service names with Sockets= are its own, whatever they are called.
  for (const { unit, outcome } of boot.units.values()) {
    if (unit.name.type !== 'service' || outcome !== 'started') continue;
    for (const { value } of listSettings(unit.settings, 'Service', 'Sockets')) {
      for (const name of value.split(/\s+/)) {
        const socket = boot.units.get(store.resolve(name));
        if (socket === undefined || socket.outcome !== 'started') continue;
        const known = sockets.get(unit.name.full) ?? [];
        if (known.some((item) => item.unit === socket.unit)) continue;
        const listening = readListening(socket.unit, specifierExpander(socket.unit, reading.machine));
        sockets.set(unit.name.full, [...known, { unit: socket.unit, listening }]);
      }
    }
  }
  return { sockets, paths, jobs };
}

/** Devices that must appear before the unit starts: no disk tells whether the machine has them. */
function requiredDevices(store: UnitStore, unit: Unit): string[] {
  const names = dependenciesOf(store, unit).filter(({ name, required }) => required && name.endsWith('.device'));
  return [...new Set(names.map(({ name }) => name))];
}

/** Paths that are watched for existing start their unit at once when they exist (systemd.path(5)). */
function pathIsThere(unit: Unit, { fs }: ServiceContext, expand: (text: string) => string): boolean {
  const values = (name: string): string[] =>
    listSettings(unit.settings, 'Path', name).map(({ value }) => expand(value));
  const onDisk = (path: string): boolean => !/^\/(?:run|proc|sys|dev|tmp)(?:\/|$)/.test(path);
  return (
    values('PathExists').some((path) => onDisk(path) && fs.exists(path)) ||
    values('DirectoryNotEmpty').some((path) => onDisk(path) && fs.list(path).length > 0)
  );
}

/** The program must be on the disk, and the files that its environment needs: otherwise the start fails. */
async function canStart(
  service: FoundService,
  unit: Unit,
  context: ServiceContext,
  expand: (text: string) => string,
): Promise<boolean> {
  if (service.blocked !== undefined) {
    const { path: where, line, reason } = service.blocked;
    context.report('service-starts-nothing', where, `line ${line}: ${service.name}: ${reason}`);
    return false;
  }
  const program = missingProgram(context.fs, service.command);
  const path = service.evidence[0]?.path ?? unit.path ?? '/';
  if (program !== null && service.role === undefined) {
    context.report('program-missing', path, `${service.name} would run ${program}, which is not on the disk`);
    return false;
  }
  if ((await failingExecCondition(unit, context, expand)) !== null) return false;
  const file = missingEnvironmentFile(context, unit, expand);
  if (file !== null) {
    context.report('environment-file-missing', path, `${service.name} needs ${file}, which is not on the disk`);
    return false;
  }
  if (service.command.length === 0 && service.role === undefined) {
    const isListOnly = lastValue(unit.settings, 'Service', 'ExecStop') !== null;
    if (!isListOnly) context.report('service-without-command', path, `${service.name} has no ExecStart=`);
    return isListOnly;
  }
  return true;
}

function withSockets(service: FoundService, sockets: readonly ActiveSocket[], unit: Unit): FoundService {
  const input = lastValue(unit.settings, 'Service', 'StandardInput') ?? '';
  const activation: Activation = {
    sockets: sockets.flatMap(({ listening }) => listening.sockets),
    perConnection: sockets.some((socket) => parseBoolean(lastValue(socket.unit.settings, 'Socket', 'Accept')) === true),
    standardInput: input.startsWith('socket') || input.startsWith('fd:'),
    mode: sockets[0]?.listening.mode ?? 0o666,
  };
  return {
    ...service,
    enabled: true,
    ports: sockets.flatMap(({ listening }) => listening.ports),
    listens: [...new Set(sockets.flatMap(({ listening }) => listening.listens))],
    ...(activation.sockets.length === 0 ? {} : { activation }),
    evidence: [...service.evidence, ...sockets.flatMap(({ unit }) => unit.evidence)],
  };
}

/** A service that only its socket starts goes by the socket's name. */
function asSocket(service: FoundService, socket: ActiveSocket, unit: Unit): FoundService {
  return {
    ...withSockets(service, [socket], unit),
    name: socket.unit.name.full,
    description: lastValue(socket.unit.settings, 'Unit', 'Description') ?? service.description,
    evidence: [...socket.unit.evidence, ...service.evidence],
    definition: socket.unit.path,
  };
}

/** Services and sockets that a boot does not start are listed when somebody could switch them on. */
function isListed(store: UnitStore, name: string, done: ReadonlySet<string>): boolean {
  const parsed = parseUnitName(name);
  return (
    parsed !== null &&
    (parsed.type === 'service' || parsed.type === 'socket') &&
    !isTemplate(parsed) &&
    store.resolve(name) === name &&
    !done.has(name)
  );
}

function isSwitchable(unit: Unit): boolean {
  return (
    unit.generated ||
    unit.state === 'masked' ||
    unit.settings.some(({ section }) => section === 'Install') ||
    lastValue(unit.settings, 'Service', 'BusName') !== null
  );
}
