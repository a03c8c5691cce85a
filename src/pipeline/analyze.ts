import type { Progress } from '../model/progress.js';
import { createOutputFolder } from './output-folder.js';
import type { Outcome } from './plan-and-write.js';
import { collectMachines } from './read-machines.js';
import type { AnalyzeRequest } from './request.js';
import { programVersions, runInfo } from './run-info.js';

export interface RunContext {
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

/**
 * Reads the machines and writes report and Dockerfiles. Starts no engine and asks no network.
 * @throws AppError when nothing could be analysed; the output folder is then as it was before.
 */
export async function analyze(request: AnalyzeRequest, context: RunContext): Promise<Outcome> {
  const startedAt = new Date();
  const output = await createOutputFolder(request.output);
  try {
    const loadPlanning = () => import('./plan-and-write.js');
    let versions: ReturnType<typeof programVersions> | undefined;
    const whileReading = (): void => {
      loadPlanning().catch(() => {});
      versions ??= programVersions();
      versions.catch(() => {});
    };
    const collection = await collectMachines(request, { ...context, spoolFolder: null, whileReading });
    try {
      const { planCollected, writeOutput } = await loadPlanning();
      const plan = planCollected(collection, request);
      const run = await runInfo(startedAt, request.options, versions);
      return await writeOutput(output, plan, collection, run, { showSecrets: request.showSecrets });
    } finally {
      await collection.release();
    }
  } finally {
    await output.abandon();
  }
}
