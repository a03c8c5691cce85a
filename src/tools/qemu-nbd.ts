import { type ChildProcess, spawn } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { AppError } from '../errors.js';
import type { BlockNode } from '../model/machine.js';
import { nodeArgument, openFailure } from './qemu-img.js';
import { lastLines, missingProgram } from './run.js';

/** A disk served read-only on a Unix socket, for as long as the reader needs it. */
export interface NbdServer {
  /** For guestfish (`-a`) and every other NBD client; the format of what is served is raw. */
  readonly uri: string;
  readonly socket: string;
  readonly pid: number;
  /** Ends the server and waits until it is gone. Idempotent. */
  stop(): Promise<void>;
}

export interface NbdOptions {
  /** A private folder, whose path leaves room for a name (a socket path has at most 107 bytes). */
  readonly socketFolder: string;
  /** Name of the socket in it; one folder may serve several disks. */
  readonly socketName?: string;
  /** The disk as the user named it, for messages. */
  readonly disk: string;
  /** Added to the environment, so that a guard knows the process by it even before it is registered. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Told the process id as soon as there is one, so that a guard can end it when we are gone. */
  readonly register?: (pid: number) => void;
  readonly signal?: AbortSignal;
  readonly timeoutMs?: number;
  /** How many clients may connect at a time; the appliance opens a disk more than once. */
  readonly clients?: number;
}

const START_TIMEOUT_MS = 30_000;
const STOP_TIMEOUT_MS = 3_000;
const POLL_MS = 20;
const ANSWER_TIMEOUT_MS = 2_000;
const MAX_SOCKET_PATH = 107;
const MAX_WORDS = 16_384;

/**
 * Starts qemu-nbd on a block graph in which every node is named, and waits until it answers.
 * @throws AppError `program-missing`, `program-timeout`, `program-failed`, `input-corrupt`, `input-unreadable`, `interrupted`.
 */
export async function startNbd(node: BlockNode, options: NbdOptions): Promise<NbdServer> {
  const socket = join(options.socketFolder, options.socketName ?? 'disk.sock');
  if (Buffer.byteLength(socket) > MAX_SOCKET_PATH) {
    throw new AppError('program-failed', `The path of the socket is too long: ${socket}`, {
      where: { path: socket },
      todo: 'Set TMPDIR to a folder with a shorter path.',
    });
  }
  if (options.signal?.aborted) throw interrupted();
  const child = spawn(
    'qemu-nbd',
    ['--read-only', '--persistent', `--shared=${options.clients ?? 8}`, `--socket=${socket}`, nodeArgument(node)],
    { stdio: ['ignore', 'ignore', 'pipe'], env: { ...process.env, LC_ALL: 'C', ...options.environment } },
  );
  const end = watch(child);
  if (child.pid !== undefined) options.register?.(child.pid);
  const stop = async (): Promise<void> => {
    await stopChild(child, end.gone);
    // Ended between making its socket and serving it, qemu-nbd leaves the socket behind.
    await rm(socket, { force: true });
  };
  try {
    await ready(socket, end, options);
  } catch (error) {
    await stop();
    throw error;
  }
  return { uri: `nbd://?socket=${encodeURI(socket)}`, socket, pid: child.pid!, stop };
}

function interrupted(): AppError {
  return new AppError('interrupted', 'qemu-nbd was stopped', { todo: 'Run the command again.' });
}

interface Ending {
  readonly gone: Promise<void>;
  readonly state: { ended: boolean; spawnError?: NodeJS.ErrnoException; words: string };
}

function watch(child: ChildProcess): Ending {
  const state: Ending['state'] = { ended: false, words: '' };
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    state.words = (state.words + text).slice(-MAX_WORDS);
  });
  const gone = new Promise<void>((resolve) => {
    child.once('error', (error) => {
      state.spawnError = error;
      state.ended = true;
      resolve();
    });
    child.once('close', () => {
      state.ended = true;
      resolve();
    });
  });
  return { gone, state };
}

/** The socket is made before the server listens, so a connection is what counts. */
async function ready(socket: string, end: Ending, options: NbdOptions): Promise<void> {
  const deadline = Date.now() + (options.timeoutMs ?? START_TIMEOUT_MS);
  while (true) {
    if (options.signal?.aborted) throw interrupted();
    if (end.state.ended) throw endedEarly(end, options);
    if (await answers(socket)) return;
    if (Date.now() > deadline) {
      throw new AppError('program-timeout', `qemu-nbd did not serve ${options.disk} in time`, {
        where: { disk: options.disk },
        todo: 'Try again when the host is less busy; if it happens again, look at the storage below the disk.',
        detail: lastLines(end.state.words),
      });
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

function answers(socket: string): Promise<boolean> {
  return new Promise((resolve) => {
    const client = connect(socket);
    client.setTimeout(ANSWER_TIMEOUT_MS, () => client.destroy());
    client.once('data', () => {
      client.destroy();
      resolve(true);
    });
    client.once('error', () => resolve(false));
    client.once('close', () => resolve(false));
  });
}

function endedEarly(end: Ending, options: NbdOptions): AppError {
  if (end.state.spawnError?.code === 'ENOENT') return missingProgram('qemu-nbd');
  if (/Could not open|Failed to .*open|lock|Permission denied|Image/.test(end.state.words))
    return openFailure(end.state.words, options.disk);
  return new AppError('program-failed', `qemu-nbd ended before it served ${options.disk}`, {
    where: { disk: options.disk },
    todo: 'Look at its last words.',
    detail: lastLines(end.state.words),
  });
}

async function stopChild(child: ChildProcess, gone: Promise<void>): Promise<void> {
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS);
  await gone;
  clearTimeout(timer);
}
