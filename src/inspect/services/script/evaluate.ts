import { baseName } from '../../../model/path.js';
import { globToRegExp } from '../../../syntax/glob.js';
import { assign, evaluateBuiltin, isLibrary } from './builtins.js';
import { expandFields, expandWord } from './expand.js';
import { launch } from './launch.js';
import { launcherOf } from './launchers.js';
import {
  adoptState,
  copyState,
  FAILURE,
  mergeStates,
  type Outcome,
  type ScriptRun,
  type ScriptState,
  type Status,
  SUCCESS,
  UNKNOWN,
  type Value,
} from './machine.js';
import type { Script, Statement } from './syntax-tree.js';

const MAX_DEPTH = 40;

/**
 * Follows a script as a shell would at boot, without running anything: values that the disk does not tell are unknown,
 * and where a condition is unknown both branches are followed. Programs that would be started end in `run.launches`.
 */
export async function evaluate(script: Script, state: ScriptState, run: ScriptRun): Promise<Outcome> {
  let status: Status = true;
  for (const statement of script) {
    const outcome = await evaluateStatement(statement, state, run);
    if (outcome.flow !== 'next') return outcome;
    status = outcome.status;
  }
  return { status, flow: 'next' };
}

export async function evaluateStatement(statement: Statement, state: ScriptState, run: ScriptRun): Promise<Outcome> {
  run.budget.steps -= 1;
  if (run.budget.steps < 0 || run.depth > MAX_DEPTH) return { status: null, flow: 'exit' };
  run.depth += 1;
  try {
    return await evaluateKind(statement, state, run);
  } finally {
    run.depth -= 1;
  }
}

async function evaluateKind(statement: Statement, state: ScriptState, run: ScriptRun): Promise<Outcome> {
  switch (statement.kind) {
    case 'command':
      return evaluateCommand(statement, state, run, false);
    case 'background':
      return evaluateBackground(statement.body, state, run);
    case 'and':
    case 'or': {
      const left = await evaluateStatement(statement.left, state, run);
      if (left.flow !== 'next') return left;
      const isAnd = statement.kind === 'and';
      if (left.status !== null) return left.status === isAnd ? evaluateStatement(statement.right, state, run) : left;
      return perhaps(state, run, (copy) => evaluateStatement(statement.right, copy, run));
    }
    case 'not': {
      const inner = await evaluateStatement(statement.body, state, run);
      return { ...inner, status: inner.status === null ? null : !inner.status };
    }
    case 'pipe': {
      let last: Outcome = UNKNOWN;
      for (const part of statement.parts) last = await evaluateStatement(part, copyState(state), run);
      return { status: last.status, flow: 'next' };
    }
    case 'group': {
      const outcome = await evaluate(statement.body, statement.subshell ? copyState(state) : state, run);
      return statement.subshell ? { ...outcome, flow: 'next' } : outcome;
    }
    case 'if':
      return evaluateIf(statement, state, run, 0);
    case 'case':
      return evaluateCase(statement, state, run);
    case 'for':
      return evaluateFor(statement, state, run);
    case 'while': {
      const test = await evaluate(statement.test, state, run);
      if (test.flow !== 'next') return test;
      if (test.status === false) return SUCCESS;
      const outcome = await perhaps(state, run, (copy) => evaluate(statement.body, copy, run));
      return outcome.flow === 'break' ? SUCCESS : outcome;
    }
    case 'function':
      state.functions.set(statement.name, { body: statement.body, path: run.path });
      return SUCCESS;
  }
}

/** A copy of many variables counts as several steps. */
function copyCost(state: ScriptState): number {
  return state.variables.size >> 5;
}

/** Runs something that may or may not happen. An exit in it is not certain, so what follows is followed as well. */
async function perhaps(
  state: ScriptState,
  run: ScriptRun,
  body: (copy: ScriptState) => Promise<Outcome>,
): Promise<Outcome> {
  run.budget.steps -= copyCost(state);
  const copy = copyState(state);
  run.undecided += 1;
  const outcome = await body(copy);
  run.undecided -= 1;
  if (outcome.flow === 'next' || outcome.flow === 'break') mergeStates(state, copy, copyState(state));
  return UNKNOWN;
}

async function evaluateIf(
  statement: Extract<Statement, { kind: 'if' }>,
  state: ScriptState,
  run: ScriptRun,
  position: number,
): Promise<Outcome> {
  const branch = statement.branches[position];
  if (branch === undefined) return evaluate(statement.otherwise, state, run);
  const test = await evaluate(branch.test, state, run);
  if (test.flow !== 'next') return test;
  if (test.status === true) return evaluate(branch.body, state, run);
  if (test.status === false) return evaluateIf(statement, state, run, position + 1);
  run.budget.steps -= copyCost(state);
  const first = copyState(state);
  const second = copyState(state);
  run.undecided += 1;
  const taken = await evaluate(branch.body, first, run);
  const other = await evaluateIf(statement, second, run, position + 1);
  run.undecided -= 1;
  if (taken.flow !== 'next' && other.flow !== 'next') return endOfBoth(taken, other);
  if (taken.flow !== 'next') adoptState(state, second);
  else if (other.flow !== 'next') adoptState(state, first);
  else mergeStates(state, first, second);
  return UNKNOWN;
}

/** Both branches leave: which one did is as unknown as before, and what goes on counts before what ends. */
function endOfBoth(first: Outcome, second: Outcome): Outcome {
  if (first.flow !== second.flow) return first.flow === 'exit' ? second : first;
  return first.status === second.status ? first : { ...first, status: null };
}

async function evaluateCase(
  statement: Extract<Statement, { kind: 'case' }>,
  state: ScriptState,
  run: ScriptRun,
): Promise<Outcome> {
  const subject = await expandWord(statement.subject, state, run);
  for (const { patterns, body } of statement.arms) {
    for (const pattern of patterns) {
      const text = await expandWord(pattern, state, run);
      if (subject === null || text === null) continue;
      if (matchesPattern(text, subject)) return evaluate(body, state, run);
    }
  }
  if (subject !== null) return SUCCESS;
  for (const { body } of statement.arms) await perhaps(state, run, (copy) => evaluate(body, copy, run));
  return UNKNOWN;
}

function matchesPattern(pattern: string, text: string): boolean {
  if (pattern.length > 500 || text.length > 2000) return false;
  return globToRegExp(pattern.replaceAll('/', '\u0001')).test(text.replaceAll('/', '\u0001'));
}

async function evaluateFor(
  statement: Extract<Statement, { kind: 'for' }>,
  state: ScriptState,
  run: ScriptRun,
): Promise<Outcome> {
  const items: Value[] = [];
  if (statement.words === null) items.push(...state.parameters.slice(1));
  else for (const word of statement.words) items.push(...(await expandFields(word, state, run)));
  for (const item of items.slice(0, 100)) {
    state.variables.set(statement.name, item);
    const outcome = await evaluate(statement.body, state, run);
    if (outcome.flow === 'break') break;
    if (outcome.flow !== 'next') return outcome;
  }
  return items.length === 0 ? SUCCESS : UNKNOWN;
}

async function evaluateBackground(body: Statement, state: ScriptState, run: ScriptRun): Promise<Outcome> {
  if (body.kind === 'command') await evaluateCommand(body, copyState(state), run, true);
  else await evaluateStatement(body, copyState(state), run);
  return SUCCESS;
}

async function evaluateCommand(
  statement: Extract<Statement, { kind: 'command' }>,
  state: ScriptState,
  run: ScriptRun,
  background: boolean,
): Promise<Outcome> {
  const local: [string, Value][] = [];
  for (const { name, value, append } of statement.assignments) {
    const text = await expandWord(value, state, run);
    const before = append ? (state.variables.get(name) ?? '') : '';
    const assigned = text === null || before === null ? null : before + text;
    if (statement.words.length === 0) assign(state, name, assigned);
    else local.push([name, assigned]);
  }
  const words: Value[] = [];
  for (const word of statement.words) words.push(...(await expandFields(word, state, run)));
  const name = words[0];
  if (name === undefined) return SUCCESS;
  if (name === null) {
    run.actions += 1;
    return UNKNOWN;
  }
  const args = words.slice(1);
  const builtin = await evaluateBuiltin(name, args, state, run, statement.line);
  if (builtin !== null) return builtin;
  const defined = state.functions.get(name);
  if (defined !== undefined && !(launcherOf(name) !== null && isLibrary(defined.path))) {
    return callFunction(defined, [name, ...args], state, run);
  }
  if (RUNNING_CHECKS.has(baseName(`/${name}`))) return FAILURE;
  const environment = copyState(state);
  for (const [variable, value] of local) environment.variables.set(variable, value);
  return launch([name, ...args], environment, run, statement.line, background);
}

/** Nothing runs yet when a machine boots, so whatever asks for a running daemon says no. */
const RUNNING_CHECKS = new Set([
  'pidofproc',
  'pidof',
  'pgrep',
  'killproc',
  'status',
  'status_of_proc',
  'checkproc',
  'checkpid',
  'pkill',
  'killall',
  'kill',
  'fuser',
  'start-stop-daemon-check',
  'service_started',
  'service_starting',
]);

async function callFunction(
  defined: { readonly body: Statement; readonly path: string },
  parameters: readonly Value[],
  state: ScriptState,
  run: ScriptRun,
): Promise<Outcome> {
  const savedParameters = state.parameters;
  const savedPath = run.path;
  state.parameters = parameters;
  run.path = defined.path;
  const outcome = await evaluateStatement(defined.body, state, run);
  state.parameters = savedParameters;
  run.path = savedPath;
  return outcome.flow === 'return' ? { ...outcome, flow: 'next' } : outcome;
}
