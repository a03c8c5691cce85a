import { baseName } from '../../../model/path.js';
import { readText, type ServiceContext } from '../context.js';
import { evaluate, evaluateStatement } from './evaluate.js';
import type { Launch, ScriptRun, ScriptState, ScriptStop, Value } from './machine.js';
import { parseScript } from './parse.js';

export interface ScriptResult {
  readonly launches: readonly Launch[];
  /** Where the script certainly ends before it starts anything; null when it does not. */
  readonly stopped: ScriptStop | null;
  /** Where it gives up, whatever it started before. */
  readonly failed: ScriptStop | null;
  /** Variables at its end, as far as they are known. */
  readonly variables: ReadonlyMap<string, Value>;
  readonly exported: ReadonlySet<string>;
  readonly openFiles: number | null;
}

export interface ScriptInput {
  readonly path: string;
  readonly text: string;
  /** `$0`, `$1`, … */
  readonly parameters: readonly string[];
  readonly variables?: ReadonlyMap<string, string>;
  /** Files that are read as part of it before its first line. */
  readonly sources?: readonly string[];
  /** Functions to call after its last line, if it defines them; the first that it defines. */
  readonly call?: readonly string[];
  readonly firstLine?: number;
}

/** What a script would start, read without running it. */
export async function readScript(
  context: Pick<ServiceContext, 'fs' | 'report'>,
  input: ScriptInput,
): Promise<ScriptResult> {
  const run: ScriptRun = {
    context,
    budget: { steps: 10_000, launches: 200, files: 50 },
    launches: [],
    stops: [],
    actions: 0,
    follow: evaluate,
    path: input.path,
    undecided: 0,
    depth: 0,
  };
  const state: ScriptState = {
    variables: new Map<string, Value>([...(input.variables ?? [])]),
    exported: new Set(),
    functions: new Map(),
    parameters: input.parameters,
    workingDirectory: null,
    openFiles: null,
  };
  for (const path of input.sources ?? []) {
    const text = await readText(context, path);
    if (text === null) continue;
    run.path = path;
    await evaluate(parseScript(text), state, run);
  }
  run.path = input.path;
  const outcome = await evaluate(parseScript(input.text, input.firstLine), state, run);
  if (outcome.flow !== 'exit') {
    const called = input.call?.map((name) => state.functions.get(name)).find((body) => body !== undefined);
    if (called !== undefined) await evaluateStatement(called.body, state, run);
  }
  if (run.budget.steps < 0) context.report('script-too-long', input.path, 'is too long to follow to its end');
  const stop = run.launches.length === 0 && run.actions === 0 ? (run.stops[0] ?? null) : null;
  return {
    launches: run.launches,
    stopped: stop,
    failed: run.stops.find(({ failed }) => failed) ?? null,
    variables: state.variables,
    exported: state.exported,
    openFiles: state.openFiles,
  };
}

/**
 * The launch that is the service: what a daemon-making tool starts counts before `exec`, that before `&`, and that before
 * an ordinary command, which must be a program of the disk outside of the script's own name.
 */
export function mainLaunch(
  context: Pick<ServiceContext, 'fs'>,
  result: ScriptResult,
  scriptPath: string,
): Launch | null {
  const own = baseName(scriptPath);
  const candidates = result.launches.filter(
    ({ command }) => command[0] !== undefined && command[0] !== '' && command[0] !== scriptPath,
  );
  const ranked = (kind: Launch['kind']): Launch | undefined => {
    const list = candidates.filter(
      (launch) => launch.kind === kind && (kind !== 'command' || isServiceProgram(context, launch, own)),
    );
    return (
      list.find(({ certain }) => certain) ??
      list.find(({ command }) => baseName(command[0]!).startsWith(own)) ??
      list[0]
    );
  };
  return ranked('daemon') ?? ranked('exec') ?? ranked('background') ?? ranked('command') ?? null;
}

/**
 * Scripts run many small programs. An ordinary command is the service only when it lies where people put programs of
 * their own, or is called like the script.
 */
function isServiceProgram({ fs }: Pick<ServiceContext, 'fs'>, { command }: Launch, scriptName: string): boolean {
  const path = command[0]!;
  const entry = path.startsWith('/') ? fs.stat(path) : undefined;
  if (entry?.type !== 'file' || (entry.mode & 0o111) === 0) return false;
  if (/^\/(?:opt|srv|usr\/local|home|root|data|app|var\/(?:lib|www|opt))\//.test(path)) return true;
  const name = baseName(path);
  const stem = scriptName.replace(/\.(?:sh|start)$/, '').replace(/[-_.]?(?:server|daemon)$/, '');
  return scriptName === 'rc.local' || (stem.length >= 3 && (name.startsWith(stem) || stem.startsWith(name)));
}
