import { randomBytes } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { access, chmod, mkdir, mkdtemp, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import type { Writable } from 'node:stream';
import { AppError } from '../errors.js';
import { type Guard, startGuard } from '../tools/guard.js';

/**
 * The folder a run writes. It is filled beside its final place and moved there when complete, so that what looks
 * complete is; an earlier output of ours at that place is replaced, anything else there is left alone. Should we be
 * killed, a guard process removes what is incomplete.
 */
export interface OutputFolder {
  /** The final place, absolute; nothing is there before `commit`. */
  readonly path: string;
  /** Where the files are until then. */
  readonly stagingPath: string;
  write(file: string, content: string | Uint8Array, options?: { executable?: boolean }): Promise<void>;
  createStream(file: string): Promise<Writable>;
  /** A private folder, beside the final place unless a parent is named, for what is not part of the result; it goes with `abandon`. */
  makeWorkFolder(parent?: string): Promise<string>;
  commit(): Promise<void>;
  /** Removes what was written, but for what `commit` has put into its place, and work folders. To be called in any case. */
  abandon(): Promise<void>;
}

/** By this file a folder is known as an earlier output. */
const MARK = 'report.json';

/**
 * @throws AppError `output-exists` when the place holds something else, `output-unwritable`.
 */
export async function createOutputFolder(place: string): Promise<OutputFolder> {
  const path = resolve(place);
  const replaces = await isReplaceable(path);
  const stagingPath = join(dirname(path), `.${basename(path)}.${randomBytes(6).toString('hex')}.partial`);
  const workFolders: string[] = [];
  const guard = startGuard();
  try {
    await mkdir(dirname(path), { recursive: true });
    await mkdir(stagingPath, { mode: 0o700 });
    protect(guard, stagingPath);
  } catch (error) {
    await guard.close();
    throw unwritable(path, error);
  }
  let finished = false;
  const placeOf = async (file: string, mode = 0o755): Promise<string> => {
    const target = join(stagingPath, file);
    await mkdir(dirname(target), { recursive: true, mode });
    return target;
  };
  return {
    path,
    stagingPath,
    async write(file, content, options = {}) {
      // The umask of the caller is no part of the result.
      const target = await placeOf(file);
      await writeFile(target, content, { mode: 0o600 });
      await chmod(target, options.executable === true ? 0o755 : 0o644);
    },
    async createStream(file) {
      const target = await placeOf(file);
      return createWriteStream(target, { flags: 'wx', mode: 0o644, highWaterMark: 1024 * 1024 });
    },
    async makeWorkFolder(parent = dirname(path)) {
      const folder = await mkdtemp(join(resolve(parent), '.vm2docker-work-')).catch((error: unknown) => {
        throw unwritable(parent, error);
      });
      workFolders.push(folder);
      protect(guard, folder);
      return folder;
    },
    async commit() {
      if (replaces) {
        const old = `${stagingPath}.old`;
        await rename(path, old);
        await rename(stagingPath, path);
        await rm(old, { recursive: true, force: true });
      } else {
        await rename(stagingPath, path);
      }
      finished = true;
    },
    async abandon() {
      for (const folder of workFolders) await rm(folder, { recursive: true, force: true });
      if (!finished) await rm(stagingPath, { recursive: true, force: true });
      await guard.close();
    },
  };
}

/** The guard takes names of one line; a place with another kind of name is only cleaned up while we live. */
function protect(guard: Guard, folder: string): void {
  if (!folder.includes('\n')) guard.registerFolder(folder);
}

/** Whether an earlier output lies there (true) or nothing does (false; an empty folder counts as an earlier output). */
async function isReplaceable(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => null);
  if (found === null) return false;
  if (found.isDirectory()) {
    const names = await readdir(path);
    if (names.length === 0) return true;
    if (await exists(join(path, MARK))) return true;
  }
  throw new AppError('output-exists', `${path} exists and is no earlier output of this tool`, {
    where: { path },
    todo: 'Name another folder with --output, or remove it.',
  });
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

function unwritable(path: string, cause: unknown): AppError {
  return new AppError('output-unwritable', `the output folder ${path} cannot be made`, {
    where: { path },
    todo: 'Name a folder that you may write to with --output or --work-dir.',
    detail: cause instanceof Error ? cause.message : String(cause),
    cause,
  });
}
