import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Daemon, startDocker } from './engines.js';

const execute = promisify(execFile);

/** The engine that answers already, or one of our own with a folder and a socket of its own (as root; Debian's docker.io). */
export async function dockerDaemon(): Promise<Daemon> {
  // Debian's own client: a newer one without buildx refuses BuildKit.
  const base = { PATH: `/usr/bin:${process.env.PATH}`, DOCKER_BUILDKIT: '0', COMPOSE_DOCKER_CLI_BUILD: '0' };
  if (await answers(base)) return { environment: base, stop: async () => {} };
  const folder = await mkdtemp(join(tmpdir(), 'dockerd-'));
  const remove = async (): Promise<void> => {
    await unmountBelow(folder);
    await rm(folder, { recursive: true, force: true });
  };
  try {
    const daemon = await startDocker(folder);
    return {
      environment: { ...base, ...daemon.environment },
      stop: async () => {
        await daemon.stop();
        await remove();
      },
    };
  } catch (error) {
    await remove();
    throw error;
  }
}

/** The engine leaves the network namespace of `--network host` mounted. */
async function unmountBelow(folder: string): Promise<void> {
  const mounts = (await readFile('/proc/self/mounts', 'utf8')).split('\n').map((line) => line.split(' ')[1] ?? '');
  for (const mount of mounts.filter((point) => point.startsWith(`${folder}/`)).reverse())
    await execute('umount', [mount]);
}

async function answers(environment: Readonly<Record<string, string>>): Promise<boolean> {
  const env = { ...process.env, ...environment };
  return execute('docker', ['info', '--format', '{{.ServerVersion}}'], { env }).then(
    ({ stdout }) => /^[0-9]/.test(stdout),
    () => false,
  );
}
