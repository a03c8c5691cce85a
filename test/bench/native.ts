/**
 * The native reader, and the commands over it, against `cat` of the image, tar of what this host mounts and, where they are
 * named, `guestfish tar-out` and `virt-inspector`, in one run. As root: npx tsx test/bench/native.ts DISK.raw [guestfish]
 * [virt-inspector]. The commands are those of dist/: make build.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, realpathSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openImages, whyNoMount } from '../guest/native/images.js';
import { measure } from './measure.js';

const ROUNDS = 3;
const [named, ...rivals] = process.argv.slice(2);
if (named === undefined) throw new Error('name a raw disk');
const disk = realpathSync(named);

const milliseconds = async (work: () => Promise<unknown> | unknown): Promise<number> => {
  const start = performance.now();
  await work();
  return performance.now() - start;
};
const show = (name: string, values: readonly number[], bytes?: number): void => {
  const sorted = [...values].sort((a, b) => a - b);
  const rate = bytes === undefined ? '' : `, ${(bytes / 1000 / sorted[0]!).toFixed(0)} MB/s`;
  console.log(`${name.padEnd(40)} ${sorted.map((value) => value.toFixed(0).padStart(6)).join(' ')} ms${rate}`);
};

const allocated = statSync(disk).blocks * 512;
const times = { cat: [] as number[], open: [] as number[], read: [] as number[], hash: [] as number[] };
let entries = 0;
let bytes = 0;
for (let round = 0; round < ROUNDS; round += 1) {
  times.cat.push(await milliseconds(() => execFileSync('sh', ['-c', 'cat "$1" > /dev/null', 'cat', disk])));
  let guest: Awaited<ReturnType<typeof openImages>> | undefined;
  times.open.push(
    await milliseconds(async () => {
      guest = await openImages([disk]);
    }),
  );
  const { fs } = guest!;
  entries = fs.entryCount;
  const pass = (use: (data: Buffer) => void): Promise<void> =>
    fs.stream(async ({ content }) => {
      for await (const { data } of content ?? []) use(data);
    });
  bytes = 0;
  times.read.push(
    await milliseconds(() =>
      pass((data) => {
        bytes += data.length;
      }),
    ),
  );
  const hash = createHash('sha256');
  times.hash.push(await milliseconds(() => pass((data) => hash.update(data))));
  await guest!.close();
}
console.log(
  `${disk}: ${entries} entries, ${(bytes / 1e6).toFixed(0)} MB of content, ${(allocated / 1e6).toFixed(0)} MB allocated`,
);
show('cat of the image', times.cat, allocated);
show('open: all metadata, worker start included', times.open);
show('stream of all content', times.read, bytes);
show('stream of all content with SHA-256', times.hash, bytes);
await showCommands();
showMounted();
const emulated = { ...process.env, LIBGUESTFS_BACKEND: 'direct', LIBGUESTFS_BACKEND_SETTINGS: 'force_tcg' };
const run = (program: string, ...args: string[]): Promise<number> =>
  milliseconds(() => execFileSync(program, args, { env: emulated, timeout: 900_000, stdio: 'ignore' }));
if (rivals.includes('guestfish')) {
  const tarOut = ['--ro', '-i', '--format=raw', '-a', disk, 'tar-out', '/', '/dev/null'];
  show('guestfish tar-out /', [await run('guestfish', ...tarOut)]);
}
if (rivals.includes('virt-inspector')) {
  show('virt-inspector -a', [await run('virt-inspector', '--format=raw', '-a', disk)]);
}
console.log(`peak memory of this process, loader of TypeScript included: ${megabytes(process.resourceUsage().maxRSS)}`);

/** The commands as a user runs them: start of the program, qemu-img's check, inspection, plan and report included. */
async function showCommands(): Promise<void> {
  const tool = new URL('../../bin/run.js', import.meta.url).pathname;
  const folder = mkdtempSync(join(tmpdir(), 'bench-'));
  try {
    for (const flags of [['--quick'], []]) {
      const args = [
        tool,
        'analyze',
        disk,
        ...flags,
        '--reader',
        'native',
        '--no-cache',
        '--output',
        join(folder, 'out'),
      ];
      const results = [];
      for (let round = 0; round < ROUNDS; round += 1) results.push(await measure('', [process.execPath, ...args]));
      const seconds = results.map(({ seconds: each }) => each * 1000);
      const peak = Math.max(...results.map(({ peakBytes }) => peakBytes));
      show(['analyze', ...flags, '--reader native'].join(' '), seconds);
      console.log(`${''.padEnd(40)} ${megabytes(peak / 1024)} at most`);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The largest partition, mounted by this host. tar leaves content unread when it sees that nobody takes it. */
function showMounted(): void {
  if (whyNoMount !== null) {
    console.log(`mount and tar are not measured: ${whyNoMount}`);
    return;
  }
  const table = JSON.parse(execFileSync('sfdisk', ['--json', disk], { encoding: 'utf8' })) as PartitionTable;
  const [largest] = [...table.partitiontable.partitions].sort((a, b) => b.size - a.size);
  const folder = mkdtempSync(join(tmpdir(), 'bench-'));
  const work = `mount -o "ro,loop,offset=$1" "$2" "$3"; trap 'umount "$3"' EXIT; tar -C "$3" --xattrs -cf - . | cat > /dev/null`;
  try {
    const values: number[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      const started = performance.now();
      execFileSync('bash', ['-ec', work, 'bash', `${largest!.start * 512}`, disk, folder]);
      values.push(performance.now() - started);
    }
    show('mount, tar', values, bytes);
  } catch (error) {
    console.log(`mount and tar are not measured: ${(error as Error).message}`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

interface PartitionTable {
  readonly partitiontable: { readonly partitions: readonly { readonly start: number; readonly size: number }[] };
}

function megabytes(kibibytes: number): string {
  return `${(kibibytes / 1024).toFixed(0)} MiB`;
}
