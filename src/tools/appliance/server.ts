import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { accelerationEnvironment } from '../acceleration.js';
import { toApplianceError } from '../guestfish-error.js';
import { lastLines } from '../run.js';
import type { ApplianceOptions } from './appliance.js';
import { finish, plainEnvironment } from './client.js';

/** guestfish(1) with `--listen`: a daemon, with a file that its errors go to. */
export interface Server {
  readonly pid: number;
  readonly errorFile: string;
}

export async function startServer(folder: string, { disks, acceleration, guard }: ApplianceOptions): Promise<Server> {
  const errorFile = join(folder, 'errors');
  const errors = openSync(errorFile, 'a', 0o600);
  const args = ['--listen', '--ro', ...disks.flatMap((uri) => ['--format=raw', '-a', uri])];
  const child = spawn('guestfish', args, {
    stdio: ['ignore', 'pipe', errors],
    // Ctrl-C in the terminal is ours to answer.
    detached: true,
    cwd: '/',
    env: {
      ...plainEnvironment(),
      ...accelerationEnvironment(acceleration),
      ...guard.environment,
      TMPDIR: folder,
      ...(folder.length < 60 ? { XDG_RUNTIME_DIR: folder } : {}),
    },
  });
  closeSync(errors);
  const { code, stdout } = await finish(child, 'guestfish', 30_000, 4096);
  const pid = Number(/GUESTFISH_PID=(\d+)/.exec(stdout.toString('latin1'))?.[1]);
  if (code !== 0 || !Number.isInteger(pid)) {
    throw toApplianceError('start', await readFile(errorFile, 'utf8').catch(() => ''));
  }
  return { pid, errorFile };
}

/** Where guestfish listens (it takes no other place). */
export function socketPath(pid: number): string {
  return `/tmp/.guestfish-${process.geteuid?.() ?? 0}/socket-${pid}`;
}

/** Where in the file of errors the words of the next call begin. */
export async function errorMark({ errorFile }: Server): Promise<number> {
  const file = await open(errorFile, 'r');
  try {
    return (await file.stat()).size;
  } finally {
    await file.close();
  }
}

/** What the server complained of since the mark, warnings included. */
export async function errorsSince({ errorFile }: Server, mark: number): Promise<string> {
  return lastLines((await readFile(errorFile)).subarray(mark).toString('utf8'), 20).trim();
}
