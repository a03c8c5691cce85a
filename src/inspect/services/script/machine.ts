import type { ServiceContext } from '../context.js';
import type { Script, Statement } from './syntax-tree.js';

/** A value a script works with; null when nothing on the disk tells it. */
export type Value = string | null;
/** Exit status of a command: true is success, null unknown. */
export type Status = boolean | null;

/** A program that a script starts and leaves running, or hands itself over to. */
export interface Launch {
  /** How it was recognised: a tool that makes daemons, `exec`, `&`, or an ordinary command. */
  readonly kind: 'daemon' | 'exec' | 'background' | 'command';
  readonly command: readonly string[];
  readonly user: string | null;
  readonly group: string | null;
  readonly workingDirectory: string | null;
  /** The starting tool puts the program into the background by itself, so the command stays in the foreground. */
  readonly foreground: boolean;
  /** Whether nothing undecided stands between the start of the script and this command. */
  readonly certain: boolean;
  readonly path: string;
  readonly line: number;
}

/** Where a script certainly ends; `failed` when it gives up rather than being done. */
export interface ScriptStop {
  readonly path: string;
  readonly line: number;
  readonly failed: boolean;
}

export interface Budget {
  steps: number;
  launches: number;
  files: number;
}

/** What one run of a script changes; branches that are both possible run on copies. */
export interface ScriptState {
  readonly variables: Map<string, Value>;
  readonly exported: Set<string>;
  readonly functions: Map<string, { readonly body: Statement; readonly path: string }>;
  parameters: readonly Value[];
  workingDirectory: string | null;
  openFiles: number | null;
}

export interface ScriptRun {
  readonly context: Pick<ServiceContext, 'fs' | 'report'>;
  readonly budget: Budget;
  readonly launches: Launch[];
  /** Where and why the script ended before its last line, when it certainly did. */
  readonly stops: ScriptStop[];
  /** Follows a script that is part of this one. */
  readonly follow: (script: Script, state: ScriptState, run: ScriptRun) => Promise<Outcome>;
  /** Commands that do more than prepare, or that nobody here knows. */
  actions: number;
  path: string;
  /** Nested conditions whose outcome is unknown. */
  undecided: number;
  depth: number;
}

export type Flow = 'next' | 'exit' | 'return' | 'break';

export interface Outcome {
  readonly status: Status;
  readonly flow: Flow;
}

export const SUCCESS: Outcome = { status: true, flow: 'next' };
export const FAILURE: Outcome = { status: false, flow: 'next' };
export const UNKNOWN: Outcome = { status: null, flow: 'next' };

export function copyState(state: ScriptState): ScriptState {
  return {
    ...state,
    variables: new Map(state.variables),
    exported: new Set(state.exported),
    functions: new Map(state.functions),
  };
}

/** Brings what a copy became back into the original. */
export function adoptState(target: ScriptState, source: ScriptState): void {
  target.variables.clear();
  for (const [name, value] of source.variables) target.variables.set(name, value);
  for (const name of source.exported) target.exported.add(name);
  for (const [name, value] of source.functions) target.functions.set(name, value);
  target.workingDirectory = source.workingDirectory;
  target.openFiles = source.openFiles;
}

/** After two possible branches: what both agree on stays, what only one set is kept as that one set it. */
export function mergeStates(target: ScriptState, first: ScriptState, second: ScriptState): void {
  const before = new Map(target.variables);
  adoptState(target, first);
  for (const [name, value] of second.variables) {
    const other = first.variables.get(name);
    if (other === undefined || other === null || other === before.get(name)) target.variables.set(name, value);
  }
  for (const [name, value] of second.functions) if (!target.functions.has(name)) target.functions.set(name, value);
}
