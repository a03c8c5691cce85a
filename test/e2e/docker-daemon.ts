import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const execute = promisify(execFile);

export interface DockerDaemon {
  /** For every program that is to speak to it. */
  readonly environment: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

/** The engine that answers already, or one of our own with a folder and a socket of its own (as root; Debian's docker.io). */
export async function dockerDaemon(): Promise<DockerDaemon> {
  // Debian's own client: a newer one without buildx refuses BuildKit.
  const base = { PATH: `/usr/bin:${process.env.PATH}`, DOCKER_BUILDKIT: '0', COMPOSE_DOCKER_CLI_BUILD: '0' };
  if (await answers(base)) return { environment: base, stop: async () => {} };
  const folder = await mkdtemp(join(tmpdir(), 'dockerd-'));
  const environment = { ...base, DOCKER_HOST: `unix://${folder}/docker.sock` };
  const args = ['--iptables=false', '--bridge=none', '-H', environment.DOCKER_HOST, '-p', `${folder}/pid`];
  const roots = [`--data-root=${folder}/data`, `--exec-root=${folder}/exec`];
  const child = spawn('/usr/sbin/dockerd', [...args, ...roots], { stdio: 'ignore' });
  const stop = async (): Promise<void> => {
    await end(child);
    await rm(folder, { recursive: true, force: true });
  };
  for (let attempt = 0; attempt < 60; attempt += 1) {
    if (await answers(environment)) return { environment, stop };
    await new Promise((resolve) => setTimeout(resolve, 1000));
  }
  await stop();
  throw new Error('dockerd does not answer: apt-get install docker.io, and run this as root');
}

async function answers(environment: Readonly<Record<string, string>>): Promise<boolean> {
  const env = { ...process.env, ...environment };
  return execute('docker', ['info', '--format', '{{.ServerVersion}}'], { env }).then(
    ({ stdout }) => /^[0-9]/.test(stdout),
    () => false,
  );
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  child.kill('SIGTERM');
  await once(child, 'exit');
}
