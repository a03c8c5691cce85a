import type { Service, ServiceLimits } from '../../../model/services.js';
import { findAccount } from '../accounts.js';
import type { FoundService, ServiceContext } from '../context.js';
import { emptyService, toRecord } from '../found.js';
import { readEnvironment } from './environment.js';
import { type ExecCommand, parseExec } from './exec.js';
import { namesIn } from './graph.js';
import { readPrivileges } from './privileges.js';
import { expandSpecifiers, type MachineSpecifiers } from './specifiers.js';
import type { Unit } from './unit-store.js';
import { lastValue, listSettings, parseBoolean, parseBytes } from './values.js';
import { splitWords } from './words.js';

const SECTION = 'Service';

export interface UnitReading {
  readonly context: ServiceContext;
  readonly machine: MachineSpecifiers;
  readonly defaultEnvironment: ReadonlyMap<string, string>;
}

/** What a `.service` unit says of its program; whether it is enabled is decided elsewhere. */
export async function readServiceUnit(unit: Unit, reading: UnitReading): Promise<FoundService> {
  const { context, machine } = reading;
  const { settings } = unit;
  const unknown = new Set<string>();
  const expand = specifierExpander(unit, machine, unknown);
  const environment = await readEnvironment(context, unit, expand, reading.defaultEnvironment);
  const user = serviceUser(unit, expand, reading);
  const account = findAccount(context.accounts, user);
  const known = new Map(environment);
  if (user !== 'root' && account !== null) {
    for (const [name, value] of [
      ['HOME', account.home],
      ['USER', account.name],
      ['LOGNAME', account.name],
      ['SHELL', account.shell],
    ] as const) {
      if (!known.has(name)) known.set(name, value);
    }
  }
  const exec = (name: string): ExecCommand[] =>
    listSettings(settings, SECTION, name).flatMap((setting) => parseExec(setting, context.fs, expand, known));
  const starts = exec('ExecStart');
  const type = serviceType(unit, starts);
  const main = starts.at(-1) ?? null;
  const before = [...exec('ExecStartPre'), ...starts.slice(0, -1)];
  const permissionsStartOnly = parseBoolean(lastValue(settings, SECTION, 'PermissionsStartOnly')) === true;
  if (unknown.size > 0) {
    context.report(
      'specifier-unknown',
      unit.path ?? '/',
      `${[...unknown].join(', ')} is known only to the running machine`,
    );
  }
  const value = (name: string): string | null => {
    const text = lastValue(settings, SECTION, name);
    return text === null ? null : expand(text);
  };
  return {
    ...emptyService(unit.name.full, 'systemd'),
    description: describe(unit, expand),
    command: main?.command ?? [],
    prepare: before.map(({ command, privileged, mayFail }) => ({
      command,
      mayFail,
      privileged:
        privileged || user === 'root' || (permissionsStartOnly && !starts.some((start) => start.command === command)),
    })),
    type,
    user: main?.privileged && user !== 'root' && /^[@:-]*\+/.test(main.setting.value) ? 'root' : user,
    group: value('Group'),
    ...(isDynamic(unit) && !machine.isUserManager && account === null ? { dynamicUser: true as const } : {}),
    workingDirectory: workingDirectory(value('WorkingDirectory'), account?.home),
    environment: toRecord(environment),
    directories: directories(unit, expand),
    limits: limits(unit, reading),
    ...readPrivileges(unit.settings),
    restart: restart(value('Restart')),
    stopSignal: value('KillSignal'),
    after: [...new Set(namesIn(unit, 'Unit', 'After').map(({ name }) => name))].filter((name) =>
      /\.(?:service|socket)$/.test(name),
    ),
    evidence:
      main === null
        ? unit.evidence
        : [
            { path: main.setting.path, line: main.setting.line },
            ...unit.evidence.filter(({ path }) => path !== main.setting.path),
          ],
    definition: unit.path,
    ...(isGroup(type, starts) ? { role: { role: 'system', reason: 'group' } as const } : {}),
  };
}

export function specifierExpander(
  unit: Unit,
  machine: MachineSpecifiers,
  unknown?: Set<string>,
): (text: string) => string {
  return (text) => expandSpecifiers(text, unit.name, machine, unknown, unit.path);
}

/** A unit that starts nothing itself and stays "active" for others to hang on. */
function isGroup(type: Service['type'], starts: readonly ExecCommand[]): boolean {
  if (type !== 'oneshot') return false;
  return starts.every(({ command }) => /^(?:\/usr)?\/bin\/(?:true|:)$/.test(command[0] ?? ''));
}

function serviceType(unit: Unit, starts: readonly ExecCommand[]): Service['type'] {
  const type = lastValue(unit.settings, SECTION, 'Type');
  switch (type) {
    case 'simple':
    case 'exec':
    case 'forking':
    case 'oneshot':
    case 'notify':
    case 'dbus':
    case 'idle':
      return type;
    case 'notify-reload':
      return 'notify';
    default:
      if (lastValue(unit.settings, SECTION, 'BusName') !== null) return 'dbus';
      return starts.length === 0 ? 'oneshot' : 'simple';
  }
}

function serviceUser(unit: Unit, expand: (text: string) => string, { machine }: UnitReading): string {
  const named = lastValue(unit.settings, SECTION, 'User');
  if (machine.isUserManager) return machine.user.name;
  if (named !== null) return expand(named);
  return isDynamic(unit) ? unit.name.prefix.slice(0, 31) : 'root';
}

function isDynamic(unit: Unit): boolean {
  return parseBoolean(lastValue(unit.settings, SECTION, 'DynamicUser')) === true;
}

function describe(unit: Unit, expand: (text: string) => string): string | null {
  const text = lastValue(unit.settings, 'Unit', 'Description');
  return text === null ? null : expand(text).slice(0, 500);
}

/** `~` is the user's home; a leading `-` only says that it may be missing. */
function workingDirectory(text: string | null, home: string | undefined): string | null {
  if (text === null) return null;
  const path = text.replace(/^-/, '').trim();
  if (path === '~') return home ?? null;
  return path.startsWith('/') ? path : null;
}

const DIRECTORY_SETTINGS = [
  ['RuntimeDirectory', '/run'],
  ['StateDirectory', '/var/lib'],
  ['CacheDirectory', '/var/cache'],
  ['LogsDirectory', '/var/log'],
  ['ConfigurationDirectory', '/etc'],
] as const;

function directories(unit: Unit, expand: (text: string) => string): { path: string; mode: number }[] {
  return DIRECTORY_SETTINGS.flatMap(([name, folder]) => {
    const mode = Number.parseInt(lastValue(unit.settings, SECTION, `${name}Mode`) ?? '755', 8);
    return listSettings(unit.settings, SECTION, name).flatMap((setting) =>
      splitWords(setting.value)
        .map((word) => expand(word.value).split(':', 1)[0]!)
        .filter((path) => path !== '' && !path.startsWith('/') && !path.split('/').includes('..'))
        .map((path) => ({ path: `${folder}/${path}`, mode: Number.isNaN(mode) ? 0o755 : mode & 0o7777 })),
    );
  });
}

function limits(unit: Unit, { context }: UnitReading): ServiceLimits {
  const value = (name: string): string | null => lastValue(unit.settings, SECTION, name);
  const memory = parseBytes(value('MemoryMax') ?? value('MemoryLimit'), context.hardware.memory);
  const quota = /^([0-9]{1,7})%$/.exec(value('CPUQuota') ?? '');
  const files = /^([0-9]{1,15})(?::([0-9]{1,15}|infinity))?$/.exec(value('LimitNOFILE') ?? '');
  const tasks = /^[0-9]{1,15}$/.exec(value('TasksMax') ?? '');
  return {
    ...(memory === null ? {} : { memory }),
    ...(quota === null ? {} : { cpus: Number(quota[1]) / 100 }),
    ...(files === null ? {} : { openFiles: Number(files[1]) }),
    ...(tasks === null ? {} : { tasks: Number(tasks[0]) }),
  };
}

function restart(text: string | null): Service['restart'] {
  if (text === 'always' || text === 'on-success') return 'always';
  return text?.startsWith('on-') ? 'on-failure' : 'no';
}
