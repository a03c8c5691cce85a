import { execa } from 'execa';
import { AppError } from '../errors.js';
import { missingProgram } from './run.js';

export interface LoggedRunOptions {
  /** Gets each line of output, both streams as they come. */
  readonly onLine: (line: string) => void;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
  readonly environment?: Readonly<Record<string, string>>;
}

export interface LoggedRunResult {
  readonly exitCode: number;
  /** The last lines of output, at most {@link TAIL_LINES}. */
  readonly tail: readonly string[];
}

const TAIL_LINES = 200;
const MAX_LINE = 4000;

/**
 * Runs a program whose output is long and of interest while it runs: a build, a bootstrap. Nothing but the tail is kept.
 * @throws AppError `program-missing`, `program-timeout`, `program-failed` (killed), `interrupted`.
 */
export async function runLogged(
  program: string,
  args: readonly string[],
  { onLine, timeoutMs, signal, environment }: LoggedRunOptions,
): Promise<LoggedRunResult> {
  const tail: string[] = [];
  const child = execa(program, args, {
    reject: false,
    all: true,
    buffer: false,
    stdin: 'ignore',
    timeout: timeoutMs,
    forceKillAfterDelay: 5000,
    env: { LC_ALL: 'C', TZ: 'UTC', ...environment },
    ...(signal === undefined ? {} : { cancelSignal: signal }),
  });
  const reading = (async () => {
    for await (const line of child.iterable({ from: 'all' })) {
      const shown = String(line).slice(0, MAX_LINE);
      onLine(shown);
      tail.push(shown);
      if (tail.length > TAIL_LINES) tail.shift();
    }
  })().catch(() => {});
  const result = await child;
  await reading;
  if (result.code === 'ENOENT' && result.exitCode === undefined) throw missingProgram(program);
  if (result.isCanceled) {
    throw new AppError('interrupted', `${program} was stopped`, { todo: 'Run the command again.' });
  }
  const detail = tail.slice(-10).join('\n');
  if (result.timedOut) {
    throw new AppError('program-timeout', `${program} did not finish within ${timeoutMs / 1000} s`, {
      todo: 'Try again when the host is less busy.',
      detail,
    });
  }
  if (result.exitCode === undefined) {
    throw new AppError('program-failed', `${program} ended without an exit status: ${result.shortMessage}`, {
      todo: 'Look at its last words below.',
      detail,
    });
  }
  return { exitCode: result.exitCode, tail };
}
