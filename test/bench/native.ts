/**
 * The native reader against `cat` of the image and, where it is wanted, `guestfish tar-out`.
 * Usage: npx tsx test/bench/native.ts DISK.raw [guestfish]
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { realpathSync, statSync } from 'node:fs';
import { openImages } from '../guest/native/images.js';

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
if (rivals.includes('guestfish')) {
  const args = ['--ro', '-i', '--format=raw', '-a', disk, 'tar-out', '/', '/dev/null'];
  const env = { ...process.env, LIBGUESTFS_BACKEND: 'direct', LIBGUESTFS_BACKEND_SETTINGS: 'force_tcg' };
  show('guestfish tar-out /', [await milliseconds(() => execFileSync('guestfish', args, { env, timeout: 600_000 }))]);
}
console.log(`peak memory ${(process.resourceUsage().maxRSS / 1024).toFixed(0)} MiB`);
