import { baseName } from '../../../model/path.js';
import { shellWords } from '../../../syntax/shell.js';

/** What a starting tool's command line says of the program it starts. */
export interface Started {
  readonly command: readonly string[];
  readonly user: string | null;
  readonly group: string | null;
  readonly workingDirectory: string | null;
  readonly foreground: boolean;
  readonly isDaemon: boolean;
}

type Launcher = (args: readonly string[]) => Started | null;

const NOTHING = { user: null, group: null, workingDirectory: null, foreground: false, isDaemon: false };

/** Tools that start other programs, by name: wrappers are unwrapped, tools that make daemons give what they start. */
const LAUNCHERS: ReadonlyMap<string, Launcher> = new Map<string, Launcher>([
  ['start-stop-daemon', startStopDaemon],
  ['supervise-daemon', superviseDaemon],
  // The function of Red Hat's /etc/rc.d/init.d/functions.
  ['daemon', redHatDaemon],
  // LSB, SUSE.
  ['start_daemon', (args) => daemon(args, ['-n', '-p', '-l', '-u', '-g', '-c'], '-u')],
  ['startproc', (args) => daemon(args, ['-n', '-p', '-l', '-u', '-g', '-c', '-t', '-i'], '-u')],
  ['daemonize', (args) => daemon(args, ['-c', '-e', '-o', '-p', '-l', '-u', '-E'], '-u', '-c')],
  ['su', su],
  ['runuser', su],
  ['sudo', (args) => wrapper(args, ['-u', '-g', '-C', '-p', '-r', '-t', '-h', '--user', '--group'], ['-u', '--user'])],
  [
    'chpst',
    (args) =>
      wrapper(
        args,
        ['-u', '-U', '-e', '-b', '-m', '-d', '-o', '-p', '-f', '-c', '-r', '-t', '-n', '-l', '-L', '-/', '-C'],
        ['-u'],
      ),
  ],
  ['setuidgid', (args) => (args.length < 2 ? null : { ...NOTHING, command: args.slice(1), user: args[0]! })],
  ['s6-setuidgid', (args) => (args.length < 2 ? null : { ...NOTHING, command: args.slice(1), user: args[0]! })],
  ['gosu', (args) => (args.length < 2 ? null : { ...NOTHING, command: args.slice(1), ...userAndGroup(args[0]!) })],
  ['su-exec', (args) => (args.length < 2 ? null : { ...NOTHING, command: args.slice(1), ...userAndGroup(args[0]!) })],
  ['setpriv', (args) => wrapper(args, [], ['--reuid'])],
  ['envdir', (args) => (args.length < 2 ? null : { ...NOTHING, command: args.slice(1) })],
  ['softlimit', (args) => wrapper(args, ['-m', '-a', '-c', '-d', '-f', '-l', '-o', '-p', '-r', '-s', '-t'], [])],
  ['nohup', (args) => wrapper(args, [], [])],
  ['setsid', (args) => wrapper(args, [], [])],
  ['nice', (args) => wrapper(args, ['-n'], [])],
  ['ionice', (args) => wrapper(args, ['-c', '-n', '-p'], [])],
  ['taskset', (args) => (args.length < 2 ? null : { ...NOTHING, command: args.slice(args[0] === '-c' ? 2 : 1) })],
  ['env', env],
  ['exec', (args) => wrapper(args, ['-a'], [])],
  ['command', (args) => wrapper(args, [], [])],
  ['svlogd', () => null],
]);

export function launcherOf(program: string): Launcher | null {
  return LAUNCHERS.get(baseName(`/${program}`)) ?? null;
}

/** start-stop-daemon(8), also OpenRC's: only `--start` starts, and `--test` does not. */
function startStopDaemon(args: readonly string[]): Started | null {
  const end = args.indexOf('--');
  const options = end < 0 ? args : args.slice(0, end);
  let rest = end < 0 ? [] : args.slice(end + 1);
  const values = new Map<string, string>();
  const flags = new Set<string>();
  const withValue: Readonly<Record<string, string>> = {
    x: 'exec',
    a: 'startas',
    p: 'pidfile',
    u: 'user',
    c: 'chuid',
    g: 'group',
    d: 'chdir',
    n: 'name',
    r: 'chroot',
    N: 'nicelevel',
    P: 'procsched',
    I: 'iosched',
    k: 'umask',
    s: 'signal',
    R: 'retry',
    O: 'notify-timeout',
    e: 'env',
    w: 'wait',
    '1': 'stdout',
    '2': 'stderr',
    '3': 'stdout-logger',
    '4': 'stderr-logger',
  };
  const longWithValue = new Set([...Object.values(withValue), 'ppid', 'pid', 'capabilities', 'secbits', 'output']);
  for (let index = 0; index < options.length; index += 1) {
    const option = options[index]!;
    const long = /^--([a-z-]+)(?:=([\s\S]*))?$/.exec(option);
    if (long !== null) {
      if (long[2] !== undefined) values.set(long[1]!, long[2]);
      else if (longWithValue.has(long[1]!)) values.set(long[1]!, options[++index] ?? '');
      else flags.add(long[1]!);
    } else if (/^-[A-Za-z0-9]/.test(option)) {
      for (let at = 1; at < option.length; at += 1) {
        const name = Object.hasOwn(withValue, option[at]!) ? withValue[option[at]!]! : undefined;
        if (name === undefined) {
          flags.add(option[at]!);
          continue;
        }
        values.set(name, at + 1 < option.length ? option.slice(at + 1) : (options[++index] ?? ''));
        break;
      }
    } else if (option !== '') {
      rest = [...options.slice(index), ...rest];
      break;
    }
  }
  const starts =
    flags.has('start') ||
    flags.has('S') ||
    (!flags.has('stop') && !flags.has('K') && !flags.has('status') && !flags.has('T'));
  if (!starts || flags.has('test') || flags.has('t')) return null;
  const program = values.get('startas') ?? values.get('exec') ?? rest.shift();
  if (!program) return null;
  const { user, group } = userAndGroup(values.get('chuid') ?? values.get('user') ?? '');
  return {
    command: [program, ...rest],
    user,
    group: values.get('group') ?? group,
    workingDirectory: values.get('chdir') ?? null,
    foreground: flags.has('background') || flags.has('b'),
    isDaemon: true,
  };
}

function superviseDaemon(args: readonly string[]): Started | null {
  const [first, ...rest] = args;
  // Its first argument is the name of the service.
  const started = startStopDaemon(first?.startsWith('-') ? args : rest);
  return started === null ? null : { ...started, foreground: true };
}

function redHatDaemon(args: readonly string[]): Started | null {
  let user: string | null = null;
  let index = 0;
  for (; index < args.length; index += 1) {
    const option = args[index]!;
    if (option.startsWith('--user')) {
      user = option.includes('=') ? option.slice(option.indexOf('=') + 1) : (args[++index] ?? null);
    } else if (option === '--check' || option === '--pidfile') index += 1;
    else if (!/^(?:--|[+-][0-9]+$)/.test(option)) break;
  }
  const rest = args.slice(index);
  // One quoted argument is a whole command line for a shell.
  const command = rest.length === 1 && /\s/.test(rest[0]!) ? shellWords(rest[0]!) : rest;
  return command.length === 0 ? null : unwrap({ ...NOTHING, command: untilOperator(command), user, isDaemon: true });
}

function daemon(
  args: readonly string[],
  withValue: readonly string[],
  userOption: string,
  folderOption?: string,
): Started | null {
  const { values, rest } = takeOptions(args, withValue);
  if (rest.length === 0) return null;
  const { user, group } = userAndGroup(values.get(userOption) ?? '');
  const folder = folderOption === undefined ? null : (values.get(folderOption) ?? null);
  return { ...NOTHING, command: rest, user, group, workingDirectory: folder, isDaemon: true };
}

/** su(1) and runuser(1): `su [-] user -c "command line"`, `runuser -u user [--] command`. */
function su(args: readonly string[]): Started | null {
  let user: string | null = null;
  let line: string | null = null;
  const rest: string[] = [];
  for (let index = 0; index < args.length; index += 1) {
    const word = args[index]!;
    if (word === '-c' || word === '--command' || word === '--session-command') line = args[++index] ?? null;
    else if (word.startsWith('--command=')) line = word.slice('--command='.length);
    else if (word === '-s' || word === '--shell' || word === '-g' || word === '-G') index += 1;
    else if (word === '-u' || word === '--user') user = args[++index] ?? null;
    else if (word === '--') {
      rest.push(...args.slice(index + 1));
      break;
    } else if (!word.startsWith('-')) {
      if (user === null) user = word;
      else {
        rest.push(...args.slice(index));
        break;
      }
    }
  }
  const command = line === null ? rest : shellWords(line);
  if (command.length === 0) return null;
  const isBackground = command.includes('&');
  return unwrap({ ...NOTHING, command: untilOperator(command), user: user ?? 'root', isDaemon: isBackground });
}

function wrapper(
  args: readonly string[],
  withValue: readonly string[],
  userOptions: readonly string[],
): Started | null {
  const { values, rest } = takeOptions(args, withValue);
  if (rest.length === 0) return null;
  const named = userOptions.map((option) => values.get(option)).find((value) => value !== undefined);
  return { ...NOTHING, command: rest, ...userAndGroup(named ?? '') };
}

function env(args: readonly string[]): Started | null {
  let index = 0;
  while (index < args.length && /^(?:-|[A-Za-z_][A-Za-z0-9_]*=)/.test(args[index]!))
    index += args[index] === '-u' ? 2 : 1;
  return index >= args.length ? null : { ...NOTHING, command: args.slice(index) };
}

function takeOptions(
  args: readonly string[],
  withValue: readonly string[],
): { values: Map<string, string>; rest: string[] } {
  const values = new Map<string, string>();
  let index = 0;
  for (; index < args.length; index += 1) {
    const option = args[index]!;
    if (option === '--') {
      index += 1;
      break;
    }
    // A word of which nothing is known.
    if (option === '') continue;
    if (!option.startsWith('-') || option === '-') break;
    const equals = option.indexOf('=');
    const short = option.slice(0, 2);
    if (withValue.includes(option)) values.set(option, args[++index] ?? '');
    else if (option.startsWith('--') && equals > 0) values.set(option.slice(0, equals), option.slice(equals + 1));
    else if (!option.startsWith('--') && withValue.includes(short)) values.set(short, option.slice(2));
  }
  return { values, rest: args.slice(index) };
}

/** Wrappers within the command of a starting tool are taken off as well. */
function unwrap(started: Started): Started {
  let current = started;
  for (let level = 0; level < 8; level += 1) {
    const launcher = launcherOf(current.command[0] ?? '');
    const inner = launcher?.(current.command.slice(1)) ?? null;
    if (inner === null) return current;
    current = {
      command: inner.command,
      user: inner.user ?? current.user,
      group: inner.group ?? current.group,
      workingDirectory: inner.workingDirectory ?? current.workingDirectory,
      foreground: inner.foreground || current.foreground,
      isDaemon: inner.isDaemon || current.isDaemon,
    };
  }
  return current;
}

/** What a launcher starts, with every wrapper taken off; null when the program is no launcher, or starts nothing. */
export function startedBy(program: string, args: readonly string[]): Started | null {
  const started = launcherOf(program)?.(args) ?? null;
  return started === null ? null : unwrap(started);
}

function untilOperator(words: readonly string[]): string[] {
  const end = words.findIndex(
    (word, index) => /^(?:[;&|<>]+)$/.test(word) || (/^[0-9]$/.test(word) && /^[<>]/.test(words[index + 1] ?? '')),
  );
  return words.slice(0, end < 0 ? undefined : end);
}

/** `user`, `user:group`, `user.group`. */
function userAndGroup(text: string): { user: string | null; group: string | null } {
  const match = /^([^:]+)(?::(.*))?$/.exec(text);
  return { user: match?.[1] || null, group: match?.[2] || null };
}
