/**
 * Times of the tool against its peers, from one run on one disk, as ratios. Usage: main.ts DISK.raw
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compare, measure } from './measure.js';

const disk = process.argv[2];
if (disk === undefined) throw new Error('usage: main.ts DISK.raw');

const scratch = mkdtempSync(join(tmpdir(), 'bench-'));
const tool = new URL('../../bin/run.js', import.meta.url).pathname;
const analyze = (reader: string, name: string, ...flags: string[]): string[] => [
  ...[process.execPath, tool, 'analyze', disk, '--no-cache', '--reader', reader],
  ...['--output', join(scratch, name), ...flags],
];
// Where KVM is a trap the peers would hang; they get the same emulated appliance as the tool.
const emulated = { LIBGUESTFS_BACKEND: 'direct', LIBGUESTFS_BACKEND_SETTINGS: 'force_tcg' };

try {
  await measure('warm-up', ['guestfish', '-a', disk, 'run'], emulated);

  const quick = await measure('analyze --quick (libguestfs)', analyze('libguestfs', 'quick', '--quick'));
  const inspector = await measure('virt-inspector -a', ['virt-inspector', '--format=raw', '-a', disk], emulated);
  console.log(`\nsystem, packages, services from metadata\n${compare(quick, inspector, 1.1)}`);

  const full = await measure('analyze (libguestfs)', analyze('libguestfs', 'full'));
  const tarOut = await measure(
    'guestfish --ro -i tar-out / -',
    ['guestfish', '--ro', '--format=raw', '-a', disk, '-i', 'tar-out', '/', '-'],
    emulated,
  );
  console.log(`\nall content\n${compare(full, tarOut, 1.3)}`);
  console.log(`\npeak memory of the Node process: ${(full.peakBytes / 2 ** 20).toFixed(0)} MiB (aim: at most 400)`);
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
