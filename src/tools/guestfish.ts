import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { mkdtemp, open, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { AppError } from '../errors.js';
import { type Acceleration, accelerationEnvironment } from './acceleration.js';
import type { Guard } from './guard.js';
import { toApplianceError } from './guestfish-error.js';
import { lastLines, missingProgram } from './run.js';

/**
 * One running appliance of libguestfs: guestfish(1) as a server (`--listen`), one short client process for each call.
 * Arguments of a call are passed as they are, never parsed again; a call that fails leaves the server running (the `-`
 * before the command). Calls wait for each other.
 */
export interface Appliance {
  /** Calls made so far, the launch included. */
  readonly calls: number;
  /** Runs a command of guestfish. @returns what it printed. @throws AppError `appliance-failed`, `appliance-timeout`. */
  call(command: string, args: readonly string[], options?: CallOptions): Promise<Buffer>;
  /** Runs a command that writes to standard output (`-` as its file name) and passes its bytes on as they come. */
  stream(command: string, args: readonly string[], options?: StreamOptions): AsyncGenerator<Buffer>;
  /** Writes a file of the appliance: `path` is below its sysroot. */
  upload(content: Uint8Array, path: string): Promise<void>;
  /** As `upload`, by way of the host's memory rather than its disk. */
  uploadSecret(content: Uint8Array, path: string): Promise<void>;
  /** Ends the appliance at once and removes its files. Idempotent. */
  close(): Promise<void>;
}

export interface CallOptions {
  /** Default 120 s: an emulated appliance on a busy host is slow. */
  readonly timeoutMs?: number;
  /** More output than this is an error. Default 64 MiB. */
  readonly maxBytes?: number;
}

export interface StreamOptions {
  /** How long no byte may come while we wait for one. Default 120 s. */
  readonly idleTimeoutMs?: number;
}

export interface ApplianceOptions {
  /** `nbd://?socket=…` of each disk, in the order of the machine. */
  readonly disks: readonly string[];
  readonly acceleration: Acceleration;
  /** From the start of QEMU to an appliance that answers. What is built before, once for a host, does not count. */
  readonly launchTimeoutMs: number;
  readonly guard: Guard;
  readonly signal?: AbortSignal;
}

const CALL_TIMEOUT_MS = 120_000;
const MAX_CALL_BYTES = 64 * 1024 * 1024;
/** supermin builds the appliance from the host's packages: ten seconds, more on a slow disk. */
const BUILD_TIMEOUT_MS = 300_000;
const QUIT_TIMEOUT_MS = 3_000;

/** @throws AppError `program-missing`, `appliance-missing`, `appliance-failed`, `appliance-timeout`, `interrupted`. */
export async function startAppliance(options: ApplianceOptions): Promise<Appliance> {
  const { guard, signal } = options;
  const folder = await mkdtemp(join(tmpdir(), 'vm2docker-appliance-'));
  guard.registerFolder(folder);
  const server = await startServer(folder, options);
  guard.register(server.pid);
  guard.registerFolder(socketPath(server.pid));
  const appliance = connect(folder, server, guard, signal);
  try {
    await launch(appliance, server.pid, options);
    return appliance;
  } catch (error) {
    await appliance.close();
    throw error;
  }
}

interface Server {
  readonly pid: number;
  readonly errorFile: string;
}

interface ServerConnection extends Appliance {
  readonly qemu: Set<number>;
  readonly folders: Set<string>;
}

async function startServer(folder: string, { disks, acceleration, guard }: ApplianceOptions): Promise<Server> {
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

function connect(folder: string, server: Server, guard: Guard, signal: AbortSignal | undefined): ServerConnection {
  let calls = 0;
  let closed: Promise<void> | undefined;
  let turn: Promise<unknown> = Promise.resolve();
  const qemu = new Set<number>();
  const folders = new Set<string>();
  const clients = new Set<ChildProcess>();

  const takeTurn = async (): Promise<() => void> => {
    const before = turn;
    let done = (): void => {};
    turn = new Promise<void>((resolve) => {
      done = resolve;
    });
    await before;
    return done;
  };
  const startClient = (command: string, args: readonly string[]): ChildProcess & { stdout: Readable } => {
    if (signal?.aborted) throw interrupted();
    if (closed !== undefined)
      throw new AppError('appliance-failed', 'The appliance was closed', { todo: 'Report this.' });
    calls += 1;
    const child = spawn('guestfish', [`--remote=${server.pid}`, '--', `-${command}`, ...args], {
      stdio: ['ignore', 'pipe', 'ignore'],
      cwd: '/',
      env: plainEnvironment(),
    });
    clients.add(child);
    child.once('close', () => clients.delete(child));
    return child as ChildProcess & { stdout: Readable };
  };
  const errorsFrom = async (mark: number): Promise<string> => (await readTail(server.errorFile, mark)).trim();
  const check = async (command: string, code: number | null, mark: number): Promise<void> => {
    if (signal?.aborted) throw interrupted();
    const words = await errorsFrom(mark);
    if (code !== 0 || isError(words)) throw toApplianceError(command, words);
  };

  const appliance: ServerConnection = {
    qemu,
    folders,
    get calls() {
      return calls;
    },
    async call(command, args, { timeoutMs = CALL_TIMEOUT_MS, maxBytes = MAX_CALL_BYTES } = {}) {
      const done = await takeTurn();
      try {
        const mark = await sizeOf(server.errorFile);
        const { code, stdout } = await finish(startClient(command, args), command, timeoutMs, maxBytes);
        await check(command, code, mark);
        return stdout;
      } finally {
        done();
      }
    },
    async *stream(command, args, { idleTimeoutMs = CALL_TIMEOUT_MS } = {}) {
      const done = await takeTurn();
      const mark = await sizeOf(server.errorFile);
      let client: ReturnType<typeof startClient> | undefined;
      try {
        client = startClient(command, args);
        const ended = exitCode(client);
        yield* withIdleLimit(client.stdout, command, idleTimeoutMs);
        await check(command, await ended, mark);
      } finally {
        client?.kill('SIGKILL');
        done();
      }
    },
    async upload(content, path) {
      await uploadFrom(folder, content, path);
    },
    async uploadSecret(content, path) {
      const memory = await mkdtemp('/dev/shm/vm2docker-').catch(() => null);
      if (memory === null) return await uploadFrom(folder, content, path);
      guard.registerFolder(memory);
      try {
        await uploadFrom(memory, content, path);
      } finally {
        await rm(memory, { recursive: true, force: true });
      }
    },
    close() {
      closed ??= shutDown();
      return closed;
    },
  };
  const uploadFrom = async (place: string, content: Uint8Array, path: string): Promise<void> => {
    const file = join(place, 'upload');
    await writeFile(file, content, { mode: 0o600 });
    try {
      await appliance.call('upload', [file, path]);
    } finally {
      await rm(file, { force: true });
    }
  };
  const shutDown = async (): Promise<void> => {
    signal?.removeEventListener('abort', onAbort);
    for (const client of clients) client.kill('SIGKILL');
    // Nothing in the appliance is worth a clean shutdown: its disks are overlays.
    for (const pid of qemu) kill(pid, 'SIGKILL');
    const quit = spawn('guestfish', [`--remote=${server.pid}`, '--', '-quit'], {
      stdio: 'ignore',
      env: plainEnvironment(),
    });
    await Promise.race([exitCode(quit), delay(QUIT_TIMEOUT_MS)]);
    quit.kill('SIGKILL');
    await untilGone(server.pid, 500);
    for (const pid of await withDescendants(server.pid)) kill(pid, 'SIGKILL');
    await untilGone(server.pid, 2_000);
    guard.release(server.pid);
    for (const path of [folder, socketPath(server.pid), ...folders]) await rm(path, { recursive: true, force: true });
  };
  const onAbort = (): void => {
    void appliance.close();
  };
  signal?.addEventListener('abort', onAbort, { once: true });
  return appliance;
}

/** Runs the appliance; the deadline begins with QEMU, since building the appliance comes before and is slow once. */
async function launch(appliance: ServerConnection, server: number, options: ApplianceOptions): Promise<void> {
  const { guard, launchTimeoutMs, signal } = options;
  const running = appliance.call('run', [], { timeoutMs: BUILD_TIMEOUT_MS + launchTimeoutMs });
  let settled = false;
  running
    .catch(() => {})
    .finally(() => {
      settled = true;
    });
  const begin = Date.now();
  let deadline = begin + BUILD_TIMEOUT_MS;
  while (!settled) {
    if (Date.now() > deadline) throw launchTimeout(options);
    if (signal?.aborted) throw interrupted();
    if (appliance.qemu.size === 0 && (await findQemu(server, appliance))) {
      for (const pid of appliance.qemu) guard.register(pid);
      for (const path of appliance.folders) guard.registerFolder(path);
      deadline = Date.now() + launchTimeoutMs;
    }
    await Promise.race([running.catch(() => {}), delay(100)]);
  }
  await running;
}

/** Notes QEMU and the folder of its socket, which libguestfs makes in /tmp whatever TMPDIR says when it runs as root. */
async function findQemu(server: number, { qemu, folders }: ServerConnection): Promise<boolean> {
  for (const pid of (await withDescendants(server)).slice(1)) {
    const words = (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')).split('\0');
    const socket = words.map((word) => /^socket,path=(\/.*\/libguestfs\w{6})\/guestfsd\.sock,/.exec(word)?.[1]);
    const folder = socket.find((path) => path !== undefined);
    if (folder === undefined) continue;
    qemu.add(pid);
    folders.add(folder);
  }
  return qemu.size > 0;
}

/** What guestfish must not take from the user's environment: tracing and debugging would fill its error output. */
function plainEnvironment(): NodeJS.ProcessEnv {
  const { LIBGUESTFS_DEBUG: _, LIBGUESTFS_TRACE: __, GUESTFISH_PS1: ___, ...rest } = process.env;
  return { ...rest, LC_ALL: 'C.UTF-8', TZ: 'UTC' };
}

async function finish(
  child: ChildProcess,
  command: string,
  timeoutMs: number,
  maxBytes: number,
): Promise<{ code: number | null; stdout: Buffer }> {
  const parts: Buffer[] = [];
  let size = 0;
  let failure: AppError | undefined;
  const stop = (error: AppError): void => {
    failure ??= error;
    child.kill('SIGKILL');
    child.stdout?.destroy();
  };
  const timer = setTimeout(() => stop(callTimeout(command, timeoutMs)), timeoutMs);
  child.stdout?.on('data', (part: Buffer) => {
    size += part.length;
    if (size > maxBytes) {
      stop(
        new AppError('guest-file-too-large', `${command} gave more than ${maxBytes} bytes`, {
          todo: 'The file is larger than any file of its kind should be; look at it by hand.',
        }),
      );
    } else parts.push(part);
  });
  try {
    const [code] = await Promise.all([exitCode(child), outputEnd(child)]);
    if (failure !== undefined) throw failure;
    return { code, stdout: Buffer.concat(parts) };
  } catch (error) {
    throw failure ?? error;
  } finally {
    clearTimeout(timer);
  }
}

function exitCode(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve, reject) => {
    child.once('exit', (code) => resolve(code));
    child.once('error', (error: NodeJS.ErrnoException) =>
      reject(error.code === 'ENOENT' ? missingProgram('guestfish') : error),
    );
  });
}

function outputEnd(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (child.stdout === null) resolve();
    else child.stdout.once('close', () => resolve());
  });
}

async function* withIdleLimit(output: Readable, command: string, idleTimeoutMs: number): AsyncGenerator<Buffer> {
  const parts = output[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  for (;;) {
    const timer = setTimeout(() => output.destroy(callTimeout(command, idleTimeoutMs)), idleTimeoutMs);
    try {
      const { done, value } = await parts.next();
      if (done === true) return;
      yield value;
    } finally {
      clearTimeout(timer);
    }
  }
}

/** Warnings of libguestfs go to the same place as its errors. */
function isError(words: string): boolean {
  return words.split('\n').some((line) => line !== '' && !/^(libguestfs: )?warning: /.test(line));
}

function callTimeout(command: string, timeoutMs: number): AppError {
  return new AppError('appliance-timeout', `The appliance did not answer "${command}" within ${timeoutMs / 1000} s`, {
    todo: 'Try again when the host is less busy; if it happens again, the disk makes the appliance hang.',
  });
}

function launchTimeout({ acceleration, launchTimeoutMs }: ApplianceOptions): AppError {
  return new AppError(
    'appliance-timeout',
    `The appliance did not start within ${launchTimeoutMs / 1000} s (${acceleration})`,
    {
      todo: 'Try again when the host is less busy, and run: vm2docker-image doctor',
    },
  );
}

function interrupted(): AppError {
  return new AppError('interrupted', 'The work was stopped', { todo: 'Run the command again.' });
}

/** Where guestfish listens (it takes no other place). */
function socketPath(pid: number): string {
  return `/tmp/.guestfish-${process.geteuid?.() ?? 0}/socket-${pid}`;
}

async function sizeOf(path: string): Promise<number> {
  const file = await open(path, 'r');
  try {
    return (await file.stat()).size;
  } finally {
    await file.close();
  }
}

async function readTail(path: string, from: number): Promise<string> {
  return lastLines((await readFile(path)).subarray(from).toString('utf8'), 20);
}

/** The process and all below it, parents first. */
async function withDescendants(pid: number): Promise<number[]> {
  const found = [pid];
  for (const task of await readdir(`/proc/${pid}/task`).catch(() => [])) {
    const children = await readFile(`/proc/${pid}/task/${task}/children`, 'latin1').catch(() => '');
    for (const child of children.split(' ').filter((word) => word !== '')) {
      found.push(...(await withDescendants(Number(child))));
    }
  }
  return found;
}

async function untilGone(pid: number, limitMs: number): Promise<void> {
  for (const end = Date.now() + limitMs; Date.now() < end; await pause(25)) {
    const stat = await readFile(`/proc/${pid}/stat`, 'latin1').catch(() => '');
    if (stat === '' || stat.slice(stat.lastIndexOf(')') + 2).startsWith('Z')) return;
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}

function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // it has ended by itself
  }
}

/** Does not keep the process alive: what waits for it waits for something else as well. */
function delay(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms).unref();
  });
}
