import { baseName } from '../../../model/path.js';
import { shellWords } from '../../../syntax/shell.js';
import { type FoundService, readText, type ServiceContext } from '../context.js';
import { emptyService, missingProgram, toRecord } from '../found.js';
import { mainLaunch, readScript, type ScriptResult } from '../script/index.js';
import { parseHeader, type ScriptHeader } from './header.js';

/** Debian's interpreter for scripts that only set variables (init-d-script(5)). */
const INIT_D_SCRIPT = /^#!\s*(?:\/usr\/bin\/env\s+)?\/(?:usr\/)?lib\/init\/init-d-script/;

/** Words of scripts that leave a program running, rather than setting something up. */
const LASTING = /pid_?file|\.pid\b|start-stop-daemon|\bnohup\b|\bdaemon\b|killproc/i;

/** A name that scripts use for their program, and those for its arguments, most telling first. */
const PROGRAM_VARIABLES = [
  'DAEMON',
  'DAEMON_BIN',
  'BINARY',
  'PROGRAM',
  'PROG',
  'EXEC',
  'BIN',
  'DAEMON_PATH',
  'exec',
  'prog',
  'daemon',
  'command',
  'CMD',
];
const ARGUMENT_VARIABLES = ['DAEMON_ARGS', 'DAEMON_OPTS', 'DAEMON_OPTIONS', 'OPTIONS', 'OPTS', 'ARGS'];

/** The service behind an init script: the program is inferred, `enabled` is left to the caller. */
export async function readInitScript(context: ServiceContext, path: string): Promise<FoundService> {
  const name = baseName(path);
  const text = (await readText(context, path)) ?? '';
  const header = parseHeader(text);
  const base: FoundService = {
    ...emptyService(name, 'sysvinit'),
    description: header.description,
    after: header.requires.filter((word) => !/^[$+]/.test(word)),
    evidence: [{ path }],
    definition: path,
  };
  if (!text.startsWith('#!') || text.includes('\0')) {
    return { ...base, command: [path, 'start'], type: 'oneshot' };
  }
  const result = INIT_D_SCRIPT.test(text)
    ? await readDeclared(context, path, text)
    : await readProgrammed(context, path, text);
  return { ...base, ...describeResult(context, path, result, INIT_D_SCRIPT.test(text), LASTING.test(text)) };
}

export async function readScriptHeader(
  context: Pick<ServiceContext, 'fs' | 'report'>,
  path: string,
): Promise<ScriptHeader> {
  return parseHeader((await readText(context, path)) ?? '');
}

function readProgrammed(context: ServiceContext, path: string, text: string): Promise<ScriptResult> {
  return readScript(context, {
    path,
    text,
    parameters: [path, 'start'],
    variables: new Map([
      ['RUNLEVEL', '2'],
      ['PREVLEVEL', 'N'],
      ['PATH', '/usr/sbin:/usr/bin:/sbin:/bin'],
    ]),
  });
}

/** The interpreter reads /etc/default/NAME after the script, then calls what the script overrides. */
function readDeclared(context: ServiceContext, path: string, text: string): Promise<ScriptResult> {
  const name = /^[ \t]*NAME=["']?([A-Za-z0-9_.+-]+)/m.exec(text)?.[1] ?? baseName(path);
  return readScript(context, {
    path,
    text: `${text}\n[ -r /etc/default/${name} ] && . /etc/default/${name}\n`,
    parameters: [path, 'start'],
    variables: new Map([['NAME', name]]),
    call: ['do_start_override', 'start_override', 'do_start_cmd_override', 'do_start_cmd'],
  });
}

function describeResult(
  context: ServiceContext,
  path: string,
  result: ScriptResult,
  isDeclared: boolean,
  seemsLasting: boolean,
): Partial<FoundService> {
  const launch = mainLaunch(context, result, path);
  const isService =
    launch !== null && (launch.kind !== 'command' || missingProgram(context.fs, launch.command) === null);
  const environment = toRecord(
    [...result.exported].flatMap((name) => {
      const value = result.variables.get(name);
      return typeof value === 'string' && name !== 'PATH' ? [[name, value] as const] : [];
    }),
  );
  const limits = result.openFiles === null ? {} : { openFiles: result.openFiles };
  if (launch !== null && isService) {
    const user = launch.user === null || launch.user === '0' ? 'root' : launch.user;
    return {
      command: launch.command,
      inferred: true,
      type: launch.foreground ? 'simple' : 'forking',
      user,
      group: launch.group,
      workingDirectory: launch.workingDirectory,
      environment,
      limits,
      evidence: [{ path: launch.path, line: launch.line }, ...(launch.path === path ? [] : [{ path }])],
    };
  }
  const declared = declaredCommand(context, result);
  if (declared !== null && (isDeclared || result.stopped === null)) {
    return { command: declared, inferred: true, type: 'forking', environment, limits };
  }
  const stop = result.stopped;
  return {
    command: [path, 'start'],
    type: seemsLasting ? 'forking' : 'oneshot',
    environment,
    ...(stop === null
      ? {}
      : { blocked: { path: stop.path, line: stop.line, reason: 'the script ends before it starts anything' } }),
  };
}

/** A program that the script names in a variable of the usual name, with its arguments. */
function declaredCommand(context: ServiceContext, { variables }: ScriptResult): string[] | null {
  for (const name of PROGRAM_VARIABLES) {
    const value = variables.get(name);
    if (typeof value !== 'string' || !value.startsWith('/') || context.fs.stat(value)?.type !== 'file') continue;
    const options = ARGUMENT_VARIABLES.map((each) => variables.get(each)).find(
      (each) => typeof each === 'string' && each !== '',
    );
    return [value, ...shellWords(options ?? '')];
  }
  return null;
}
