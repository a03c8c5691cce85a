import { readText } from '../context.js';
import { isOnDisk } from './expand.js';
import { FAILURE, type Outcome, type ScriptRun, type ScriptState, SUCCESS, UNKNOWN, type Value } from './machine.js';
import { parseScript } from './parse.js';
import { evaluateTest } from './test-command.js';

/** A command that the shell itself carries out; null for all others. */
export async function evaluateBuiltin(
  name: string,
  args: readonly Value[],
  state: ScriptState,
  run: ScriptRun,
  line: number,
): Promise<Outcome | null> {
  switch (name) {
    case ':':
    case 'true':
      return SUCCESS;
    case 'false':
      return FAILURE;
    case '[':
      return { status: evaluateTest(args.at(-1) === ']' ? args.slice(0, -1) : args, run, false), flow: 'next' };
    case '[[':
      return { status: evaluateTest(args.at(-1) === ']]' ? args.slice(0, -1) : args, run, true), flow: 'next' };
    case 'test':
      return { status: evaluateTest(args, run, false), flow: 'next' };
    case '.':
    case 'source':
      return sourceFile(args[0] ?? null, state, run);
    case 'exit':
      if (run.undecided === 0)
        run.stops.push({ path: run.path, line, failed: !/^(?:0|undefined)$/.test(String(args[0])) });
      return { status: args[0] === undefined ? null : args[0] === '0', flow: 'exit' };
    case 'return':
      return { status: args[0] === undefined ? true : args[0] === null ? null : args[0] === '0', flow: 'return' };
    case 'break':
    case 'continue':
      return { status: true, flow: 'break' };
    case 'export':
    case 'local':
    case 'readonly':
    case 'declare':
    case 'typeset':
      return declare(name, args, state);
    case 'unset':
      for (const each of args) if (each !== null) state.variables.delete(each);
      return SUCCESS;
    case 'shift':
      state.parameters = [state.parameters[0] ?? '', ...state.parameters.slice(2)];
      return SUCCESS;
    case 'set':
      if (args[0] === '--') state.parameters = [state.parameters[0] ?? '', ...args.slice(1)];
      return SUCCESS;
    case 'cd':
      state.workingDirectory = args.find((word) => word !== '-P' && word !== '-L' && word !== '--') ?? null;
      return SUCCESS;
    case 'ulimit': {
      const at = args.findIndex((word) => /^-[SH]*n$/.test(word ?? ''));
      const value = at < 0 ? null : args[at + 1];
      if (value !== null && value !== undefined && /^[0-9]{1,12}$/.test(value)) state.openFiles = Number(value);
      return SUCCESS;
    }
    // Upstart: the job stops itself.
    case 'stop':
      if (args.length === 0 && run.undecided === 0) run.stops.push({ path: run.path, line, failed: true });
      return SUCCESS;
    case 'yesno': {
      // OpenRC's: a value, or the name of a variable.
      const given = args[0] ?? null;
      const value = given === null ? null : (state.variables.get(given) ?? given);
      return { status: value === null ? null : /^(?:yes|true|on|1)$/i.test(value), flow: 'next' };
    }
    case 'eval':
      run.actions += 1;
      return UNKNOWN;
    case 'trap':
    case 'umask':
    case 'wait':
    case 'getopts':
    case 'read':
    case 'let':
      return UNKNOWN;
    default:
      return null;
  }
}

const MAX_VARIABLES = 3000;

export function assign(state: ScriptState, name: string, value: Value): void {
  if (state.variables.size < MAX_VARIABLES || state.variables.has(name)) state.variables.set(name, value);
}

function declare(name: string, args: readonly Value[], state: ScriptState): Outcome {
  for (const argument of args) {
    const match = argument === null ? null : /^([A-Za-z_][A-Za-z0-9_]*)(?:=([\s\S]*))?$/.exec(argument);
    if (match === null) continue;
    if (match[2] !== undefined) assign(state, match[1]!, match[2]);
    else if (name === 'local' && !state.variables.has(match[1]!)) state.variables.set(match[1]!, '');
    if (name === 'export') state.exported.add(match[1]!);
  }
  return SUCCESS;
}

async function sourceFile(path: Value, state: ScriptState, run: ScriptRun): Promise<Outcome> {
  if (path === null) return UNKNOWN;
  const file = path.startsWith('/')
    ? path
    : `${run.path.slice(0, run.path.lastIndexOf('/'))}/${path.replace(/^\.\//, '')}`;
  if (!isOnDisk(file) || isLibrary(run.context.fs.stat(file)?.path ?? file) || isLibrary(file)) return SUCCESS;
  run.budget.files -= 1;
  const text = run.budget.files < 0 ? null : await readText(run.context, file);
  if (text === null) return FAILURE;
  const savedPath = run.path;
  run.path = file;
  const outcome = await run.follow(parseScript(text), state, run);
  run.path = savedPath;
  return outcome.flow === 'return' ? { ...outcome, flow: 'next' } : outcome;
}

/** Libraries of functions of the init systems: what they offer is known here, and they are not followed. */
export function isLibrary(path: string): boolean {
  return /^(?:\/usr)?\/lib\/(?:lsb\/init-functions|init\/[^/]+|rc\/)|\/etc\/(?:rc\.d\/)?(?:init\.d\/)?functions(?:\.sh)?$|\/etc\/rc\.status$/.test(
    path,
  );
}
