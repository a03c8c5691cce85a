import { baseName } from '../../../model/path.js';
import { expandGlob, globToRegExp } from '../../../syntax/glob.js';
import type { ServiceContext } from '../context.js';
import type { MachineSpecifiers } from './specifiers.js';
import { systemdArchitecture } from './specifiers.js';
import type { Setting } from './unit-file.js';
import { parseBoolean } from './values.js';

/** What a disk can say about a condition. */
export type Verdict = 'met' | 'unmet' | 'undecided';

export interface ConditionFacts {
  readonly context: Pick<ServiceContext, 'fs' | 'hardware' | 'os' | 'kernelArguments' | 'accounts'>;
  readonly machine: MachineSpecifiers;
  readonly firstBoot: boolean;
  readonly mountPoints: ReadonlySet<string>;
}

export interface ConditionResult {
  readonly verdict: Verdict;
  /** The settings that decided (unmet) or could not be decided. */
  readonly settings: readonly Setting[];
}

/**
 * Condition…= and Assert…= of a unit (systemd.unit(5)): all plain ones must hold, and one of those with `|` if there
 * are any. An empty assignment of any of them resets all that came before.
 */
export function checkConditions(
  settings: readonly Setting[],
  facts: ConditionFacts,
  expand: (text: string) => string,
): ConditionResult {
  const plain: [Setting, Verdict][] = [];
  const triggering: [Setting, Verdict][] = [];
  for (const setting of settings) {
    const match = setting.section === 'Unit' ? /^(?:Condition|Assert)([A-Za-z0-9]+)$/.exec(setting.name) : null;
    if (match === null) continue;
    if (setting.value === '') {
      plain.length = 0;
      triggering.length = 0;
      continue;
    }
    const triggers = setting.value.startsWith('|');
    const unpiped = triggers ? setting.value.slice(1).trimStart() : setting.value;
    const negated = unpiped.startsWith('!');
    const verdict = decide(match[1]!, expand(negated ? unpiped.slice(1).trimStart() : unpiped), facts);
    (triggers ? triggering : plain).push([setting, negated ? negate(verdict) : verdict]);
  }
  const failed = plain.filter(([, verdict]) => verdict === 'unmet');
  if (failed.length > 0) return { verdict: 'unmet', settings: failed.map(([setting]) => setting) };
  if (triggering.length > 0 && triggering.every(([, verdict]) => verdict === 'unmet')) {
    return { verdict: 'unmet', settings: triggering.map(([setting]) => setting) };
  }
  const open = plain.filter(([, verdict]) => verdict === 'undecided');
  if (triggering.length > 0 && !triggering.some(([, verdict]) => verdict === 'met')) {
    open.push(...triggering.filter(([, verdict]) => verdict === 'undecided'));
  }
  return open.length > 0
    ? { verdict: 'undecided', settings: open.map(([setting]) => setting) }
    : { verdict: 'met', settings: [] };
}

type Decider = (argument: string, facts: ConditionFacts) => Verdict;

const DECIDERS: ReadonlyMap<string, Decider> = new Map<string, Decider>([
  ['PathExists', (path, { context }) => onDisk(path, context.fs.exists(path))],
  ['PathExistsGlob', (pattern, { context }) => onDisk(pattern, expandGlob(context.fs, pattern).length > 0)],
  ['PathIsDirectory', (path, { context }) => onDisk(path, context.fs.stat(path)?.type === 'directory')],
  ['PathIsSymbolicLink', (path, { context }) => onDisk(path, context.fs.lstat(path)?.type === 'symlink')],
  [
    'PathIsMountPoint',
    (path, { mountPoints }) =>
      truth(mountPoints.has(path) || /^\/(?:|proc|sys|dev|run|dev\/shm|dev\/pts|sys\/fs\/cgroup)$/.test(path)),
  ],
  [
    'PathIsReadWrite',
    (path, { context }) => (/^\/(?:sys|proc)(?:\/|$)/.test(path) ? 'undecided' : onDisk(path, context.fs.exists(path))),
  ],
  ['PathIsEncrypted', () => 'undecided'],
  ['DirectoryNotEmpty', (path, { context }) => onDisk(path, context.fs.list(path).length > 0)],
  [
    'FileNotEmpty',
    (path, { context }) =>
      onDisk(path, (context.fs.stat(path)?.type === 'file' && context.fs.stat(path)!.size > 0) || false),
  ],
  ['FileIsExecutable', (path, { context }) => onDisk(path, isExecutable(context.fs.stat(path)))],
  ['Architecture', decideArchitecture],
  ['Virtualization', decideVirtualization],
  ['KernelCommandLine', decideKernelCommandLine],
  ['FirstBoot', (text, { firstBoot }) => truth(parseBoolean(text) === firstBoot)],
  ['Host', (text, { machine }) => decideHost(text, machine)],
  [
    'User',
    (text, { machine }) =>
      truth(
        text === machine.user.name ||
          text === String(machine.user.uid) ||
          (text === '@system' && machine.user.uid < 1000),
      ),
  ],
  ['Group', (text, { machine }) => truth(text === machine.user.name || text === String(machine.user.gid))],
  ['OSRelease', (text, { machine }) => decideOsRelease(text, machine)],
  ['CPUs', (text, { context }) => compareNumber(context.hardware.cpus, text)],
  ['Memory', () => 'undecided'],
  // A system manager on a virtual machine holds every capability and runs on mains power.
  ['Capability', () => 'met'],
  ['ACPower', (text) => truth(parseBoolean(text) !== false)],
  ['NeedsUpdate', decideNeedsUpdate],
  ['ControlGroupController', () => 'undecided'],
  ['Security', () => 'undecided'],
  ['Environment', () => 'undecided'],
  ['KernelVersion', () => 'undecided'],
  ['Version', () => 'undecided'],
]);

function decide(name: string, argument: string, facts: ConditionFacts): Verdict {
  return DECIDERS.get(name)?.(argument, facts) ?? 'undecided';
}

/** Kernel file systems and `/run` exist only on the running machine; a few of their paths are there on all of them. */
function onDisk(path: string, present: boolean): Verdict {
  if (/^\/(?:run|proc|sys|dev|tmp|var\/run)(?:\/|$)/.test(path)) {
    if (
      /^\/(?:run|proc|sys|dev|tmp|var\/run|run\/systemd\/system|proc\/net|dev\/(?:null|tty0|random|urandom|zero|full))\/?$/.test(
        path,
      )
    )
      return 'met';
    return 'undecided';
  }
  return truth(present);
}

function decideArchitecture(text: string, { context }: ConditionFacts): Verdict {
  const own = systemdArchitecture(context.os.architecture);
  if (text === 'native') return 'met';
  return own === null ? 'undecided' : truth(text === own);
}

const VIRTUAL_MACHINES = new Set([
  'vmware',
  'oracle',
  'kvm',
  'qemu',
  'microsoft',
  'xen',
  'amazon',
  'bochs',
  'uml',
  'zvm',
  'parallels',
  'bhyve',
  'qnx',
  'acrn',
  'powervm',
  'apple',
  'sre',
  'google',
]);

/** The machine is a virtual machine and no container, whatever its kind. */
function decideVirtualization(text: string, { context }: ConditionFacts): Verdict {
  const asked = parseBoolean(text);
  if (asked !== null) return truth(asked);
  if (text === 'vm') return 'met';
  if (text === 'container' || text === 'private-users') return 'unmet';
  if (!VIRTUAL_MACHINES.has(text)) return 'unmet';
  return context.hardware.hypervisor === undefined ? 'undecided' : truth(context.hardware.hypervisor === text);
}

/** A word alone matches the option with or without a value (`quiet`, `debug=1`). */
function decideKernelCommandLine(text: string, { context }: ConditionFacts): Verdict {
  const words = context.kernelArguments;
  if (text.includes('=')) return truth(words.includes(text));
  return truth(words.some((word) => word === text || word.startsWith(`${text}=`)));
}

function decideHost(text: string, machine: MachineSpecifiers): Verdict {
  if (text === machine.machineId) return 'met';
  if (machine.hostname === null) return 'undecided';
  return truth(globToRegExp(text).test(machine.hostname));
}

function decideOsRelease(text: string, machine: MachineSpecifiers): Verdict {
  const match = /^([A-Z0-9_]+)\s*(=|!=|==)\s*"?([^"]*)"?$/.exec(text);
  if (match === null) return 'undecided';
  const same = (machine.osRelease.get(match[1]!) ?? '') === match[3];
  return truth(match[2] === '!=' ? !same : same);
}

function compareNumber(value: number | undefined, text: string): Verdict {
  const match = /^(<=|>=|<|>|=|!=)?\s*([0-9]{1,9})$/.exec(text);
  if (match === null || value === undefined) return 'undecided';
  const other = Number(match[2]);
  switch (match[1] ?? '>=') {
    case '<':
      return truth(value < other);
    case '<=':
      return truth(value <= other);
    case '>':
      return truth(value > other);
    case '=':
      return truth(value === other);
    case '!=':
      return truth(value !== other);
    default:
      return truth(value >= other);
  }
}

/** `/etc` or `/var` is older than `/usr` (systemd-update-done leaves `.updated` behind). */
function decideNeedsUpdate(folder: string, { context }: ConditionFacts): Verdict {
  const stamp = context.fs.stat(`${folder.replace(/^[|!]+/, '')}/.updated`);
  const usr = context.fs.stat('/usr');
  if (usr === undefined) return 'undecided';
  return truth(stamp === undefined || stamp.mtime < usr.mtime);
}

function isExecutable(entry: { readonly type: string; readonly mode: number } | undefined): boolean {
  return entry?.type === 'file' && (entry.mode & 0o111) !== 0;
}

function truth(value: boolean): Verdict {
  return value ? 'met' : 'unmet';
}

function negate(verdict: Verdict): Verdict {
  return verdict === 'undecided' ? verdict : verdict === 'met' ? 'unmet' : 'met';
}

/** The path of a setting's unit file and its line, for messages. */
export function describeCondition(setting: Setting): string {
  return `${setting.name}=${setting.value} (${baseName(setting.path)}:${setting.line})`;
}
