import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { copyFile, mkdir, open, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ExactDelta } from '../diff/delta.js';
import type { MachineSnapshot } from '../diff/machine-snapshot.js';
import { planReuse } from '../diff/reuse.js';
import type { Snapshot } from '../diff/snapshot.js';
import { readTar } from '../guest/tar/read-tar.js';
import type { DataRun } from '../model/guest-fs.js';
import { comparePaths, normalizePath, parentPath } from '../model/path.js';
import type { ReusedFile } from '../model/plan.js';
import { applyScript } from '../render/dockerfile/reuse.js';
import { rdiffBundle, rdiffDelta, rdiffPatch } from '../tools/rdiff.js';
import type { SavedImage } from './build-saved-image.js';
import type { CollectedMachine } from './read-machines.js';

/** How the content of files comes into a delta: as it is, copied from what lies below, or as block deltas too. */
export type DiffStrategy = 'whole' | 'moved' | 'rdiff';

export interface ReuseRequest {
  readonly strategy: DiffStrategy;
  readonly machine: CollectedMachine;
  readonly wanted: MachineSnapshot;
  readonly below: { readonly tree: Snapshot; readonly image: SavedImage };
  readonly delta: ExactDelta;
  /** Folder of the build context that gets the script and what it needs; it is made when something is reused. */
  readonly target: string;
  /** A private folder for copies of files. */
  readonly workFolder: string;
  /** Processor of the machine, as its package manager says it. */
  readonly architecture: string | null;
  readonly signal: AbortSignal;
}

/** A block delta that saves less is not worth a stage. */
const WORTHWHILE = 0.75;
/** Processors on which a program of the host runs inside of an image, by Node's name for the host's. */
const RUNS_ON: Readonly<Record<string, readonly string[]>> = {
  x64: ['amd64', 'x86_64', 'i386', 'i686'],
  arm64: ['arm64', 'aarch64'],
};

/**
 * Takes out of a delta what the image below has in another form, and writes the script that makes it.
 * @returns the files, sorted; none when nothing was found or the strategy is `whole`.
 * @throws AppError `program-missing` when block deltas are wanted and rdiff is not there.
 */
export async function reuseBelow(request: ReuseRequest): Promise<readonly ReusedFile[]> {
  const { strategy, wanted, below, delta, target } = request;
  if (strategy === 'whole') return [];
  const plan = planReuse(wanted, below.tree, delta);
  const copied = plan.copies.map(({ path, from }) => fileOf(wanted, { path, from, patch: null, shipped: 0 }));
  const canPatch = strategy === 'rdiff' && (RUNS_ON[process.arch] ?? []).some((name) => name === request.architecture);
  const patched = canPatch && plan.changed.length > 0 ? await patchFiles(request, plan.changed) : [];
  const files = [...copied, ...patched].sort((a, b) => comparePaths(a.path, b.path));
  if (files.length === 0) return [];
  if (patched.length > 0) await placeRdiff(target);
  await mkdir(target, { recursive: true });
  const described = files.map((file) => ({ ...file, metadata: wanted.entries.get(file.path)! }));
  await writeFile(join(target, 'apply'), applyScript(described), { mode: 0o644 });
  return files;
}

/** What is left for the archive: what is not reused, and the folders above what is. */
export function withoutReused(paths: readonly string[], reused: readonly ReusedFile[]): readonly string[] {
  const left = new Set(paths);
  for (const { path } of reused) left.delete(path);
  for (const { path } of reused) if (parentPath(path) !== '/') left.add(parentPath(path));
  return [...left].sort(comparePaths);
}

function fileOf(wanted: MachineSnapshot, file: Omit<ReusedFile, 'size'>): ReusedFile {
  return { ...file, size: wanted.entries.get(file.path)!.size };
}

async function patchFiles(request: ReuseRequest, changed: readonly string[]): Promise<ReusedFile[]> {
  const { below, wanted, target, workFolder, signal } = request;
  const folder = join(workFolder, 'rdiff');
  await mkdir(folder, { recursive: true });
  await mkdir(target, { recursive: true });
  const files: ReusedFile[] = [];
  try {
    const bases = await extract(below.tree, below.image, changed, folder);
    for (const [path, basis] of bases) {
      signal.throwIfAborted();
      const entry = wanted.entries.get(path)!;
      const patch = `${files.length}.rdiff`;
      const work = {
        basis,
        target: join(folder, 'new'),
        signature: join(folder, 'signature'),
        delta: join(target, patch),
      };
      await writeContent(work.target, contentOf(request.machine, path), entry.size);
      await rdiffDelta(work, signal);
      await rm(work.target);
      await rm(work.signature);
      const shipped = (await stat(work.delta)).size;
      const isWorthIt = shipped <= entry.size * WORTHWHILE;
      // Its sums are short: a disk may be made so that they lie.
      if (isWorthIt && (await patchedDigest(basis, work.delta, join(folder, 'patched'), signal)) === entry.sha256) {
        files.push(fileOf(wanted, { path, from: path, patch, shipped }));
      } else {
        await rm(work.delta);
      }
      await rm(basis);
    }
    return files;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function contentOf({ machine, spool }: CollectedMachine, path: string): AsyncIterable<DataRun> {
  return spool!.read(machine.files.records.get(path)!.entry);
}

/** Files of an image as files of the host, by path: one pass over each layer that has some. */
async function extract(
  tree: Snapshot,
  image: SavedImage,
  paths: readonly string[],
  folder: string,
): Promise<Map<string, string>> {
  const byLayer = new Map<number, string[]>();
  for (const path of paths) {
    const { layer } = tree.get(path)!;
    byLayer.set(layer, [...(byLayer.get(layer) ?? []), path]);
  }
  const files = new Map(paths.map((path, number) => [path, join(folder, `basis-${number}`)]));
  for (const [layer, names] of byLayer) {
    const wanted = new Set(names);
    for await (const member of readTar(image.layers[layer]!.open())) {
      const path = normalizePath(member.name);
      if (member.type !== 'file' || !wanted.has(path)) continue;
      await writeContent(files.get(path)!, member.content, member.size);
    }
  }
  return files;
}

/** Replaces what a member of the same name, earlier in the archive, has left; holes stay holes. */
async function writeContent(file: string, content: AsyncIterable<DataRun>, size: number): Promise<void> {
  const handle = await open(file, 'w', 0o600);
  try {
    for await (const { offset, data } of content) {
      for (let done = 0; done < data.length; ) {
        done += (await handle.write(data, done, data.length - done, offset + done)).bytesWritten;
      }
    }
    await handle.truncate(size);
  } finally {
    await handle.close();
  }
}

async function patchedDigest(basis: string, delta: string, result: string, signal: AbortSignal): Promise<string> {
  await rdiffPatch(basis, delta, result, signal);
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(result, { highWaterMark: 1024 * 1024 })) hash.update(chunk as Buffer);
  await rm(result);
  return hash.digest('hex');
}

async function placeRdiff(target: string): Promise<void> {
  const { program, loader, libraries } = await rdiffBundle();
  await mkdir(join(target, 'lib'), { recursive: true });
  await copyFile(program, join(target, 'rdiff'));
  await copyFile(loader, join(target, 'loader'));
  for (const { name, file } of libraries) await copyFile(file, join(target, 'lib', name));
}
