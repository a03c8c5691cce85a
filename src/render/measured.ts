import type { Plan } from '../model/plan.js';
import { alignColumns, humanSize, oneLine } from './text.js';

/** The thesis's figures of every machine (tables 5.1 to 5.5) as measured, one line each under a heading. */
export function measuredTable(plan: Plan): string[] {
  const rows = plan.groups
    .flatMap(({ metrics }) => metrics)
    .filter(({ basis }) => basis === 'built')
    .map(({ vm, beta, di0, di1, di2, di3, phi3, chi, xi }) => [
      oneLine(vm),
      ...[beta, di0, di1, di2, di3, phi3].map(humanSize),
      beta === 0 ? '-' : (phi3 / beta).toFixed(2),
      `${chi.toFixed(1)} %`,
      xi === null ? '-' : String(xi),
    ]);
  if (rows.length === 0) return [];
  const heading = ['machine', 'β', 'DI0', 'DI1', 'DI2', 'DI3', 'Φ3', 'Φ3/β', 'χ', 'Ξ'];
  return alignColumns([heading, ...rows], [1, 2, 3, 4, 5, 6, 7, 8, 9]);
}
