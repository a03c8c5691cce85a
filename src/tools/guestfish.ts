import { mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Appliance, ApplianceOptions } from './appliance/appliance.js';
import { connect, type ServerConnection } from './appliance/connection.js';
import { delay } from './appliance/delay.js';
import { interrupted, launchTimeout } from './appliance/failures.js';
import { withDescendants } from './appliance/processes.js';
import { socketPath, startServer } from './appliance/server.js';

export type { Appliance, ApplianceOptions, CallOptions, StreamOptions } from './appliance/appliance.js';

/** supermin builds the appliance from the host's packages: ten seconds, more on a slow disk. */
const BUILD_TIMEOUT_MS = 300_000;

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
