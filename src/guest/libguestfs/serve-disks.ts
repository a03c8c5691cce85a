import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { MachineSource } from '../../model/machine.js';
import type { Guard } from '../../tools/guard.js';
import { startNbd } from '../../tools/qemu-nbd.js';

/**
 * Serves each disk of the machine read-only on a socket of a private folder, so that the appliance opens nothing that a
 * disk names.
 * @returns the addresses, in the order of the machine.
 */
export async function serveDisks(
  source: MachineSource,
  guard: Guard,
  closers: (() => Promise<void>)[],
  signal: AbortSignal | undefined,
): Promise<string[]> {
  const socketFolder = await mkdtemp(join(tmpdir(), 'vm2docker-nbd-'));
  guard.registerFolder(socketFolder);
  closers.push(() => rm(socketFolder, { recursive: true, force: true }));
  const addresses: string[] = [];
  for (const [index, disk] of source.disks.entries()) {
    const server = await startNbd(disk.node, {
      socketFolder,
      socketName: `disk${index}`,
      disk: disk.path,
      register: (pid) => guard.register(pid),
      ...(signal === undefined ? {} : { signal }),
    });
    closers.push(async () => {
      await server.stop();
      guard.release(server.pid);
    });
    addresses.push(server.uri);
  }
  return addresses;
}
