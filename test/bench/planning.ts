/**
 * Time and memory of planning a hundred synthetic machines of a thousand packages each, in both modes:
 *
 *     npx tsx test/bench/planning.ts [machines] [packages]
 *
 * Machines have a system in common, a role each, and packages of their own; every package has five files.
 */
import { planMachines } from '../../src/plan/plan-machines.js';
import { DEFAULT_OPTIONS, machineOf, type PackageSketch } from '../plan/machine.js';

const [machineCount = 100, packageCount = 1000] = process.argv.slice(2).map(Number);
const FILES_OF_A_PACKAGE = 5;
const ROLES = 8;

let seed = 7;
const random = (limit: number): number => {
  seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
  return Math.floor((seed / 2 ** 32) * limit);
};

const systemCount = Math.floor(packageCount * 0.6);
const universe = Array.from({ length: packageCount * 8 }, (_, number): PackageSketch => {
  const needed = number === 0 ? [] : [random(Math.min(number, systemCount)), random(Math.min(number, systemCount))];
  return {
    name: `package-${number}`,
    version: `1.${number % 7}-1`,
    depends: [...new Set(needed)].map((each) => `package-${each}`).join(', '),
    files: Object.fromEntries(
      Array.from({ length: FILES_OF_A_PACKAGE }, (_, file) => [
        `/usr/share/package-${number}/${file}`,
        { content: 'x'.repeat(10 + random(200)), mtime: 1_700_000_000 },
      ]),
    ),
  };
});

const machines = Array.from({ length: machineCount }, (_, index) => {
  const held = new Set(Array.from({ length: systemCount }, (_, number) => number));
  const role = systemCount + (index % ROLES) * Math.floor(packageCount / 4);
  for (let number = 0; number < packageCount / 4; number += 1) held.add(role + number);
  while (held.size < packageCount) held.add(systemCount + random(packageCount * 7));
  return machineOf({ name: `machine-${index}`, packages: [...held].map((number) => universe[number]!) });
});

for (const packages of ['disk', 'install', 'auto'] as const) {
  globalThis.gc?.();
  const before = process.memoryUsage.rss();
  const start = process.cpuUsage();
  const wall = performance.now();
  const plan = planMachines(machines, {
    ...DEFAULT_OPTIONS,
    packages,
    ...(packages === 'disk' ? { baseImage: 'scratch' } : {}),
  });
  const { user, system } = process.cpuUsage(start);
  const grown = process.memoryUsage.rss() - before;
  const { layers, stored } = plan.groups[0]!;
  process.stdout.write(
    `${packages}: ${((user + system) / 1e6).toFixed(2)} s of the processor, ${((performance.now() - wall) / 1000).toFixed(2)} s, ` +
      `${Math.round(grown / 1e6)} MB more, ${layers.length} layers, tree/two levels ${(stored.tree / stored.levels2).toFixed(3)}\n`,
  );
}
