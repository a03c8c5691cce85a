import type { Outcome } from '../pipeline/plan-and-write.js';
import { renderSummary, type SummaryOptions } from '../render/summary.js';
import { quoteShell } from '../syntax/shell.js';
import { type BaseCommand, describeError, EXIT } from './base-command.js';

/** Prints what a run came to; a machine that failed is an error beside the others' results, and exit status 1. */
export function printOutcome(
  command: BaseCommand,
  outcome: Outcome,
  options: Omit<SummaryOptions, 'colors'>,
): Record<string, unknown> {
  command.stopProgress();
  const colors = process.stdout.isTTY === true && process.env.NO_COLOR === undefined;
  command.log(renderSummary(outcome.plan, outcome.machines, { colors, ...options }).trimEnd());
  reportFailures(outcome.failures);
  return outcome.report;
}

/** Machines that could not be read, on standard error; with any the exit status is 1. */
export function reportFailures(failures: Outcome['failures']): void {
  for (const { argument, error } of failures) {
    process.stderr.write(`\n${argument} could not be read\n${describeError(error)}`);
  }
  if (failures.length > 0) process.exitCode = EXIT.failed;
}

/** The machines of this command line, quoted for the next one. */
export function sameMachines(machines: readonly string[]): string {
  return machines.map(quoteShell).join(' ');
}
