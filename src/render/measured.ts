import type { MachineMetrics, Plan } from '../model/plan.js';
import type { StepDuration } from './report.js';
import { alignColumns, humanSize, oneLine } from './text.js';

/** The thesis's figures of every machine (tables 5.1 to 5.5): as measured, and below that as they were predicted. */
export function measuredTable(plan: Plan): string[] {
  const rows = plan.groups.flatMap(({ metrics }) =>
    metrics
      .filter(({ basis }) => basis === 'built')
      .flatMap((built) => {
        const predicted = metrics.find(({ vm, basis }) => vm === built.vm && basis === 'predicted');
        return [figures(oneLine(built.vm), built), ...(predicted === undefined ? [] : [figures('', predicted)])];
      }),
  );
  if (rows.length === 0) return [];
  const heading = ['machine', '', 'β', 'DI0', 'DI1', 'DI2', 'DI3', 'Φ1', 'Φ2', 'Φ3', 'Φ3/β', 'χ', 'Ξ'];
  return alignColumns([heading, ...rows], [2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
}

function figures(name: string, { basis, beta, di0, di1, di2, di3, phi3, chi, xi }: MachineMetrics): string[] {
  return [
    name,
    basis === 'built' ? 'measured' : 'predicted',
    ...[beta, di0, di1, di2, di3, di0 + di1, di0 + di1 + di2, phi3].map(humanSize),
    beta === 0 ? '-' : (phi3 / beta).toFixed(2),
    `${chi.toFixed(1)} %`,
    xi === null ? '-' : String(xi),
  ];
}

/** What each machine's delta did not have to ship, by how it was saved; nothing where all was shipped. */
export function savingLines(plan: Plan): string[] {
  return plan.groups
    .flatMap(({ layers }) => layers)
    .flatMap(({ vms, reused = [] }) => {
      const copied = reused.filter(({ patch }) => patch === null);
      const patched = reused.filter(({ patch }) => patch !== null);
      return [
        ...(copied.length === 0
          ? []
          : [`${vms[0]}: ${count(copied.length)} moved or copied: ${humanSize(sum(copied))} not shipped`]),
        ...(patched.length === 0
          ? []
          : [
              `${vms[0]}: ${count(patched.length)} changed in part: ${humanSize(sum(patched))} not shipped, block deltas of ` +
                `${humanSize(patched.reduce((total, { shipped }) => total + shipped, 0))} instead`,
            ]),
      ].map(oneLine);
    });
}

/** Steps that took a moment, as a table. */
export function stepTable(steps: readonly StepDuration[]): string[] {
  const rows = steps
    .filter(({ seconds }) => seconds >= 0.1)
    .map(({ machine, step, seconds }) => [oneLine(machine), oneLine(step), `${seconds.toFixed(1)} s`]);
  return alignColumns(rows, [2]);
}

function sum(files: readonly { readonly size: number; readonly shipped: number }[]): number {
  return files.reduce((total, { size, shipped }) => total + size - shipped, 0);
}

function count(files: number): string {
  return files === 1 ? '1 file' : `${files} files`;
}
