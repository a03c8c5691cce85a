import { spawn } from 'node:child_process';
import { exitCode, plainEnvironment } from './client.js';
import { delay } from './delay.js';
import { kill, untilGone, withDescendants } from './processes.js';

const QUIT_TIMEOUT_MS = 3_000;

/** Ends a server of guestfish and its QEMU. Nothing in the appliance is worth a clean end: its disks are overlays. */
export async function endServer(server: number, qemu: Iterable<number>): Promise<void> {
  for (const pid of qemu) kill(pid, 'SIGKILL');
  const quit = spawn('guestfish', [`--remote=${server}`, '--', '-quit'], { stdio: 'ignore', env: plainEnvironment() });
  await Promise.race([exitCode(quit), delay(QUIT_TIMEOUT_MS)]);
  quit.kill('SIGKILL');
  await untilGone(server, 500);
  for (const pid of await withDescendants(server)) kill(pid, 'SIGKILL');
  await untilGone(server, 2_000);
}
