import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Declined } from '../../disk/views/faults.js';
import { openDiskView } from '../../disk/views/open-view.js';
import type { DiskImage, MachineSource } from '../../model/machine.js';
import { startGuard } from '../../tools/guard.js';
import { startNbd } from '../../tools/qemu-nbd.js';
import { BRIDGE_BYTES, BRIDGE_STATE, type BridgeAccess, type BridgeRequest } from './bridge-view.js';
import { connectNbd, type NbdClient } from './nbd-client.js';

/** Reads for the worker what only QEMU reads (VHDX, VDI, …), over a socket that the worker cannot wait on itself. */
export interface Bridge {
  /** For each disk that is read this way, by its index. */
  readonly accesses: ReadonlyMap<number, BridgeAccess>;
  serve(request: BridgeRequest): Promise<void>;
  close(): Promise<void>;
}

const READ_TIMEOUT_MS = 60_000;

export async function openBridge(source: MachineSource, signal?: AbortSignal): Promise<Bridge> {
  const foreign = [...source.disks.entries()].filter(([, disk]) => !isReadByUs(disk));
  if (foreign.length === 0) return { accesses: new Map(), serve: async () => {}, close: async () => {} };
  const closers: (() => Promise<void> | void)[] = [];
  const close = async (): Promise<void> => {
    for (const closer of closers.splice(0).reverse()) await closer();
  };
  const accesses = new Map<number, BridgeAccess>();
  const clients = new Map<number, NbdClient>();
  try {
    const guard = startGuard();
    closers.push(() => guard.close());
    const socketFolder = await mkdtemp(join(tmpdir(), 'vm2docker-nbd-'));
    guard.registerFolder(socketFolder);
    closers.push(() => rm(socketFolder, { recursive: true, force: true }));
    for (const [index, disk] of foreign) {
      const server = await startNbd(disk.node, {
        socketFolder,
        socketName: `disk${index}`,
        disk: disk.path,
        register: (pid) => guard.register(pid),
        environment: guard.environment,
        ...(signal && { signal }),
      });
      closers.push(async () => {
        await server.stop();
        guard.release(server.pid);
      });
      const client = await connectNbd(server.socket, READ_TIMEOUT_MS);
      closers.push(() => client.close());
      clients.set(index, client);
      accesses.set(index, {
        disk: index,
        size: client.size,
        control: new SharedArrayBuffer(4),
        data: new SharedArrayBuffer(BRIDGE_BYTES),
      });
    }
  } catch (error) {
    await close();
    throw error;
  }
  return {
    accesses,
    close,
    async serve({ disk, offset, length }) {
      const access = accesses.get(disk)!;
      const control = new Int32Array(access.control);
      try {
        new Uint8Array(access.data).set(await clients.get(disk)!.read(offset, length));
        Atomics.store(control, 0, BRIDGE_STATE.done);
      } catch {
        Atomics.store(control, 0, BRIDGE_STATE.failed);
      }
      Atomics.notify(control, 0);
    },
  };
}

function isReadByUs(disk: DiskImage): boolean {
  try {
    openDiskView(disk).close();
    return true;
  } catch (error) {
    // Whatever else is wrong with it the worker meets again, and says.
    return !(error instanceof Declined && error.kind === 'unsupported');
  }
}
