/**
 * Conversions against what one would do without the tool: the guest's tree as one archive, imported as one layer. Prints
 * one table. Usage: convert.ts DISK.raw [DISK.raw…] (the first alone, then all of them, which should be of one release).
 * With the Docker engine that answers, else one of its own (as root). Bytes are of uncompressed layers, each layer once,
 * as a registry keeps them.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { dockerDaemon } from '../e2e/docker-daemon.js';
import { type Measurement, measure } from './measure.js';

const disks = process.argv.slice(2);
const [first] = disks;
if (first === undefined) throw new Error('usage: convert.ts DISK.raw [DISK.raw…]');

interface Row extends Measurement {
  readonly machines: number;
  /** Of layers; null where nothing is built. */
  readonly stored: number | null;
}

const scratch = mkdtempSync(join(tmpdir(), 'bench-'));
const tool = new URL('../../bin/run.js', import.meta.url).pathname;
// Where KVM is a trap guestfish would hang; it gets the same emulated appliance as the tool.
const emulated = { LIBGUESTFS_BACKEND: 'direct', LIBGUESTFS_BACKEND_SETTINGS: 'force_tcg' };
const FROM_DISK = ['--base-image', 'scratch', '--packages', 'disk'];
/** Holes of gigabytes, where a machine has them: guestfish would write a terabyte of zeros. The tool leaves such files out. */
const SPARSE = ['var/log/lastlog', 'srv/sparse'];
const tarOut = (disk: string): string[] => [
  ...['guestfish', '--ro', '--format=raw', '-a', disk, '-i', 'tar-out', '/', '-'],
  `excludes:${SPARSE.map((path) => `./${path}`).join(' ')}`,
];

function convert(machines: readonly string[], name: string, ...flags: string[]): string[] {
  const without = SPARSE.flatMap((path) => ['--exclude', `/${path}`]);
  const output = ['--output', join(scratch, name)];
  return [process.execPath, tool, 'convert', ...machines, ...output, ...FROM_DISK, ...without, ...flags];
}

/** Bytes of the layers of a conversion: what a registry keeps of all its machines. */
function storedBy(name: string): number {
  const report = JSON.parse(readFileSync(join(scratch, name, 'report.json'), 'utf8')) as {
    groups: { layers: { tar: { built: number | null; predicted: number } }[] }[];
  };
  const layers = report.groups.flatMap((group) => group.layers);
  return layers.reduce((sum, { tar }) => sum + (tar.built ?? tar.predicted), 0);
}

async function importAll(machines: readonly string[], environment: Readonly<Record<string, string>>): Promise<Row> {
  let seconds = 0;
  let stored = 0;
  const env = { ...process.env, ...environment };
  for (const disk of machines) {
    const tag = `bench-import-${basename(disk, '.raw')}`;
    const pipe = 'set -o pipefail; tag=$1; shift; "$@" | docker import - "$tag"';
    const command = ['bash', '-c', pipe, 'bash', tag, ...tarOut(disk)];
    seconds += (await measure(tag, command, { ...environment, ...emulated })).seconds;
    const size = execFileSync('docker', ['image', 'inspect', '--format', '{{.Size}}', tag], { env, encoding: 'utf8' });
    stored += Number(size);
    execFileSync('docker', ['rmi', tag], { env, stdio: 'ignore' });
  }
  return { title: 'guestfish tar-out | docker import', machines: machines.length, seconds, stored, peakBytes: 0 };
}

async function row(title: string, command: readonly string[], environment?: Record<string, string>): Promise<Row> {
  return { ...(await measure(title, command, environment)), machines: 1, stored: null };
}

const daemon = await dockerDaemon();
try {
  await measure('warm-up', ['guestfish', '-a', first, 'run'], emulated);
  const rows: Row[] = [];
  // It takes long: each line is told as it comes.
  const add = (each: Row): void => {
    console.error(`${each.title}, ${each.machines}: ${each.seconds.toFixed(1)} s`);
    rows.push(each);
  };
  for (const reader of ['libguestfs', 'native']) {
    const command = convert([first], `read-${reader}`, '--reader', reader, '--engine', 'none');
    add(await row(`convert --engine none --reader ${reader}`, command));
  }
  add(await row('guestfish tar-out, thrown away', tarOut(first), emulated));
  for (const machines of disks.length > 1 ? [[first], disks] : [[first]]) {
    for (const reader of ['libguestfs', 'native']) {
      const name = `whole-${machines.length}-${reader}`;
      const command = convert(machines, name, '--engine', 'docker', '--reader', reader, '--no-cache');
      const title = `convert --engine docker --reader ${reader}`;
      const measured = await measure(title, command, daemon.environment);
      add({ ...measured, machines: machines.length, stored: storedBy(name) });
    }
    add(await importAll(machines, daemon.environment));
  }
  console.log(table(rows));
} finally {
  await daemon.stop();
  rmSync(scratch, { recursive: true, force: true });
}

/** Time of each line as a share of the next one that is guestfish's. */
function table(rows: readonly Row[]): string {
  const peerOf = (at: number): Row => rows.slice(at).find(({ title }) => title.startsWith('guestfish'))!;
  const share = (own: number, peer: number): string => (own / peer).toFixed(2);
  const head = ['what', 'machines', 's', 'of guestfish', 'stored MB', 'of import'];
  const lines = rows.map((each, at) => {
    const peer = peerOf(at);
    const stored = each.stored === null ? '' : (each.stored / 1e6).toFixed(1);
    const storedShare = each.stored === null || peer.stored === null ? '' : share(each.stored, peer.stored);
    const time = [each.seconds.toFixed(1), share(each.seconds, peer.seconds)];
    return [each.title, String(each.machines), ...time, stored, storedShare];
  });
  const widths = head.map((_, column) => Math.max(...[head, ...lines].map((line) => line[column]!.length)));
  return [head, ...lines]
    .map((line) =>
      line.map((cell, column) => (column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!))),
    )
    .map((line) => line.join('  ').trimEnd())
    .join('\n');
}
