/**
 * Converts guests with docker, starts what compose.yaml says, and asks every port of a service that has a container; the
 * same questions went to the booted machine. `npx tsx test/e2e/compose-live.ts [--again] [RECIPE…]`; as root, with
 * mmdebstrap, QEMU, a kernel in /boot, docker.io and docker-compose. With `--again` a guest that was asked is not booted.
 */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { parse } from 'yaml';
import { type Answer, isSameAnswer, parseAnswers } from './answers.js';
import { bootGuest, installProbe } from './boot-guest.js';
import { dockerDaemon } from './docker-daemon.js';
import type { Daemon } from './engines.js';
import { buildRoot, makeDisk } from './guest-recipe.js';
import { SERVICE_RECIPES } from './service-recipes.js';

const execute = promisify(execFile);
const PROJECT = fileURLToPath(new URL('../..', import.meta.url));
const ROOTS = join(PROJECT, 'build/e2e/services');
const WORK = join(PROJECT, 'build/e2e/compose');
const ASK = fileURLToPath(new URL('ask-ports.sh', import.meta.url));
const DEMO_DISK = join(PROJECT, 'build/guests/demo.raw');
/** Where `images/build-guest` puts the one partition of a disk. */
const DEMO_OFFSET = 1024 * 1024;
/** Between them web, SQL, caches, mail, names, proxies, Java, a superserver and a socket; two init systems. */
const DEFAULT = ['demo', 'web-apache', 'mail-names', 'small-servers', 'moved-ports', 'web-java', 'sysvinit'];
const START_SECONDS = 120;
/** Marks what the machine answers somebody with another address. */
const OUTSIDE = 'outside:';

interface Report {
  readonly vms: readonly {
    readonly services: readonly {
      readonly name: string;
      readonly role: string;
      readonly enabled: boolean;
      readonly container: { readonly command: readonly string[] | null };
      readonly ports: readonly { readonly port: number; readonly protocol: string; readonly address: string }[];
    }[];
  }[];
}

/** What the machine itself answers, asked once and kept beside the disk. */
async function machineAnswers(name: string, disk: string, again: boolean): Promise<Answer[]> {
  const kept = `${disk}.answers.json`;
  if (!again || !existsSync(kept) || !(await readFile(kept, 'utf8')).includes(OUTSIDE)) {
    const rootDevice = name === 'demo' ? '/dev/vda1' : '/dev/vda';
    const truth = await bootGuest({ disk, rootDevice, timeoutMs: 1_200_000 });
    if (truth.answers.length === 0) throw new Error(`${name} was asked and says nothing`);
    await writeFile(kept, JSON.stringify(truth.answers, null, 2));
    // Booting is what takes long: `services.ts --again` compares the rest.
    if (name !== 'demo') await writeFile(join(ROOTS, `${name}.truth.json`), JSON.stringify(truth, null, 2));
  }
  return parseAnswers(JSON.parse(await readFile(kept, 'utf8')) as string[]);
}

async function guestDisk(name: string, again: boolean): Promise<string> {
  if (name === 'demo') return demoDisk(again);
  const recipe = SERVICE_RECIPES.find((each) => each.name === name);
  if (recipe === undefined) throw new Error(`no recipe is called ${name}`);
  const disk = join(WORK, `${name}.disk`);
  if (again && existsSync(disk)) return disk;
  const root = await buildRoot(recipe, ROOTS);
  await installProbe(root, 10);
  await makeDisk(root, disk);
  // Into the disk alone: other tests boot guests of the same folder, and need no answers.
  await execute('debugfs', ['-w', '-R', `write ${ASK} probe.d/ask`, disk]);
  await nameItself(root, disk);
  return disk;
}

/**
 * The machine finds its own name, as an installer writes it (Debian's netcfg) and as every engine does for containers;
 * mmdebstrap leaves it out, and a server that greets with it (Squid) would call itself something else.
 */
async function nameItself(root: string, disk: string): Promise<void> {
  const name = (await readFile(join(root, 'etc/hostname'), 'utf8')).trim();
  const hosts = await readFile(join(root, 'etc/hosts'), 'utf8');
  const folder = await mkdtemp(join(tmpdir(), 'compose-live-'));
  try {
    await writeFile(join(folder, 'hosts'), `${hosts.trimEnd()}\n127.0.1.1\t${name}\n`);
    await writeFile(join(folder, 'commands'), `rm etc/hosts\nwrite ${join(folder, 'hosts')} etc/hosts\n`);
    await execute('debugfs', ['-w', '-f', join(folder, 'commands'), disk]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The disk of `make demo` with the questioner in it; it is whole, with a partition table and a kernel of its own. */
async function demoDisk(again: boolean): Promise<string> {
  const disk = join(WORK, 'demo.disk');
  if (again && existsSync(disk)) return disk;
  if (!existsSync(DEMO_DISK)) throw new Error(`${DEMO_DISK} is missing: make ${DEMO_DISK.slice(PROJECT.length)}`);
  await execute('cp', ['--sparse=always', DEMO_DISK, disk]);
  const folder = await mkdtemp(join(tmpdir(), 'compose-live-'));
  try {
    await installProbe(folder, 10);
    const modules = (await readdir(join(folder, 'probe.d'))).map((name) => `probe.d/${name}`);
    const files = [...modules, 'probe'].map((path) => `write ${join(folder, path)} ${path}`);
    const commands = ['mkdir probe.d', ...files, `write ${ASK} probe.d/ask`];
    await writeFile(join(folder, 'commands'), `${commands.join('\n')}\n`);
    await execute('debugfs', ['-w', '-f', join(folder, 'commands'), `${disk}?offset=${DEMO_OFFSET}`]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  return disk;
}

async function examine(name: string, again: boolean, daemon: Daemon): Promise<string[]> {
  const env = { ...process.env, ...daemon.environment };
  const disk = await guestDisk(name, again);
  const expected = await machineAnswers(name, disk, again);
  const output = join(WORK, `${name}.out`);
  const tool = ['--import=tsx', join(PROJECT, 'bin/dev.js'), 'convert', `${name}=${disk}`, '--output', output];
  const options = [
    '--engine',
    'docker',
    '--reader',
    'native',
    '--base-image',
    'scratch',
    '--packages',
    'disk',
    '--verify',
  ];
  await execute(process.execPath, [...tool, ...options], { env, cwd: PROJECT, maxBuffer: 64 * 1024 * 1024 });
  const folder = join(output, 'vms', name);
  const compose = async (...words: string[]): Promise<string> =>
    (await execute('docker-compose', ['-p', `live-${name}`, ...words], { env, cwd: folder })).stdout;
  const docker = async (...words: string[]): Promise<string> => (await execute('docker', words, { env })).stdout;
  const complaints: string[] = [];
  try {
    await compose('up', '-d');
    const ids = (await compose('ps', '-q')).trim().split('\n');
    const holder = (await compose('ps', '-q', `${name}-net`)).trim();
    const services = Object.keys(parse(await readFile(join(folder, 'compose.yaml'), 'utf8')).services);
    const places = await askedPlaces(output);
    // A port may be asked at both loopback addresses: the first is the one that is asked of the containers.
    const isFirst = ({ place, kind }: Answer, index: number): boolean =>
      kind === 'sql' || expected.findIndex((each) => each.place === place && each.kind !== 'sql') === index;
    const wanted = expected.filter(isFirst).filter(({ place }) => places.has(place) || /^[a-z]+$/.test(place));
    for (const place of places.keys())
      if (!expected.some((answer) => answer.place === place)) complaints.push(`${place}: the machine was not asked`);
    const found = await patiently(wanted, async () => {
      const asked = [...places.values()];
      // Ports in the network of the containers, databases inside of one, which has the program and the sockets.
      const inside = await docker('exec', holder, 'bash', '-c', await readFile(ASK, 'utf8'), 'ask', '2', ...asked);
      return parseAnswers(inside.split('\n'));
    });
    complaints.push(...compareAnswers(wanted, found));
    complaints.push(...(await publishedAnswers(folder, name, expected)));
    console.log(`${name}: ${services.length - 1} services, ${wanted.length} answers compared`);
    complaints.push(...(await stop(name, ids, docker, compose)));
  } catch (error) {
    complaints.push(String((error as { stderr?: string }).stderr ?? error).slice(-2000));
    complaints.push((await compose('logs', '--no-color', '--tail', '20').catch(String)).slice(-4000));
  } finally {
    await compose('down', '-v', '--rmi', 'all').catch(String);
    for (const tag of await builtTags(output)) await docker('rmi', tag).catch(String);
    await rm(output, { recursive: true, force: true });
  }
  return complaints;
}

type Run = (...words: string[]) => Promise<string>;

/** Takes everything down, and complains of what did not end by itself: 137 is SIGKILL, ten seconds after being asked. */
async function stop(name: string, ids: readonly string[], docker: Run, compose: Run): Promise<string[]> {
  const began = Date.now();
  const ends = ids.map(async (id) => {
    const container = (await docker('inspect', '-f', '{{slice .Name 1}}', id)).trim();
    const code = (await docker('wait', id)).trim();
    return { container, code, after: Date.now() - began };
  });
  await compose('down');
  const took = Date.now() - began;
  const ended = await Promise.all(ends);
  const shown = ended.map(({ container, after }) => `${container} ${seconds(after)}`);
  console.log(`${name}: down in ${seconds(took)} (${shown.join(', ')})`);
  return ended.flatMap(({ container, code }) => (code === '137' ? [`${container}: did not stop by itself`] : []));
}

const seconds = (milliseconds: number): string => `${(milliseconds / 1000).toFixed(1)} s`;

/** Images that this conversion left in the engine, those that stand on others first. */
async function builtTags(output: string): Promise<string[]> {
  const script = await readFile(join(output, 'build.sh'), 'utf8').catch(() => '');
  return [...script.matchAll(/^build (\S+) \S+$/gm)].map((match) => match[1]!.replaceAll("'", '')).reverse();
}

/** Ports of services with a container, as the answers name them, each with the address to ask it at from within. */
async function askedPlaces(output: string): Promise<Map<string, string>> {
  const report = JSON.parse(await readFile(join(output, 'report.json'), 'utf8')) as Report;
  const places = new Map<string, string>();
  for (const { role, enabled, container, ports } of report.vms[0]!.services) {
    if (role !== 'application' || !enabled || container.command === null) continue;
    for (const { port, protocol, address } of ports) {
      if (protocol === 'sctp') continue;
      const host = address === '::1' ? '::1' : '127.0.0.1';
      const [place, question] =
        protocol === 'tcp' ? [`${port}`, `${host}:${port}`] : [`${port}/udp`, `udp/${host}:${port}`];
      if (!places.has(place) || host === '127.0.0.1') places.set(place, question);
    }
  }
  return places;
}

/** Until everybody answers as expected, or the time is over: services need a while to start. */
async function patiently(wanted: readonly Answer[], ask: () => Promise<Answer[]>): Promise<Answer[]> {
  const end = Date.now() + START_SECONDS * 1000;
  for (;;) {
    const found = await ask();
    if (compareAnswers(wanted, found).length === 0 || Date.now() > end) return found;
    await new Promise((resolve) => setTimeout(resolve, 3000));
  }
}

function compareAnswers(wanted: readonly Answer[], found: readonly Answer[]): string[] {
  return wanted.flatMap((answer) => {
    const { place, kind, text } = answer;
    // A database answers on its port and through its socket.
    const there = found.filter((each) => each.place === place);
    const own = there.find((each) => each.kind === kind) ?? there[0];
    if (own === undefined) return [`${place}: no answer; the machine: ${kind} ${JSON.stringify(text.slice(0, 200))}`];
    return isSameAnswer(own, answer)
      ? []
      : [
          `${place}: ${own.kind} ${JSON.stringify(own.text.slice(0, 300))}; the machine: ${kind} ${JSON.stringify(text.slice(0, 300))}`,
        ];
  });
}

/** The ports that the holder publishes answer on the host as the machine answers a stranger. */
async function publishedAnswers(folder: string, name: string, expected: readonly Answer[]): Promise<string[]> {
  const { services } = parse(await readFile(join(folder, 'compose.yaml'), 'utf8'));
  const published = ((services[`${name}-net`].ports ?? []) as string[]).map((text) => text.replace(/^[0-9]+:/, ''));
  const questions = published.map((place) =>
    place.endsWith('/udp') ? `udp/127.0.0.1:${place.slice(0, -4)}` : `127.0.0.1:${place}`,
  );
  const { stdout } = await execute('bash', [ASK, '10', ...questions]);
  const found = parseAnswers(stdout.split('\n'));
  const wanted = published.map((place) => {
    const answer = expected.find((each) => each.place === OUTSIDE + place);
    return answer === undefined ? { place, kind: 'closed', text: 'not asked' } : { ...answer, place };
  });
  return compareAnswers(wanted, found).map((text) => `published ${text}`);
}

await mkdir(WORK, { recursive: true });
const again = process.argv.includes('--again');
const asked = process.argv.slice(2).filter((argument) => !argument.startsWith('--'));
const daemon = await dockerDaemon();
try {
  for (const name of asked.length > 0 ? asked : DEFAULT) {
    // One machine that cannot be asked keeps none of the others from it.
    const complaints = await examine(name, again, daemon).catch((error: Error & { stderr?: string }) => [
      (error.stderr ?? String(error)).slice(-2000),
    ]);
    for (const complaint of complaints) console.log(`  ${name} ${complaint}`);
    if (complaints.length > 0) process.exitCode = 1;
  }
} finally {
  await daemon.stop();
}
