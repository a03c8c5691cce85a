/**
 * The thesis's scenarios A–E (5.2.1) on Debian 12 or on machines of rpm packages, converted and printed as its tables
 * 5.6–5.10 with its figures beside:
 *
 *     npx tsx test/e2e/scenarios.ts [--engine buildah] [--packages disk|install|auto] [--family debian|rpm]
 *         [--tool bin/run.js] [A B C D E]
 *
 * As root, after `make build`; guests are made once below build/scenarios (images/scenarios/build-guest). Without
 * --engine the figures are predicted alone. `disk` stands on scratch; the others bootstrap a base. Images go into a
 * store of their own below build/scenarios, which is removed at the end.
 */
import { execFile } from 'node:child_process';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { alignColumns } from '../../src/render/text.js';

const execute = promisify(execFile);
const HERE = new URL('../../', import.meta.url).pathname;
const WORK = join(HERE, 'build/scenarios');

interface Scenario {
  readonly guests: readonly string[];
  /** Ubuntu 13.10, CentOS 6, Mageia 3, in MB as printed. */
  readonly thesis: Readonly<Record<string, readonly [string, string, string]>>;
}

const SCENARIOS: Readonly<Record<string, Scenario>> = {
  A: {
    guests: ['minimal', 'complete'],
    thesis: {
      VM1: ['1055.2', '618.2', '636.1'],
      VM2: ['3232.4', '2051.1', '1669.4'],
      DI1: ['273.7', '244.0', '544.2'],
      'DI2 of 1': ['0', '0', '0'],
      'DI2 of 2': ['2092.1', '490.8', '898.1'],
      'DI3 of 1': ['733.7', '380.5', '465.9'],
      'DI3 of 2': ['1646.1', '1541.9', '1225.3'],
    },
  },
  B: {
    guests: ['minimal', 'minimal-files'],
    thesis: {
      VM1: ['1055.2', '618.2', '636.1'],
      VM2: ['1355.2', '918.2', '936.1'],
      DI1: ['273.7', '244.0', '544.2'],
      'DI2 of 1': ['0', '0', '0'],
      'DI2 of 2': ['0', '0', '0'],
      'DI3 of 1': ['733.7', '380.5', '465.9'],
      'DI3 of 2': ['1033.7', '680.5', '765.9'],
    },
  },
  C: {
    guests: ['minimal', 'minimal-files', 'complete'],
    thesis: {
      VM1: ['1055.2', '618.2', '636.1'],
      VM2: ['1355.2', '918.2', '936.1'],
      VM3: ['3232.4', '2051.1', '1669.4'],
      DI1: ['273.7', '244.0', '544.2'],
      'DI2 of 1': ['0', '0', '0'],
      'DI2 of 2': ['0', '0', '0'],
      'DI2 of 3': ['2092.1', '490.8', '898.1'],
      'DI3 of 1': ['733.7', '380.5', '465.9'],
      'DI3 of 2': ['1033.7', '680.5', '765.9'],
      'DI3 of 3': ['1646.1', '1541.9', '1225.3'],
    },
  },
  D: {
    guests: ['minimal', 'complete-files', 'complete'],
    thesis: {
      VM1: ['1055.2', '618.2', '636.1'],
      VM2: ['3532.4', '2351.1', '1969.4'],
      VM3: ['3232.4', '2051.1', '1669.4'],
      DI1: ['273.7', '244.0', '544.1'],
      'DI2 of 1': ['0', '0', '0'],
      'DI2 of 2': ['2092.1', '490.8', '898.1'],
      'DI2 of 3': ['2092.1', '490.8', '898.1'],
      'DI3 of 1': ['733.7', '380.5', '465.9'],
      'DI3 of 2': ['1946.1', '1841.9', '1525.3'],
      'DI3 of 3': ['1646.1', '1541.9', '1225.3'],
    },
  },
  E: {
    guests: ['minimal', 'complete', 'complete-ruby'],
    thesis: {
      VM1: ['1055.2', '618.2', '636.1'],
      VM2: ['3232.4', '2051.1', '1669.4'],
      VM3: ['3245.4', '2063.8', '1680.2'],
      DI1: ['273.7', '244.0', '544.2'],
      'DI2 of 1': ['0', '0', '??'],
      'DI2 of 2': ['2092.1', '490.8', '898.1'],
      'DI2 of 3': ['2104.9', '502.1', '909.3'],
      'DI3 of 1': ['733.7', '380.5', '465.9'],
      'DI3 of 2': ['1646.1', '1541.9', '1225.3'],
      'DI3 of 3': ['1647.3', '1542.3', '1225.8'],
    },
  },
};

interface ReportedLayer {
  readonly id: string;
  readonly parent: string | null;
  readonly kind: string;
  readonly vms: readonly string[];
  readonly size: { readonly predicted: number; readonly built: number | null };
  readonly tar: { readonly predicted: number; readonly built: number | null };
}

interface Report {
  readonly vms: readonly { readonly name: string; readonly sizes: { readonly bare: number } }[];
  readonly groups: readonly {
    readonly stored: Readonly<Record<'single' | 'levels2' | 'tree', number>>;
    readonly layers: readonly ReportedLayer[];
  }[];
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    engine: { type: 'string', default: 'none' },
    packages: { type: 'string', default: 'disk' },
    family: { type: 'string', default: 'debian' },
    tool: { type: 'string', default: join(HERE, 'bin/run.js') },
  },
});
if (values.family === 'rpm' && values.packages !== 'disk') throw new Error('machines of rpm packages: --packages disk');
const STORE = join(WORK, 'store');
await mkdir(STORE, { recursive: true });
const graph = `driver = "overlay"\ngraphroot = "${STORE}/graph"\nrunroot = "${STORE}/run"\n`;
await writeFile(join(STORE, 'storage.conf'), `[storage]\n${graph}`);
try {
  for (const name of positionals.length === 0 ? Object.keys(SCENARIOS) : positionals) {
    const scenario = SCENARIOS[name];
    if (scenario === undefined) throw new Error(`there is no scenario ${name}`);
    const disks: string[] = [];
    const guests = scenario.guests.map((guest) => (values.family === 'rpm' ? `rpm-${guest}` : guest));
    for (const guest of guests) disks.push(await guestDisk(guest));
    const free = await convert(`${values.family}-${name}`, disks, values.engine === 'none' ? [] : ['--verify']);
    const fixed =
      values.engine === 'none' ? null : await convert(`${values.family}-${name}-two-levels`, disks, ['--levels', '2']);
    print(name, { ...scenario, guests }, free, fixed);
  }
} finally {
  await rm(STORE, { recursive: true, force: true });
}

async function guestDisk(name: string): Promise<string> {
  await execute(join(HERE, 'images/scenarios/build-guest'), [name, WORK], { timeout: 1_800_000 });
  return join(WORK, `${name}.raw`);
}

/** @throws when the tool fails, or finds a difference between an image and its machine. */
async function convert(name: string, disks: readonly string[], more: readonly string[]): Promise<Report> {
  const output = join(WORK, `out-${name}`);
  await rm(output, { recursive: true, force: true });
  const base = ['--base-image', values.packages === 'disk' ? 'scratch' : 'bootstrap'];
  const options = ['--engine', values.engine, '--packages', values.packages, ...base, '--reader', 'native'];
  const args = [values.tool, 'convert', ...disks, '-o', output, ...options, ...more];
  const start = performance.now();
  await execute(process.execPath, args, {
    maxBuffer: 64 * 1024 * 1024,
    timeout: 3_600_000,
    env: { ...process.env, CONTAINERS_STORAGE_CONF: join(STORE, 'storage.conf') },
  });
  process.stderr.write(`${name}: ${Math.round((performance.now() - start) / 1000)} s\n`);
  const report = JSON.parse(await readFile(join(output, 'report.json'), 'utf8')) as Report;
  // The archives are the engine's by now.
  if (values.engine !== 'none') await rm(output, { recursive: true, force: true });
  return report;
}

/** Layers of the machine alone count as its DI2, those of several as DI1 (as the thesis draws them, M = 1). */
function print(name: string, { guests, thesis }: Scenario, free: Report, fixed: Report | null): void {
  const [group] = free.groups;
  if (group === undefined || free.groups.length !== 1) throw new Error('the guests are not one group');
  const { layers, stored } = group;
  const isMiddle = ({ kind }: ReportedLayer): boolean => kind === 'packages' || kind === 'files';
  const rowOf = (label: string, chosen: readonly ReportedLayer[]): string[] => [
    label,
    megabytes(sum(chosen, ({ size }) => size.predicted)),
    megabytes(sum(chosen, ({ size }) => size.built)),
    ...(thesis[label] ?? ['', '', '']),
  ];
  const bare = (guest: string): number => free.vms.find((vm) => vm.name === guest)!.sizes.bare;
  const rows = [
    ['MB', 'predicted', 'built', 'Ubuntu 13.10', 'CentOS 6', 'Mageia 3'],
    ...guests.map((guest, index) => [
      `VM${index + 1}`,
      megabytes(bare(guest)),
      '',
      ...(thesis[`VM${index + 1}`] ?? ['', '', '']),
    ]),
    rowOf(
      'DI0',
      layers.filter(({ kind }) => kind === 'base'),
    ),
    rowOf(
      'DI1',
      layers.filter((layer) => isMiddle(layer) && layer.vms.length === guests.length),
    ),
    ...sharedBySome(layers, guests).map(([label, chosen]) => rowOf(label, chosen)),
    ...guests.map((guest, index) =>
      rowOf(
        `DI2 of ${index + 1}`,
        layers.filter((layer) => isMiddle(layer) && layer.vms.join() === guest),
      ),
    ),
    ...guests.map((guest, index) =>
      rowOf(
        `DI3 of ${index + 1}`,
        layers.filter(({ kind, vms }) => kind === 'delta' && vms[0] === guest),
      ),
    ),
  ];
  const builtOf = (report: Report | null): string =>
    report === null ? '' : megabytes(sum(report.groups[0]!.layers, ({ tar }) => tar.built));
  const totals = [
    ['stored, MB', 'predicted', 'built'],
    ['single archives', megabytes(stored.single), ''],
    ['two levels', megabytes(stored.levels2), builtOf(fixed)],
    ['these layers', megabytes(stored.tree), fixed === null ? '' : builtOf(free)],
  ];
  const lines = [
    `Scenario ${name}: ${guests.join(', ')}`,
    ...alignColumns(rows, [1, 2, 3, 4, 5]),
    '',
    ...alignColumns(totals, [1, 2]),
    '',
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
}

function sharedBySome(layers: readonly ReportedLayer[], guests: readonly string[]): [string, ReportedLayer[]][] {
  const bySet = new Map<string, ReportedLayer[]>();
  for (const layer of layers) {
    const isMiddle = layer.kind === 'packages' || layer.kind === 'files';
    if (!isMiddle || layer.vms.length < 2 || layer.vms.length === guests.length) continue;
    const label = `of ${layer.vms
      .map((vm) => guests.indexOf(vm) + 1)
      .sort()
      .join(' and ')}`;
    bySet.set(label, [...(bySet.get(label) ?? []), layer]);
  }
  return [...bySet];
}

/** Null when one of them was not built. */
function sum(layers: readonly ReportedLayer[], of: (layer: ReportedLayer) => number | null): number | null {
  let total = 0;
  for (const layer of layers) {
    const value = of(layer);
    if (value === null) return null;
    total += value;
  }
  return total;
}

function megabytes(bytes: number | null): string {
  return bytes === null ? '–' : (bytes / 1_000_000).toFixed(1);
}
