import { readdirSync } from 'node:fs';
import test from 'ava';
import { memoryGuest } from '../../../src/guest/memory/memory-guest.js';
import { parseAccounts } from '../../../src/inspect/services/accounts.js';
import type { ServiceContext } from '../../../src/inspect/services/context.js';
import { SERVICE_PATHS } from '../../../src/inspect/services/index.js';
import { SERVICE_READERS } from '../../../src/inspect/services/readers.js';
import { DEBIAN_12 } from '../../plan/machine.js';

const folder = new URL('../../../src/inspect/services', import.meta.url);

test('every folder of a reader is in the list, and the list names no other', (t) => {
  const folders = readdirSync(folder, { withFileTypes: true }).filter(
    (entry) => entry.isDirectory() && entry.name !== 'script',
  );
  t.deepEqual(SERVICE_READERS.map(({ name }) => name.replace('.', '-')).sort(), folders.map(({ name }) => name).sort());
});

test('what readers read is worth fetching in bulk, and named once', (t) => {
  const folders = ['/etc', '/lib/systemd', '/usr/lib/systemd', '/var/lib/systemd/linger'];
  t.deepEqual(
    folders.filter((path) => !SERVICE_PATHS.includes(path)),
    [],
  );
  t.false(SERVICE_PATHS.includes('/etc/init.d'));
  for (const path of SERVICE_PATHS) t.regex(path, /^\/[^\s]*[^/]$/);
});

for (const reader of SERVICE_READERS) {
  for (const init of ['systemd', 'sysvinit', 'upstart', 'openrc', 'runit', 'busybox', 'unknown', 'none'] as const) {
    test(`${reader.name} finds nothing and has no problem on an empty machine of ${init}`, async (t) => {
      const problems: string[] = [];
      const context: ServiceContext = {
        fs: memoryGuest({}),
        hardware: {},
        packages: null,
        os: DEBIAN_12,
        accounts: parseAccounts(null, null),
        init,
        kernelArguments: [],
        ownerOf: () => null,
        report: (code) => problems.push(code),
      };
      t.deepEqual(await reader.read(context, []), { services: [], jobs: [], fit: [] });
      t.deepEqual(problems, []);
    });
  }
}
