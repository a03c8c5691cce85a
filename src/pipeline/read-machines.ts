import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { openSource } from '../disk/open-source.js';
import { AppError } from '../errors.js';
import { type ContentSpool, createContentSpool } from '../guest/content-spool.js';
import type { InspectedMachine } from '../model/inspected.js';
import type { MachineSource } from '../model/machine.js';
import { comparePaths } from '../model/path.js';
import type { Progress } from '../model/progress.js';
import { defaultJobs, mapBounded } from './bounded.js';
import { readMachine } from './inspect-machine.js';
import { codeIdentity, machineCache } from './machine-cache.js';
import type { MachineReading, ReadMachine } from './machine-reading.js';
import type { ReadRequest } from './request.js';

/** A machine of a run, with the place its content was spooled to and the digests of its disks. */
export interface CollectedMachine extends ReadMachine {
  readonly spool: ContentSpool | null;
  /** SHA-256 of each disk file by its path as given; empty without `--hash`. */
  readonly diskDigests: ReadonlyMap<string, string>;
}

export interface FailedMachine {
  readonly argument: string;
  readonly error: AppError;
}

export interface Collection {
  readonly machines: readonly CollectedMachine[];
  readonly failures: readonly FailedMachine[];
  /** Frees spools and whatever was unpacked to open the machines. Idempotent. */
  release(): Promise<void>;
}

export interface CollectOptions {
  readonly progress: Progress;
  readonly signal: AbortSignal;
  /** Folder for spooled content; null when no archives will be written. */
  readonly spoolFolder: string | null;
  /** As {@link MachineReading.whileReading}, for each machine that is read. */
  readonly whileReading?: () => void;
}

/**
 * Reads every machine of the request, several at a time. The failure of one does not stop the others. Names are given
 * in the order of the arguments' text, and so do not depend on that of the command line.
 * @throws AppError `interrupted`, and the error itself when the only machine of the request fails.
 */
export async function collectMachines(request: ReadRequest, options: CollectOptions): Promise<Collection> {
  const closers: (() => Promise<void>)[] = [];
  const release = async (): Promise<void> => {
    for (const closer of closers.splice(0).reverse()) await closer();
  };
  const orFailure = async <Result>(
    argument: string,
    action: () => Promise<Result>,
  ): Promise<Result | FailedMachine> => {
    options.signal.throwIfAborted();
    try {
      return await action();
    } catch (error) {
      options.signal.throwIfAborted();
      if (!(error instanceof AppError) || request.machines.length === 1) throw error;
      return { argument, error };
    }
  };
  try {
    const sources = await openSources(request, options, closers, orFailure);
    const read = await mapBounded(sources, request.jobs ?? defaultJobs(), async (source) =>
      isFailure(source) ? source : orFailure(source.argument, () => collect(source, request, options, closers)),
    );
    return {
      machines: read.filter((each): each is CollectedMachine => !isFailure(each)),
      failures: read.filter(isFailure),
      release,
    };
  } catch (error) {
    await release();
    throw error;
  }
}

async function openSources(
  request: ReadRequest,
  { signal, progress }: CollectOptions,
  closers: (() => Promise<void>)[],
  orFailure: <Result>(argument: string, action: () => Promise<Result>) => Promise<Result | FailedMachine>,
): Promise<(MachineSource | FailedMachine)[]> {
  const takenNames = new Set<string>();
  const takenSlugs = new Set<string>();
  const sources: (MachineSource | FailedMachine)[] = [];
  for (const argument of [...request.machines].sort(comparePaths)) {
    const { allowDirs } = request;
    const source = await orFailure(argument, () =>
      openSource(argument, { allowDirs, takenNames, takenSlugs, signal, progress }),
    );
    sources.push(source);
    if (isFailure(source)) continue;
    closers.push(() => source.release());
    takenNames.add(source.name);
    takenSlugs.add(source.slug);
  }
  return sources;
}

function isFailure(result: object): result is FailedMachine {
  return 'error' in result;
}

async function collect(
  source: MachineSource,
  request: ReadRequest,
  { progress, signal, spoolFolder, whileReading }: CollectOptions,
  closers: (() => Promise<void>)[],
): Promise<CollectedMachine> {
  const diskDigests = request.hash ? await hashDisks(source, progress, signal) : new Map<string, string>();
  const spool = spoolFolder === null ? null : await createContentSpool(join(spoolFolder, `${source.slug}.spool`));
  if (spool !== null) closers.push(() => spool.close());
  // Archives need the content itself, and the cache has none.
  const cache = request.cache === true && spool === null ? await machineCache(source, request, await code()) : null;
  const known = await cache?.load();
  if (known !== undefined) progress.step(source.name, 'unchanged since an earlier run');
  const reading: MachineReading = { request, progress, signal, spool, ...(whileReading && { whileReading }) };
  const read = known ?? (await readMachine(source, reading));
  if (known === undefined) await cache?.store(read);
  const machine = request.excludeSecrets === true ? await withoutSecrets(read.machine) : read.machine;
  return { ...read, machine, spool, diskDigests };
}

/** Loaded here, as inspectors are elsewhere: a machine that is known from an earlier run needs none. */
async function withoutSecrets(machine: InspectedMachine): Promise<InspectedMachine> {
  const { leaveSecretsOut } = await import('../inspect/files/index.js');
  return leaveSecretsOut(machine);
}

let codeOnce: Promise<string> | undefined;

function code(): Promise<string> {
  codeOnce ??= codeIdentity();
  return codeOnce;
}

async function hashDisks(source: MachineSource, progress: Progress, signal: AbortSignal): Promise<Map<string, string>> {
  const digests = new Map<string, string>();
  for (const disk of source.disks) {
    progress.step(source.name, `hashing ${disk.path}`, disk.allocatedSize, 'bytes');
    const hash = createHash('sha256');
    let done = 0;
    for await (const chunk of createReadStream(disk.realPath, { signal, highWaterMark: 1024 * 1024 })) {
      hash.update(chunk as Buffer);
      done += (chunk as Buffer).length;
      progress.advance(source.name, done);
    }
    digests.set(disk.path, hash.digest('hex'));
  }
  return digests;
}
