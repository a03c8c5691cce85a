import { mkdtemp, rm, statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { AppError } from '../errors.js';
import { type Outcome, planCollected, type RunContext, writeOutput } from './analyze.js';
import { createOutputFolder } from './output-folder.js';
import { collectMachines } from './read-machines.js';
import type { AnalyzeRequest } from './request.js';
import { runInfo } from './run-info.js';
import { writeArchives } from './write-archives.js';

/**
 * Reads the machines with their content and writes complete build contexts: Dockerfiles and every archive they add.
 * Without an engine the delta comes from the package database: it holds all that may differ from what the layers below
 * it bring.
 * @throws AppError as `analyze`, and `disk-space`.
 */
export async function convert(request: AnalyzeRequest, context: RunContext): Promise<Outcome> {
  const startedAt = new Date();
  const output = await createOutputFolder(request.output);
  const spoolFolder = await mkdtemp(join(dirname(output.stagingPath), '.vm2docker-spool-'));
  try {
    const collection = await collectMachines({ ...request, quick: false }, { ...context, spoolFolder });
    try {
      const plan = planCollected(collection, request);
      await requireSpace(
        output.stagingPath,
        collection.machines.reduce((sum, { spool }) => sum + (spool?.bytes ?? 0), 0),
      );
      await writeArchives(output, plan, collection, context);
      return await writeOutput(output, plan, collection, await runInfo(startedAt, request.options));
    } finally {
      await collection.release();
    }
  } finally {
    await rm(spoolFolder, { recursive: true, force: true });
    await output.abandon();
  }
}

async function requireSpace(folder: string, bytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  if (bavail * bsize >= bytes) return;
  throw new AppError('disk-space', `the archives need up to ${bytes} bytes, and ${bavail * bsize} are free`, {
    where: { path: folder },
    todo: 'Free some room, or name a folder on a larger disk with --output.',
  });
}
