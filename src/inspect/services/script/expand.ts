import { baseName, normalizePath, parentPath } from '../../../model/path.js';
import { expandGlob, globToRegExp } from '../../../syntax/glob.js';
import { readText } from '../context.js';
import { findProgram } from '../systemd/exec.js';
import { launch } from './launch.js';
import { copyState, type ScriptRun, type ScriptState, type Value } from './machine.js';
import type { Part, Script, Word } from './syntax-tree.js';

const MAX_VALUE = 64 * 1024;
const MAX_FIELDS = 2000;

/** A word as one string, without splitting; null when a part of it is unknown. */
export async function expandWord(word: Word, state: ScriptState, run: ScriptRun): Promise<Value> {
  let result = '';
  for (const part of word) {
    const value = await expandPart(part, state, run);
    if (value === null) return null;
    result += value;
    if (result.length > MAX_VALUE) return null;
  }
  return result;
}

/** A word as the fields a command is given: unquoted expansions are split at blanks. Unknown fields are null. */
export async function expandFields(word: Word, state: ScriptState, run: ScriptRun): Promise<Value[]> {
  const only = word.length === 1 ? word[0] : undefined;
  if (only?.kind === 'variable' && (only.name === '@' || (only.name === '*' && !only.quoted)) && only.operator === '') {
    return [...state.parameters.slice(1)];
  }
  const fields: Value[] = [];
  let current: Value | undefined;
  const append = (text: Value): void => {
    current = current === null || text === null ? null : (current ?? '') + text;
  };
  for (const part of word) {
    const value = await expandPart(part, state, run);
    if (part.kind === 'text' || part.quoted || value === null) {
      append(value);
      continue;
    }
    const pieces = value.split(/[ \t\n]+/);
    pieces.forEach((piece, index) => {
      if (index > 0 && current !== undefined) {
        fields.push(current);
        current = undefined;
      }
      if (piece !== '') append(piece);
    });
    if (fields.length > MAX_FIELDS) break;
  }
  if (current !== undefined) fields.push(current);
  return fields.flatMap((field) => (field !== null && isUnquotedGlob(word, field) ? globbed(field, run) : [field]));
}

async function expandPart(part: Part, state: ScriptState, run: ScriptRun): Promise<Value> {
  if (part.kind === 'text') return part.text;
  if (part.kind === 'output') return part.script === null ? null : commandOutput(part.script, state, run);
  const value = lookUp(part.name, state);
  const operand = (): Promise<Value> => expandWord(part.operand, state, run);
  switch (part.operator) {
    case '':
      return value === undefined ? '' : value;
    case ':-':
      return value === undefined || value === '' ? operand() : value;
    case '-':
      return value === undefined ? operand() : value;
    case ':=':
    case '=': {
      if (value !== undefined && (value !== '' || part.operator === '=')) return value;
      const assigned = await operand();
      state.variables.set(part.name, assigned);
      return assigned;
    }
    case ':+':
      return value === undefined || value === '' ? '' : operand();
    case '+':
      return value === undefined ? '' : operand();
    case ':?':
    case '?':
      return value ?? null;
    default:
      return value ? strip(value, part.operator, await operand()) : (value ?? '');
  }
}

function lookUp(name: string, state: ScriptState): Value | undefined {
  if (/^[0-9]+$/.test(name)) return state.parameters[Number(name)];
  switch (name) {
    case '@':
    case '*':
      return state.parameters.slice(1).includes(null) ? null : state.parameters.slice(1).join(' ');
    case '#':
      return String(Math.max(0, state.parameters.length - 1));
    case '?':
    case '$':
    case '!':
    case '-':
      return null;
    default:
      return state.variables.get(name);
  }
}

/** `${X#pattern}` and its kin; the pattern is tried on at most 1,000 characters. */
function strip(value: string, operator: string, pattern: Value): Value {
  if (pattern === null || value.length > 1000 || pattern.length > 200) return null;
  const matcher = globToRegExp(pattern.replaceAll('/', '\u0001'));
  const text = value.replaceAll('/', '\u0001');
  const lengths = [...Array(text.length + 1).keys()];
  if (operator.length === 2) lengths.reverse();
  for (const length of lengths) {
    if (operator.startsWith('#') && matcher.test(text.slice(0, length))) return value.slice(length);
    if (operator.startsWith('%') && matcher.test(text.slice(text.length - length)))
      return value.slice(0, value.length - length);
  }
  return value;
}

/** What the few commands print whose output follows from the disk; null for all others. */
async function commandOutput(script: Script, state: ScriptState, run: ScriptRun): Promise<Value> {
  run.budget.steps -= 1;
  const only = script.length === 1 ? script[0] : undefined;
  if (only?.kind !== 'command' || run.budget.steps < 0) return null;
  const words: Value[] = [];
  for (const word of only.words) words.push(...(await expandFields(word, state, run)));
  const [name, first, second] = words;
  if (name === undefined) return '';
  // What a daemon says at its start is kept, to be shown when it fails.
  if (name !== null && /^(?:start-stop-daemon|start_daemon|startproc|daemon|daemonize)$/.test(baseName(`/${name}`))) {
    launch(words, copyState(state), run, only.line, false);
    return null;
  }
  if (name === null || words.includes(null)) return null;
  switch (baseName(`/${name}`)) {
    case 'basename': {
      const text = baseName(`/${(first ?? '').replace(/\/+$/, '')}`);
      return second && text.endsWith(second) && text !== second ? text.slice(0, -second.length) : text;
    }
    case 'dirname':
      return first?.includes('/') ? parentPath(normalizePath(first)) : '.';
    case 'echo':
      return words.slice(first === '-n' ? 2 : 1).join(' ');
    case 'cat':
      return words.length === 2 && isOnDisk(first!)
        ? ((await readText(run.context, first!, MAX_VALUE))?.replace(/\n+$/, '') ?? '')
        : null;
    case 'uname':
      return first === undefined || first === '-s' ? 'Linux' : null;
    case 'id':
      return words.includes('-u') ? '0' : words.includes('-un') ? 'root' : null;
    case 'whoami':
      return 'root';
    case 'which':
    case 'type':
      return programPath(words.at(-1)!, run);
    case 'command':
      return first === '-v' ? programPath(second ?? '', run) : null;
    case 'readlink':
      return words.includes('-f') || words.includes('-e')
        ? (run.context.fs.stat(words.at(-1)!)?.path ?? '')
        : (run.context.fs.lstat(words.at(-1)!)?.target ?? '');
    case 'pidof':
    case 'pidofproc':
    case 'pgrep':
    case 'checkproc':
      return '';
    default:
      return null;
  }
}

function programPath(name: string, run: ScriptRun): string {
  const found = findProgram(run.context.fs, name);
  return found.includes('/') && run.context.fs.exists(found) ? found : '';
}

/** Whether a path's presence at boot follows from the disk: kernel and temporary file systems are empty then. */
export function isOnDisk(path: string): boolean {
  return path.startsWith('/') && !/^\/(?:run|var\/run|var\/lock|proc|sys|dev|tmp)(?:\/|$)/.test(path);
}

function isUnquotedGlob(word: Word, field: string): boolean {
  return /[*?[]/.test(field) && field.startsWith('/') && word.every((part) => part.kind !== 'text' || !part.quoted);
}

function globbed(pattern: string, run: ScriptRun): Value[] {
  if (pattern.length > 500) return [pattern];
  const found = expandGlob(run.context.fs, pattern).slice(0, 200);
  return found.length > 0 ? found : [pattern];
}
