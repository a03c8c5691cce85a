import { Command, Flags } from '@oclif/core';
import { AppError, type ErrorPlace } from '../errors.js';
import type { Progress } from '../model/progress.js';
import { createProgressDisplay, type ProgressDisplay } from './progress-display.js';

/** Exit statuses of every command: 0 done, 1 failed, 2 wrong usage, 3 compared and found differences, 130 interrupted. */
export const EXIT = { failed: 1, usage: 2, different: 3, interrupted: 130 } as const;

/** What all commands share: `--json`, one way to print errors, Ctrl-C, progress on standard error. */
export abstract class BaseCommand extends Command {
  static override enableJsonFlag = true;

  static override baseFlags = {
    verbose: Flags.boolean({
      char: 'v',
      summary: 'Print where an error comes from, down to the line of code.',
      helpGroup: 'GLOBAL',
    }),
  };

  readonly #abort = new AbortController();
  #display: ProgressDisplay | undefined;

  protected override async init(): Promise<void> {
    await super.init();
    // Files of the output have the same modes whoever runs the tool.
    process.umask(0o022);
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.once(signal, () => {
        this.#abort.abort(new AppError('interrupted', `stopped by ${signal}`, { todo: 'Run the command again.' }));
      });
    }
  }

  protected get signal(): AbortSignal {
    return this.#abort.signal;
  }

  protected get progress(): Progress {
    this.#display ??= createProgressDisplay(process.stderr);
    return this.#display;
  }

  /** Before the result is printed: bars and text would mix. */
  stopProgress(): void {
    this.#display?.stop();
  }

  protected override async finally(error: Error | undefined): Promise<void> {
    this.#display?.stop();
    await super.finally(error);
  }

  protected override async catch(error: Error & { exitCode?: number }): Promise<void> {
    this.#display?.stop();
    const failure = this.#abort.signal.aborted ? (this.#abort.signal.reason as AppError) : toAppError(error);
    if (failure === null) {
      if (!this.jsonEnabled()) return super.catch(error);
      process.exitCode = oclifExitStatus(error);
      this.logJson(this.toErrorJson(error));
      return;
    }
    process.exitCode = exitStatus(failure);
    if (this.jsonEnabled()) this.logJson(this.toErrorJson(failure));
    else
      process.stderr.write(describeError(failure, process.argv.includes('--verbose') || process.argv.includes('-v')));
  }

  protected override toErrorJson(error: unknown): unknown {
    const failure = error instanceof AppError ? error : toAppError(error as Error);
    if (failure === null) {
      return { error: { code: 'usage', message: (error as Error).message, where: {}, todo: 'See --help.' } };
    }
    const { code, message, where, todo, detail } = failure;
    return { error: { code, message, where, todo, ...(detail === undefined ? {} : { detail }) } };
  }
}

/** An error as a person reads it: what happened, where, the program's own words, what to do. */
export function describeError(error: AppError, verbose = false): string {
  const lines = [`error: ${error.message}`];
  const place = describePlace(error.where);
  if (place !== '') lines.push(`  where: ${place}`);
  if (error.detail !== undefined && error.detail.trim() !== '') {
    lines.push(
      ...error.detail
        .trimEnd()
        .split('\n')
        .map((line) => `  │ ${line}`),
    );
  }
  lines.push(`  to do: ${error.todo}`);
  if (verbose && error.stack !== undefined) lines.push(error.stack);
  return `${lines.join('\n')}\n`;
}

function describePlace(where: ErrorPlace): string {
  return [
    where.disk === undefined ? '' : `disk ${where.disk}`,
    where.device === undefined ? '' : `device ${where.device}`,
    where.path === undefined ? '' : `path ${where.path}`,
  ]
    .filter((part) => part !== '')
    .join(', ');
}

/** Null for what oclif reports better itself: wrong flags and the like. */
function toAppError(error: Error): AppError | null {
  if (error instanceof AppError) return error;
  if ('oclif' in error) return null;
  return new AppError('internal', `${error.message} (this is a defect of vm2docker-image)`, {
    todo: 'Please report it with the output of the same command with --verbose.',
    ...(error.stack === undefined ? {} : { detail: error.stack }),
    cause: error,
  });
}

function oclifExitStatus(error: Error): number {
  const { oclif } = error as { oclif?: { exit?: number } };
  return oclif?.exit ?? EXIT.usage;
}

function exitStatus(error: AppError): number {
  if (error.code === 'interrupted') return EXIT.interrupted;
  return error.code === 'usage' ? EXIT.usage : EXIT.failed;
}
