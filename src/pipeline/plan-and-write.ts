import type { AppError } from '../errors.js';
import type { InspectedMachine } from '../model/inspected.js';
import type { Plan } from '../model/plan.js';
import { type Knowledge, planMachines } from '../plan/plan-machines.js';
import { renderOutput } from '../render/output.js';
import { buildReport, type ReportOptions, type RunInfo } from '../render/report.js';
import type { OutputFolder } from './output-folder.js';
import type { Collection, FailedMachine } from './read-machines.js';
import type { AnalyzeRequest } from './request.js';

/** What a run came to, for the command to print. */
export interface Outcome {
  readonly plan: Plan;
  readonly machines: readonly InspectedMachine[];
  readonly report: Record<string, unknown>;
  readonly failures: readonly FailedMachine[];
  readonly outputFolder: string;
}

/** @throws AppError the first failure, when no machine could be read. */
export function planCollected(collection: Collection, request: AnalyzeRequest, knowledge?: Knowledge): Plan {
  const first: AppError | undefined = collection.failures[0]?.error;
  if (collection.machines.length === 0 && first !== undefined) throw first;
  const plan = planMachines(
    collection.machines.map(({ machine }) => machine),
    request.plan,
    knowledge,
  );
  const digests = new Map(
    collection.machines.map(({ machine, diskDigests }) => [machine.source.name, [...diskDigests.values()]]),
  );
  const withDigests = plan.machines.map((machine) => {
    const diskDigests = digests.get(machine.name) ?? [];
    return diskDigests.length === 0 ? machine : { ...machine, diskDigests };
  });
  return { ...plan, machines: withDigests };
}

/** Writes all that is text, then puts the folder in its place. */
export async function writeOutput(
  output: OutputFolder,
  plan: Plan,
  { machines: collected, failures }: Collection,
  run: RunInfo,
  measured: Pick<ReportOptions, 'built' | 'showSecrets'> = {},
): Promise<Outcome> {
  const machines = collected.map(({ machine }) => machine);
  const diskDigests = new Map(collected.flatMap((each) => [...each.diskDigests]));
  const options = { ...measured, diskDigests, failures };
  const report = buildReport(plan, machines, run, options);
  for (const file of renderOutput(plan, machines, report, options)) {
    await output.write(file.path, file.content, { executable: file.executable === true });
  }
  await output.commit();
  return { plan, machines, report, failures, outputFolder: output.path };
}
