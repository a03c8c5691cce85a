/**
 * Conversions against what one would do without the tool: the guest's tree as one archive, imported as one layer.
 * Usage: convert.ts DISK.raw [DISK.raw…] (the first alone, then all of them, which should be of one release).
 * With a Docker engine that answers; bytes are of uncompressed layers, each layer once, as a registry keeps them.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { compare, type Measurement, measure } from './measure.js';

const disks = process.argv.slice(2);
const [first] = disks;
if (first === undefined) throw new Error('usage: convert.ts DISK.raw [DISK.raw…]');

const scratch = mkdtempSync(join(tmpdir(), 'bench-'));
const tool = new URL('../../bin/run.js', import.meta.url).pathname;
// Where KVM is a trap guestfish would hang; it gets the same emulated appliance as the tool.
const emulated = { LIBGUESTFS_BACKEND: 'direct', LIBGUESTFS_BACKEND_SETTINGS: 'force_tcg' };
const tarOut = (disk: string): string[] => ['guestfish', '--ro', '--format=raw', '-a', disk, '-i', 'tar-out', '/', '-'];

function convert(machines: readonly string[], name: string, ...flags: string[]): string[] {
  return [process.execPath, tool, 'convert', ...machines, '--output', join(scratch, name), ...flags];
}

/** Bytes of the layers of a conversion: what a registry keeps of all its machines. */
function storedBy(name: string): number {
  const report = JSON.parse(readFileSync(join(scratch, name, 'report.json'), 'utf8')) as {
    groups: { layers: { tar: { built: number | null; predicted: number } }[] }[];
  };
  const layers = report.groups.flatMap((group) => group.layers);
  return layers.reduce((sum, { tar }) => sum + (tar.built ?? tar.predicted), 0);
}

async function importAll(machines: readonly string[]): Promise<{ times: Measurement; bytes: number }> {
  let seconds = 0;
  let bytes = 0;
  for (const disk of machines) {
    const tag = `bench-import-${basename(disk, '.raw')}`;
    const pipe = 'set -o pipefail; tag=$1; shift; "$@" | docker import - "$tag"';
    const measured = await measure(tag, ['bash', '-c', pipe, 'bash', tag, ...tarOut(disk)], emulated);
    seconds += measured.seconds;
    bytes += Number(execFileSync('docker', ['image', 'inspect', '--format', '{{.Size}}', tag], { encoding: 'utf8' }));
    execFileSync('docker', ['rmi', tag], { stdio: 'ignore' });
  }
  return { times: { title: 'guestfish tar-out | docker import', seconds, peakBytes: 0 }, bytes };
}

try {
  await measure('warm-up', ['guestfish', '-a', first, 'run'], emulated);
  const contexts = ['--engine', 'none', '--base-image', 'scratch', '--packages', 'disk'];
  for (const reader of ['libguestfs', 'native']) {
    const read = await measure(
      `convert (${reader})`,
      convert([first], `read-${reader}`, '--reader', reader, ...contexts),
    );
    const peer = await measure('guestfish --ro -i tar-out / -', tarOut(first), emulated);
    console.log(`\nthe machine read, its archives written\n${compare(read, peer, 1.3)}`);
  }

  console.log('\nwhole conversions');
  for (const machines of disks.length > 1 ? [[first], disks] : [[first]]) {
    const name = `whole-${machines.length}`;
    const flags = [
      '--engine',
      'docker',
      '--reader',
      'auto',
      '--base-image',
      'scratch',
      '--packages',
      'disk',
      '--no-cache',
    ];
    const ours = await measure(`convert, ${machines.length} machines`, convert(machines, name, ...flags));
    const peer = await importAll(machines);
    console.log(compare(ours, peer.times, Number.POSITIVE_INFINITY));
    const bytes = storedBy(name);
    console.log(`  stored: ${mega(bytes)} against ${mega(peer.bytes)}, ratio ${(bytes / peer.bytes).toFixed(3)}`);
  }
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

function mega(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
