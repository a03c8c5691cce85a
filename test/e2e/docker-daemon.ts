import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { ownFolder, removeOwnFolder } from '../own-folder.js';
import { type Daemon, startDocker } from './engines.js';

const execute = promisify(execFile);

/** The engine that answers already, or one of our own with a folder and a socket of its own (as root; Debian's docker.io). */
export async function dockerDaemon(): Promise<Daemon> {
  // Debian's own client: a newer one without buildx refuses BuildKit.
  const base = { PATH: `/usr/bin:${process.env.PATH}`, DOCKER_BUILDKIT: '0', COMPOSE_DOCKER_CLI_BUILD: '0' };
  if (await answers(base)) return { environment: base, stop: async () => {} };
  const folder = ownFolder('dockerd');
  try {
    const daemon = await startDocker(folder);
    return {
      environment: { ...base, ...daemon.environment },
      stop: async () => {
        await daemon.stop();
        removeOwnFolder(folder);
      },
    };
  } catch (error) {
    removeOwnFolder(folder);
    throw error;
  }
}

async function answers(environment: Readonly<Record<string, string>>): Promise<boolean> {
  const env = { ...process.env, ...environment };
  return execute('docker', ['info', '--format', '{{.ServerVersion}}'], { env }).then(
    ({ stdout }) => /^[0-9]/.test(stdout),
    () => false,
  );
}
