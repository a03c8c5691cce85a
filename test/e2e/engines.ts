import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ownFolder, removeOwnFolder } from '../own-folder.js';

/** Engines of a test's own: nothing that the host has built is seen, changed or left behind. */

const BIN = fileURLToPath(new URL('../../bin/run.js', import.meta.url));
const READY_MS = 60_000;

export interface Workplace {
  readonly folder: string;
  /** With it buildah and podman keep their images below the folder. */
  readonly environment: Record<string, string>;
  remove(): Promise<void>;
}

/** What is in it goes with `remove`, or, where the test was killed, when the next one of that name begins. */
export function workplace(name: string): Workplace {
  const folder = ownFolder(name);
  const configuration = join(folder, 'storage.conf');
  const places = `runroot = "${join(folder, 'runroot')}"\ngraphroot = "${join(folder, 'graphroot')}"\n`;
  writeFileSync(configuration, `[storage]\ndriver = "overlay"\n${places}`);
  const environment = { CONTAINERS_STORAGE_CONF: configuration, XDG_CACHE_HOME: join(folder, 'cache') };
  return { folder, environment, remove: async () => removeOwnFolder(folder) };
}

/** The tool in a process of its own. */
export function startTool(args: readonly string[], environment: Readonly<Record<string, string>>) {
  const child = spawn(process.execPath, [BIN, ...args], {
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...environment },
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (part: Buffer) => {
    stdout += part.toString();
  });
  child.stderr.on('data', (part: Buffer) => {
    stderr += part.toString();
  });
  const status = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  return { child, status, stdout: () => stdout, stderr: () => stderr };
}

export async function runTool(args: readonly string[], environment: Readonly<Record<string, string>>) {
  const tool = startTool(args, environment);
  const status = await tool.status;
  return { status, stdout: tool.stdout(), stderr: tool.stderr() };
}

export interface Daemon {
  readonly environment: Record<string, string>;
  stop(): Promise<void>;
}

/** Debian's engine without bridge and firewall, on a socket of its own. As root. */
export async function startDocker(folder: string): Promise<Daemon> {
  const place = join(folder, 'docker');
  mkdirSync(place);
  const host = `unix://${join(place, 'socket')}`;
  const setting = ['--data-root', join(place, 'data'), '--exec-root', join(place, 'exec'), '-p', join(place, 'pid')];
  // It ends with the test, however that ends; setpriv becomes the engine.
  const command = ['--pdeathsig', 'TERM', 'dockerd', '--iptables=false', '--bridge=none', ...setting, '-H', host];
  const child = spawn('setpriv', command, { stdio: 'ignore' });
  const environment = { DOCKER_HOST: host };
  await untilReady(child, 'dockerd', () => {
    try {
      execFileSync('docker', ['version'], { env: { ...process.env, ...environment }, stdio: 'ignore' });
      return true;
    } catch {
      return false;
    }
  });
  return {
    environment,
    stop: () => stop(child),
  };
}

/** Debian's registry. @returns `127.0.0.1:PORT`, with which it is taken without TLS. */
export async function startRegistry(folder: string): Promise<Daemon & { readonly address: string }> {
  const address = `127.0.0.1:${await freePort()}`;
  const configuration = join(folder, 'registry.yml');
  const storage = `storage:\n  filesystem:\n    rootdirectory: ${join(folder, 'registry')}\n`;
  writeFileSync(configuration, `version: 0.1\n${storage}http:\n  addr: ${address}\n`);
  const child = spawn('setpriv', ['--pdeathsig', 'TERM', 'docker-registry', 'serve', configuration], {
    stdio: 'ignore',
  });
  await untilReady(child, 'docker-registry', async () =>
    fetch(`http://${address}/v2/`).then(
      ({ ok }) => ok,
      () => false,
    ),
  );
  return { environment: {}, address, stop: () => stop(child) };
}

async function untilReady(child: ChildProcess, name: string, isReady: () => boolean | Promise<boolean>): Promise<void> {
  let failure: Error | null = null;
  child.once('error', (error) => {
    failure = error;
  });
  for (const deadline = Date.now() + READY_MS; Date.now() < deadline; ) {
    if (failure !== null || child.exitCode !== null) break;
    if (await isReady()) return;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  if (failure !== null) throw failure;
  await stop(child);
  throw new Error(`${name} does not answer: is its Debian package whole, and is this root?`);
}

async function stop(child: ChildProcess): Promise<void> {
  // Signals leave no exit code.
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  await ended;
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}
