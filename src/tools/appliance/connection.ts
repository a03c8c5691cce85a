import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { AppError } from '../../errors.js';
import type { Guard } from '../guard.js';
import { toApplianceError } from '../guestfish-error.js';
import type { Appliance } from './appliance.js';
import { exitCode, finish, plainEnvironment, withIdleLimit } from './client.js';
import { interrupted } from './failures.js';
import { errorMark, errorsSince, type Server, socketPath } from './server.js';
import { endServer } from './shut-down.js';

const CALL_TIMEOUT_MS = 120_000;
const MAX_CALL_BYTES = 64 * 1024 * 1024;

export interface ServerConnection extends Appliance {
  readonly qemu: Set<number>;
  readonly folders: Set<string>;
}

export function connect(
  folder: string,
  server: Server,
  guard: Guard,
  signal: AbortSignal | undefined,
): ServerConnection {
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
  const check = async (command: string, code: number | null, mark: number): Promise<void> => {
    if (signal?.aborted) throw interrupted();
    const words = await errorsSince(server, mark);
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
        const mark = await errorMark(server);
        const { code, stdout } = await finish(startClient(command, args), command, timeoutMs, maxBytes);
        await check(command, code, mark);
        return stdout;
      } finally {
        done();
      }
    },
    async *stream(command, args, { idleTimeoutMs = CALL_TIMEOUT_MS } = {}) {
      const done = await takeTurn();
      const mark = await errorMark(server);
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
      await uploadFrom(appliance, folder, content, path);
    },
    async uploadSecret(content, path) {
      const memory = await mkdtemp('/dev/shm/vm2docker-').catch(() => null);
      if (memory === null) return await uploadFrom(appliance, folder, content, path);
      guard.registerFolder(memory);
      try {
        await uploadFrom(appliance, memory, content, path);
      } finally {
        await rm(memory, { recursive: true, force: true });
      }
    },
    close() {
      closed ??= shutDown();
      return closed;
    },
  };
  const shutDown = async (): Promise<void> => {
    signal?.removeEventListener('abort', onAbort);
    for (const client of clients) client.kill('SIGKILL');
    await endServer(server.pid, qemu);
    guard.release(server.pid);
    for (const path of [folder, socketPath(server.pid), ...folders]) await rm(path, { recursive: true, force: true });
  };
  const onAbort = (): void => {
    void appliance.close();
  };
  signal?.addEventListener('abort', onAbort, { once: true });
  return appliance;
}

/** By way of a file, since a client's own standard input is not the server's. */
async function uploadFrom(appliance: Appliance, place: string, content: Uint8Array, path: string): Promise<void> {
  const file = join(place, 'upload');
  await writeFile(file, content, { mode: 0o600 });
  try {
    await appliance.call('upload', [file, path]);
  } finally {
    await rm(file, { force: true });
  }
}

/** Warnings of libguestfs go to the same place as its errors. */
function isError(words: string): boolean {
  return words.split('\n').some((line) => line !== '' && !/^(libguestfs: )?warning: /.test(line));
}
