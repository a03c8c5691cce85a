/**
 * Builds guests, reads what they would run from their files alone, boots them under emulation, asks them, and compares.
 * `npx tsx test/e2e/services.ts [--again] [RECIPE…]`; needs mmdebstrap, QEMU, a readable kernel in /boot, and a package archive.
 */
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openSource } from '../../src/disk/open-source.js';
import { openGuest } from '../../src/guest/open-guest.js';
import { inspectOs, OS_PATHS } from '../../src/inspect/os/index.js';
import { inspectPackages, PACKAGE_PATHS } from '../../src/inspect/packages/index.js';
import { PORT_PATHS } from '../../src/inspect/ports/index.js';
import { inspectServices, SERVICE_PATHS } from '../../src/inspect/services/index.js';
import { silentProgress } from '../../src/model/progress.js';
import type { ListeningPort, Service } from '../../src/model/services.js';
import { servicesWithPorts } from '../../src/pipeline/inspect-guest.js';
import { type BootTruth, bootGuest, installProbe, nameWildcards, parseTruth } from './boot-guest.js';
import { buildRoot, type GuestRecipe, makeDisk } from './guest-recipe.js';
import { SERVICE_RECIPES } from './service-recipes.js';

const WORK = fileURLToPath(new URL('../../build/e2e/services', import.meta.url));

interface Score {
  readonly what: string;
  readonly found: readonly string[];
  readonly missed: readonly string[];
  readonly invented: readonly string[];
}

/** What the disk itself says, read as the pipeline reads it: the reader, the package database, services, ports. */
async function inspectDisk(
  disk: string,
): Promise<{ services: readonly Service[]; listening: readonly ListeningPort[] }> {
  const source = await openSource(disk, { allowDirs: [] });
  const guest = await openGuest(source, { reader: 'native', progress: silentProgress, keys: [] });
  try {
    const { fs } = guest;
    await fs.prefetch([...new Set([...OS_PATHS, ...PACKAGE_PATHS, ...SERVICE_PATHS, ...PORT_PATHS])]);
    const system = await inspectOs(fs);
    if (system === null) throw new Error(`${disk} holds no system`);
    const packages = await inspectPackages(fs, { archiveIndexes: false });
    const context = { hardware: { hypervisor: 'qemu' as const }, packages, os: system.os };
    const found = await inspectServices(fs, context);
    const { services, problems } = await servicesWithPorts(fs, found.services, context);
    for (const { code, path, reason } of [...found.problems, ...problems])
      console.log(`  ! ${code} ${path}: ${reason}`);
    const listening = services.filter(({ enabled }) => enabled).flatMap(({ ports }) => ports);
    return { services, listening };
  } finally {
    await guest.close();
    await source.release();
  }
}

/** With `--again` a guest that was asked before is not booted again: its answers lie beside its disk. */
async function examine(recipe: GuestRecipe, again: boolean): Promise<Score[]> {
  const root = await buildRoot(recipe, WORK);
  const disk = `${root}.disk`;
  const answers = `${root}.truth.json`;
  const isKnown = again && existsSync(answers);
  if (!isKnown || !existsSync(disk)) {
    await installProbe(root, 10);
    await makeDisk(root, disk);
  }
  if (!isKnown) {
    await writeFile(answers, JSON.stringify(await bootGuest({ disk, timeoutMs: 1_200_000 }), null, 2));
  }
  const truth = parseTruth((JSON.parse(await readFile(answers, 'utf8')) as BootTruth).console);
  const { services, listening } = await inspectDisk(disk);
  return [
    compareServices(services, truth),
    compare('ports', endpoints(nameWildcards(listening, truth.addresses)), endpoints(shownPorts(truth, listening))),
  ];
}

/** systemd names what is active; elsewhere the processes tell, by the program's name. */
function compareServices(services: readonly Service[], truth: BootTruth): Score {
  const applications = services.filter(({ enabled, role }) => enabled && role === 'application');
  if (truth.services.length > 0) {
    // `user@1000.service/…` belongs to that user's manager, which is not asked; its ports are.
    const own = applications
      .filter(({ init, name }) => init === 'systemd' && !name.includes('/'))
      .map(({ name }) => name);
    const started = new Set([...truth.services, ...truth.sockets]);
    const isSystem = (name: string): boolean =>
      services.some((service) => service.name === name && service.role === 'system') ||
      /^(?:systemd-|dbus|user@|user-runtime-dir@|getty|sshd-|session-|init\.scope|syslog)/.test(name);
    // A socket whose service is active is part of it.
    const shown = [...started].filter(
      (name) =>
        !isSystem(name) &&
        !(
          name.endsWith('.socket') &&
          (started.has(name.replace(/socket$/, 'service')) ||
            (services.some(({ evidence }) => evidence.some(({ path }) => basename(path) === name)) &&
              !own.includes(name)))
        ),
    );
    return compare('services', own, shown);
  }
  const names = applications.filter(({ init }) => init !== 'inetd').map(({ command }) => programName(command));
  const shown = truth.processes.map((line) =>
    programName([line.replace(/^(nginx|sshd): .*? (\/\S+).*$/, '$2').split(/\s+/)[0]!]),
  );
  const systemPrograms = new Set(
    services.filter(({ role }) => role === 'system').map(({ command }) => programName(command)),
  );
  const noise =
    /^(?:init|runit|startpar|\(udev-worker\)|udevd|systemd-udevd|getty|agetty|runsv|runsvdir|svlogd|sleep|sh|sshd|cron|inetd|nginx:|logger|async-timeout|sd-.*|login)$/;
  return compare(
    'programs',
    names,
    shown.filter((name) => !noise.test(name) && !systemPrograms.has(name)),
  );
}

/** Debian's scripts start memcached through a script of their own. */
function programName(command: readonly string[]): string {
  return basename(command[0] ?? '')
    .replace(/^start-memcached$/, 'memcached')
    .replace(/:$/, '');
}

/**
 * A socket for each family and one for both are the same to whoever connects; so is one more on a single address, where
 * another socket has the port on all of them (nmbd's on the address and the broadcast of each interface).
 */
function endpoints(listening: readonly Pick<ListeningPort, 'protocol' | 'address' | 'port'>[]): string[] {
  const names = new Set(listening.map(({ protocol, address, port }) => `${protocol}/${address}:${port}`));
  return listening.flatMap(({ protocol, address, port }) => {
    const at = (host: string): string => `${protocol}/${host}:${port}`;
    const isWild = ['*', '0.0.0.0', '::'].includes(address);
    if (names.has(at('*')) || (names.has(at('0.0.0.0')) && names.has(at('::')))) return [at('*')];
    return !isWild && names.has(at(address.includes(':') ? '::' : '0.0.0.0')) ? [] : [at(address)];
  });
}

/** Without those that the kernel or bindresvport(3) chose for a program: high ones that no file names, statd's and mountd's. */
function shownPorts(truth: BootTruth, read: readonly ListeningPort[]): BootTruth['listening'] {
  const isNamed = (port: number): boolean => read.some((each) => each.port === port);
  return truth.listening.filter(({ port, program }) => {
    const isChosen = (port >= 32768 && port < 61000) || /^rpc\.(?:statd|mountd)$/.test(program ?? '');
    return isNamed(port) || !isChosen;
  });
}

function compare(what: string, own: readonly string[], shown: readonly string[]): Score {
  const [mine, theirs] = [new Set(own), new Set(shown)];
  return {
    what,
    found: [...mine].filter((name) => theirs.has(name)).sort(),
    missed: [...theirs].filter((name) => !mine.has(name)).sort(),
    invented: [...mine].filter((name) => !theirs.has(name)).sort(),
  };
}

const percent = (part: number, whole: number): string =>
  whole === 0 ? 'none' : `${((100 * part) / whole).toFixed(1)} %`;

await mkdir(WORK, { recursive: true });
const again = process.argv.includes('--again');
const asked = process.argv.slice(2).filter((argument) => !argument.startsWith('--'));
for (const recipe of SERVICE_RECIPES) {
  if (asked.length > 0 && !asked.includes(recipe.name)) continue;
  for (const { what, found, missed, invented } of await examine(recipe, again)) {
    const recall = percent(found.length, found.length + missed.length);
    const precision = percent(found.length, found.length + invented.length);
    console.log(`${recipe.name} ${what}: recall ${recall}, precision ${precision}: ${found.join(', ')}`);
    if (missed.length > 0) console.log(`  missed: ${missed.join(', ')}`);
    if (invented.length > 0) console.log(`  not shown by the machine: ${invented.join(', ')}`);
    if (missed.length + invented.length > 0) process.exitCode = 1;
  }
}
