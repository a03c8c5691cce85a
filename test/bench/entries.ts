/**
 * Time and memory of the metadata of a file system with very many files: what the native reader keeps of each.
 * As root: npx tsx test/bench/entries.ts [ENTRIES] [ext4|xfs|btrfs]
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { command, emptyImage, mounted, openImages } from '../guest/native/images.js';

const [wanted = '500000', type = 'ext4'] = process.argv.slice(2);
const count = Number(wanted);
const FILES_OF_A_FOLDER = 40;

const image = emptyImage('entries', Math.max(512 * 2 ** 20, count * 4096));
const make = type === 'ext4' ? ['-F', '-N', String(count + 20_000)] : ['-f'];
command(`mkfs.${type}`, '-q', ...make, image);
mounted(image, type === 'ext4' ? 'data=writeback' : '', (folder) =>
  command(
    'python3',
    '-c',
    `
import os, sys
root, count, each = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
for folder in ('etc', 'usr/lib/node_modules'): os.makedirs(f'{root}/{folder}')
open(f'{root}/etc/passwd', 'w').close()
for first in range(0, count, each):
    folder = f'{root}/usr/lib/node_modules/package-{first // each:06}/dist'
    os.makedirs(folder)
    for number in range(first, min(first + each, count) - 2): os.close(os.open(f'{folder}/module-{number:07}.js', os.O_CREAT))
`,
    folder,
    String(count),
    String(FILES_OF_A_FOLDER),
  ),
);

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;
collect();
const before = process.memoryUsage();
let peak = 0;
const timer = setInterval(() => {
  peak = Math.max(peak, process.memoryUsage.rss());
}, 20);
const start = performance.now();
const busy = process.cpuUsage();
const guest = await openImages([image]);
const seconds = (performance.now() - start) / 1000;
const { user, system } = process.cpuUsage(busy);
clearInterval(timer);
peak = Math.max(peak, process.memoryUsage.rss());
collect();
const after = process.memoryUsage();
const entries = guest.fs.entryCount;
console.log(
  `${entries} entries of ${type} in ${seconds.toFixed(2)} s, ${((user + system) / 1e6).toFixed(2)} s of the processor, worker start included`,
);
console.log(`kept of each: ${((after.heapUsed - before.heapUsed) / entries).toFixed(0)} bytes`);
console.log(
  `resident: ${mega(before.rss)} before, ${mega(peak)} at most, ${mega(after.rss)} after a collection: ` +
    `${((peak - before.rss) / entries).toFixed(0)} bytes an entry at most`,
);
await guest.close();

function mega(bytes: number): string {
  return `${(bytes / 1e6).toFixed(0)} MB`;
}
