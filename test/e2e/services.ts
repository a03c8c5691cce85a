/**
 * Builds guests, reads what they would run from their files alone, boots them under emulation, asks them, and compares.
 * `npx tsx test/e2e/services.ts [RECIPE…]`; needs mmdebstrap, QEMU, a readable kernel in /boot, and a package archive.
 */
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { inspectPorts } from '../../src/inspect/ports/index.js';
import { inspectServices } from '../../src/inspect/services/index.js';
import type { Service } from '../../src/model/services.js';
import { folderGuest } from '../inspect/services/helpers/folder-guest.js';
import { DEBIAN } from '../inspect/services/helpers/inspect.js';
import { type BootTruth, bootGuest, probeScript } from './boot-guest.js';
import { buildRoot, type GuestRecipe, makeDisk } from './guest-recipe.js';
import { SERVICE_RECIPES } from './service-recipes.js';

const WORK = fileURLToPath(new URL('../../build/e2e/services', import.meta.url));

interface Score {
  readonly what: string;
  readonly found: readonly string[];
  readonly missed: readonly string[];
  readonly invented: readonly string[];
}

async function examine(recipe: GuestRecipe): Promise<Score[]> {
  const root = await buildRoot(recipe, WORK);
  const fs = folderGuest(root);
  const os = { ...DEBIAN, codename: recipe.suite };
  const { services } = await inspectServices(fs, { hardware: { hypervisor: 'qemu' }, packages: null, os });
  const enabled = services.filter((service) => service.enabled);
  const ports = (await inspectPorts(fs, enabled, { packages: null, os })).byService;
  await writeFile(join(root, 'probe'), probeScript(10));
  await chmod(join(root, 'probe'), 0o755);
  const disk = `${root}.disk`;
  await makeDisk(root, disk);
  const truth = await bootGuest({ disk, timeoutMs: 900_000 });
  await writeFile(`${root}.truth.json`, JSON.stringify(truth, null, 2));
  const listening = enabled.flatMap((service) =>
    [...service.ports, ...(ports.get(service.name)?.ports ?? [])].map(({ protocol, address, port }) =>
      endpoint(protocol, address, port),
    ),
  );
  return [
    compareServices(services, truth),
    compare(
      'ports',
      listening,
      truth.listening
        .filter(({ port }) => !isEphemeral(port))
        .map(({ protocol, address, port }) => endpoint(protocol, address, port)),
    ),
  ];
}

/** systemd names what is active; elsewhere the processes tell, by the program's name. */
function compareServices(services: readonly Service[], truth: BootTruth): Score {
  const applications = services.filter(({ enabled, role }) => enabled && role === 'application');
  if (truth.services.length > 0) {
    const own = applications.filter(({ init }) => init === 'systemd').map(({ name }) => name);
    const started = new Set([...truth.services, ...truth.sockets]);
    const isSystem = (name: string): boolean =>
      services.some((service) => service.name === name && service.role === 'system') ||
      /^(?:systemd-|dbus|user@|getty|sshd-|session-|init\.scope|syslog)/.test(name);
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
    /^(?:init|startpar|udevd|systemd-udevd|getty|agetty|runsv|runsvdir|svlogd|sleep|sh|sshd|cron|inetd|nginx:|logger|async-timeout|sd-.*|login)$/;
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

/** Without module inet_diag `ss` cannot tell IPv6 alone from both families. */
function endpoint(protocol: string, address: string, port: number): string {
  return `${protocol}/${address === '::' || address === '0.0.0.0' ? '*' : address}:${port}`;
}

function isEphemeral(port: number): boolean {
  return port >= 32768 && port < 61000;
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
const asked = process.argv.slice(2);
for (const recipe of SERVICE_RECIPES) {
  if (asked.length > 0 && !asked.includes(recipe.name)) continue;
  for (const { what, found, missed, invented } of await examine(recipe)) {
    const recall = percent(found.length, found.length + missed.length);
    const precision = percent(found.length, found.length + invented.length);
    console.log(`${recipe.name} ${what}: recall ${recall}, precision ${precision}: ${found.join(', ')}`);
    if (missed.length > 0) console.log(`  missed: ${missed.join(', ')}`);
    if (invented.length > 0) console.log(`  not shown by the machine: ${invented.join(', ')}`);
    if (missed.length + invented.length > 0) process.exitCode = 1;
  }
}
