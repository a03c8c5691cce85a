import type { Plan } from '../model/plan.js';
import type { FleetSizing } from '../model/sizing.js';
import { sizeMachines } from '../plan/sizing/size-machines.js';
import { buildReport } from '../render/report.js';
import { sizingReport } from '../render/sizing.js';
import type { RunContext } from './analyze.js';
import { planCollected } from './plan-and-write.js';
import { collectMachines, type FailedMachine } from './read-machines.js';
import type { AnalyzeRequest } from './request.js';
import { runInfo } from './run-info.js';

export interface Sizing {
  readonly plan: Plan;
  readonly sizing: FleetSizing;
  /** The report of an analysis, with `sizing` beside the rest. */
  readonly report: Record<string, unknown>;
  readonly failures: readonly FailedMachine[];
}

/**
 * Reads the machines and tells what their images would take. Writes nothing.
 * @throws AppError when no machine could be read.
 */
export async function size(request: Omit<AnalyzeRequest, 'output'>, context: RunContext): Promise<Sizing> {
  const startedAt = new Date();
  const collection = await collectMachines(request, { ...context, spoolFolder: null });
  try {
    const { failures } = collection;
    const machines = collection.machines.map(({ machine }) => machine);
    const plan = planCollected(collection, { ...request, output: '' });
    const sizing = sizeMachines(plan, machines);
    const report = buildReport(plan, machines, await runInfo(startedAt, request.options), {
      diskDigests: new Map(collection.machines.flatMap(({ diskDigests }) => [...diskDigests])),
      showSecrets: request.showSecrets,
      failures,
    });
    return { plan, sizing, report: { ...report, sizing: sizingReport(sizing) }, failures };
  } finally {
    await collection.release();
  }
}
