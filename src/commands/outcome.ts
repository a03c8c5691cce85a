import type { Outcome } from '../pipeline/analyze.js';
import { renderSummary } from '../render/summary.js';
import { quoteShell } from '../syntax/shell.js';
import { type BaseCommand, describeError, EXIT } from './base-command.js';

/** Prints what a run came to; a machine that failed is an error beside the others' results, and exit status 1. */
export function printOutcome(
  command: BaseCommand,
  outcome: Outcome,
  options: { readonly outputFolder: string; readonly nextCommand: string },
): Record<string, unknown> {
  command.stopProgress();
  const colors = process.stdout.isTTY === true && process.env.NO_COLOR === undefined;
  command.log(renderSummary(outcome.plan, outcome.machines, { colors, ...options }).trimEnd());
  for (const { argument, error } of outcome.failures) {
    process.stderr.write(`\n${argument} could not be read\n${describeError(error)}`);
  }
  if (outcome.failures.length > 0) process.exitCode = EXIT.failed;
  return outcome.report;
}

/** The machines of this command line, quoted for the next one. */
export function sameMachines(machines: readonly string[]): string {
  return machines.map(quoteShell).join(' ');
}
