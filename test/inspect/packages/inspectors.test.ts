import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { memoryGuest } from '../../../src/guest/memory/memory-guest.js';
import { inspectPackages, PACKAGE_INSPECTORS } from '../../../src/inspect/packages/index.js';

const folder = fileURLToPath(new URL('../../../src/inspect/packages', import.meta.url));

test('every folder with an inspector is in the list, under its name', (t) => {
  const folders = readdirSync(folder, { withFileTypes: true })
    .filter((item) => item.isDirectory() && readdirSync(`${folder}/${item.name}`).includes('index.ts'))
    .map(({ name }) => name);
  t.deepEqual(PACKAGE_INSPECTORS.map(({ name }) => name as string).sort(), folders.sort());
});

test('a guest without a database has none, and nothing is read to see that', async (t) => {
  const guest = memoryGuest({ '/etc/passwd': 'x', '/var/lib/data': 'x' });
  t.is(await inspectPackages(guest), null);
  t.deepEqual(guest.reads, []);
});

for (const inspector of PACKAGE_INSPECTORS) {
  test(`${inspector.name} announces absolute paths, and finds nothing where nothing is`, (t) => {
    t.true(inspector.prefetch.length > 0 && inspector.prefetch.every((path) => path.startsWith('/')));
    t.deepEqual([...inspector.find(memoryGuest({ '/etc/passwd': 'x' }))], []);
  });
}

test('the first manager whose database names a package counts', async (t) => {
  const empty = await inspectPackages(memoryGuest({ '/var/lib/dpkg/status': '' }));
  t.is(empty?.manager, 'dpkg');
  t.deepEqual(empty?.packages, []);
});
