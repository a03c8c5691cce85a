import type { Evidence } from '../../model/evidence.js';
import { baseName } from '../../model/path.js';
import type { Service } from '../../model/services.js';
import { shellWords } from '../../syntax/shell.js';
import type { ConfigFiles } from './config-files.js';
import type { Setting } from './setting.js';

/** A program and its arguments, found behind the wrappers that start it. */
export interface CommandLine {
  readonly program: string;
  readonly arguments: readonly string[];
  /** Every name the program goes by, best first: program, script, module, jar or main class, unit. */
  readonly names: readonly string[];
  /**
   * Values of an option in order: `--name value`, `--name=value`, `-name value` and, for names of one letter, `-nvalue`
   * are all understood. Give names without dashes.
   */
  options(...names: string[]): Setting[];
  /** The last value of an option. */
  option(...names: string[]): Setting | undefined;
  has(...names: string[]): boolean;
  environment(name: string): Setting | undefined;
  /** A built-in default: stands in no file, so the service itself is the evidence. */
  builtIn(value: string | number): Setting;
  /** Any text of the command line as a setting. */
  setting(value: string, needle?: string): Setting;
}

const MAX_ARGUMENTS = 2000;
const MAX_WRAPPERS = 8;

/** Programs that start the program named after their own options; the options that take a value of their own. */
const WRAPPERS = new Map<string, readonly string[]>([
  ['env', ['-u', '-C', '-S']],
  ['nice', ['-n']],
  ['ionice', ['-c', '-n', '-p']],
  ['nohup', []],
  ['exec', []],
  ['setsid', []],
  ['stdbuf', ['-i', '-o', '-e']],
  ['taskset', ['-c']],
  ['numactl', []],
  ['chrt', []],
  ['setpriv', []],
  ['sudo', ['-u', '-g']],
  ['runuser', ['-u', '-g']],
  ['gosu', []],
  ['su-exec', []],
  ['chpst', ['-u', '-U', '-e', '-m', '-n', '-o', '-p', '-c', '-f', '-/', '-b', '-l', '-L']],
  ['setuidgid', []],
  ['softlimit', []],
  ['tini', []],
  ['dumb-init', []],
  ['authbind', []],
  ['unshare', []],
  ['start_daemon', []],
  ['daemon', ['--user', '--pidfile']],
]);
/** Wrappers with a positional argument (user, mask, …) before the program. */
const POSITIONAL = new Map([
  ['gosu', 1],
  ['su-exec', 1],
  ['setuidgid', 1],
]);
const INTERPRETER = /^(?:python|perl|ruby|php|lua|bash|dash|sh|node|nodejs|bundle|escript|tclsh)[\d.]*$/;

export async function readCommandLine(service: Service, files: ConfigFiles): Promise<CommandLine> {
  const names: string[] = [];
  const { program, rest } = unwrap(service.command.slice(0, MAX_ARGUMENTS), names, 0);
  names.push(...unitNames(service.name));
  const sources = await argumentSources(service, files);
  const setting = (value: string, needle: string = value): Setting => ({
    value,
    evidence: locate(sources, needle, service),
    inferred: true,
  });
  const options = (...wanted: string[]): Setting[] => optionValues(rest, wanted).map((value) => setting(value));
  return {
    program,
    arguments: rest,
    names: [...new Set(names)],
    setting,
    options,
    option: (...wanted) => options(...wanted).at(-1),
    has: (...wanted) =>
      rest.some((argument) => wanted.some((name) => argument === `-${name}` || argument === `--${name}`)),
    environment: (name) => {
      const value = Object.hasOwn(service.environment, name) ? service.environment[name] : undefined;
      return value === undefined || value === '' ? undefined : setting(value, `${name}=`);
    },
    builtIn: (value) => ({ value: String(value), evidence: serviceEvidence(service), inferred: true }),
  };
}

/** Where the service itself was found. */
export function serviceEvidence(service: Service): Evidence {
  return service.evidence[0] ?? { path: '/', record: service.name };
}

function unwrap(argv: readonly string[], names: string[], depth: number): { program: string; rest: string[] } {
  const program = argv[0] ?? '';
  const rest = argv.slice(1);
  const name = baseName(program);
  if (depth >= MAX_WRAPPERS || name === '') return { program, rest };
  const script = /^(?:ba|da|z|k)?sh$/.test(name) ? rest.findIndex((argument) => /^-[a-z]*c$/.test(argument)) : -1;
  if (script !== -1)
    return unwrap(lastCommand(shellWords((rest[script + 1] ?? '').slice(0, 65_536))), names, depth + 1);
  if (WRAPPERS.has(name)) {
    const inner = afterOptions(rest, WRAPPERS.get(name)!, POSITIONAL.get(name) ?? 0);
    if (inner.length > 0) return unwrap(inner, names, depth + 1);
  }
  if (name === 'start-stop-daemon') {
    const file = optionValues(rest, ['startas', 'a']).at(-1) ?? optionValues(rest, ['exec', 'x']).at(-1);
    const dashes = rest.indexOf('--');
    if (file !== undefined) return unwrap([file, ...(dashes === -1 ? [] : rest.slice(dashes + 1))], names, depth + 1);
  }
  if (name === 'java' || name === 'jsvc') {
    names.push(...javaNames(rest), name);
    return { program, rest };
  }
  if (INTERPRETER.test(name)) {
    const module = rest.indexOf('-m');
    const at = module !== -1 ? module + 1 : rest.findIndex((argument) => !argument.startsWith('-'));
    const inner = name.startsWith('bundle') && rest[0] === 'exec' ? 1 : at;
    const target = rest[inner];
    if (inner !== -1 && target !== undefined) {
      names.push(baseName(target), baseName(target).replace(/\.(?:py|pl|rb|sh|js|mjs|php)$/, ''), name);
      return { program: target, rest: rest.slice(inner + 1) };
    }
  }
  // A daemon that writes its state into its title runs under `name:`.
  // A hook below /etc is named after the program that it serves.
  if (!isHook(program)) names.push(name.replace(/:$/, ''));
  return { program, rest };
}

function isHook(program: string): boolean {
  return program.startsWith('/etc/') && !/^\/etc\/(?:init\.d|rc\.d|rc\d?\.d)\//.test(program);
}

/** The command a `sh -c` ends in, without assignments before it. */
function lastCommand(words: readonly string[]): string[] {
  const operator = words.findLastIndex((word) => /^(?:;|&&|\|\||\|)$/.test(word));
  const tail = operator === -1 || operator === words.length - 1 ? [...words] : words.slice(operator + 1);
  const redirect = tail.findIndex((word) => /^(?:>|>>|<|>&|<&|&|\d?>.*)$/.test(word));
  const command = redirect === -1 ? tail : tail.slice(0, redirect);
  while (command.length > 0 && (command[0] === 'exec' || /^[A-Za-z_]\w*=/.test(command[0]!))) command.shift();
  return command;
}

function afterOptions(rest: readonly string[], withValue: readonly string[], positional: number): string[] {
  let at = 0;
  while (at < rest.length && (rest[at]!.startsWith('-') || /^[A-Za-z_]\w*=/.test(rest[at]!))) {
    if (rest[at] === '--') {
      at += 1;
      break;
    }
    at += withValue.includes(rest[at]!) ? 2 : 1;
  }
  return rest.slice(at + positional);
}

const JAVA_OPTIONS_WITH_VALUE = new Set(['-cp', '-classpath', '--class-path', '--module-path', '-p', '--add-modules']);

function javaNames(rest: readonly string[]): string[] {
  const jar = rest.indexOf('-jar');
  if (jar !== -1 && rest[jar + 1] !== undefined) {
    const file = baseName(rest[jar + 1]!);
    return [file, file.replace(/(?:-\d[\w.+-]*)?\.(?:jar|war)$/, ''), 'java-jar'];
  }
  for (let at = 0; at < rest.length; at += 1) {
    const argument = rest[at]!;
    if (JAVA_OPTIONS_WITH_VALUE.has(argument)) at += 1;
    else if (!argument.startsWith('-')) return [argument, argument.split('.').at(-1)!];
  }
  return [];
}

function unitNames(unit: string): string[] {
  const stem = unit.replace(/\.(?:service|socket)$/, '');
  return stem.includes('@') ? [stem.slice(0, stem.indexOf('@'))] : [stem];
}

function optionValues(rest: readonly string[], names: readonly string[]): string[] {
  const values: string[] = [];
  for (let at = 0; at < rest.length; at += 1) {
    const argument = rest[at]!;
    if (!argument.startsWith('-')) continue;
    for (const name of names) {
      const dashed = [`-${name}`, `--${name}`].find((form) => argument === form || argument.startsWith(`${form}=`));
      if (dashed === undefined) {
        // `-p80`, but not `-pidfile`.
        if (name.length === 1 && argument[1] === name && /^[\d:[/*]/.test(argument.slice(2)))
          values.push(argument.slice(2));
        continue;
      }
      const value = argument.length > dashed.length ? argument.slice(dashed.length + 1) : rest[at + 1];
      if (value !== undefined) values.push(value);
      break;
    }
  }
  return values;
}

/** The unit's own files, then the files that distributions keep a daemon's options in. */
async function argumentSources(service: Service, files: ConfigFiles): Promise<{ path: string; lines: string[] }[]> {
  const folders = ['/etc/default', '/etc/sysconfig', '/etc/conf.d'];
  const guesses = unitNames(service.name).flatMap((name) => folders.map((folder) => `${folder}/${name}`));
  const paths = new Set([...service.evidence.slice(0, 32).map((evidence) => evidence.path), ...guesses]);
  const sources: { path: string; lines: string[] }[] = [];
  for (const path of paths) {
    const text = await files.read(path);
    if (text !== null) sources.push({ path, lines: text.split('\n') });
  }
  return sources;
}

function locate(
  sources: readonly { path: string; lines: readonly string[] }[],
  needle: string,
  service: Service,
): Evidence {
  for (const { path, lines } of needle === '' ? [] : sources) {
    const at = lines.findIndex((line) => !/^\s*[#;]/.test(line) && line.includes(needle));
    if (at !== -1) return { path, line: at + 1 };
  }
  return serviceEvidence(service);
}
