import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The tool as a user runs it: the compiled one, in a process of its own. */

const BIN = new URL('../../bin/run.js', import.meta.url).pathname;

/** The small machine that `make test` builds from images/small. */
export const SMALL_DISK = new URL('../../build/guests/small.raw', import.meta.url).pathname;

/** Why tests on the small machine cannot run, or null. */
export const noSmallDisk = existsSync(SMALL_DISK) ? null : 'build/guests/small.raw is missing: run make images';

export interface CliResult {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CliOptions {
  readonly cwd?: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly input?: string;
  readonly umask?: string;
}

export async function cli(args: readonly string[], options: CliOptions = {}): Promise<CliResult> {
  // A shell only where the umask is part of the question; arguments stay arguments.
  const [program, before] =
    options.umask === undefined
      ? [process.execPath, []]
      : ['/bin/sh', ['-c', `umask ${options.umask}; exec "$@"`, 'sh', process.execPath]];
  const child = spawn(program, [...before, BIN, ...args], {
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    // A cache would make a test of reading one of what an earlier test read.
    env: { ...process.env, XDG_CACHE_HOME: '/dev/null', ...options.environment },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  child.stdin.end(options.input ?? '');
  const status = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  return { status, stdout, stderr };
}

export async function inScratch<T>(action: (scratch: string) => Promise<T>): Promise<T> {
  const scratch = await mkdtemp(join(tmpdir(), 'cli-'));
  try {
    return await action(scratch);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}
