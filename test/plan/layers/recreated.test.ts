import test from 'ava';
import type { MemoryNode } from '../../../src/guest/memory/memory-guest.js';
import { indexFiles } from '../../../src/plan/files.js';
import { installationOf, madeByScripts, type Recreation, recreation } from '../../../src/plan/layers/recreated.js';
import { machineOf } from '../machine.js';

const INSTALLED_AT = 1_700_000_000;
const SOON = INSTALLED_AT + 20;
const LATER = INSTALLED_AT + 86_400;
const CLUSTER = '/var/lib/postgresql/15/main';

function filesOf(nodes: Readonly<Record<string, MemoryNode>>) {
  const list = { content: '/.\n', mtime: INSTALLED_AT };
  const machine = machineOf({
    packages: [{ name: 'postgresql-15' }, { name: 'udev', files: { '/usr/bin/udevadm': 'u' } }],
    files: { '/var/lib/dpkg/info/postgresql-15.list': list, ...nodes },
  });
  return indexFiles(machine);
}

const judged = test.macro({
  exec(t, path: string, mtime: number, expected: Recreation) {
    const { records } = filesOf({ [path]: { content: 'x', mtime } }).machine.files;
    t.is(recreation(records.get(path)!, installationOf(records, new Set())), expected);
  },
  title: (_, path, mtime) => `${path}, written ${mtime === SOON ? 'with its package' : 'later'}`,
});

test(judged, `${CLUSTER}/base/1/1259`, SOON, 'same');
test(judged, `${CLUSTER}/base/1/1259`, LATER, 'own');
test(judged, `${CLUSTER}/global/1262_fsm`, SOON, 'same');
test(judged, `${CLUSTER}/pg_xact/0000`, SOON, 'same');
test(judged, `${CLUSTER}/global/pg_control`, SOON, 'own');
test(judged, `${CLUSTER}/pg_wal/000000010000000000000001`, SOON, 'own');
test(judged, '/etc/postgresql/15/main/postgresql.conf', SOON, 'same');
test(judged, '/etc/postgresql/15/main/postgresql.conf', LATER, 'own');
test(judged, '/etc/locale.gen', SOON, 'doubtful');
test(judged, '/etc/locale.gen', LATER, 'own');
test(judged, '/srv/app', SOON, 'own');
test(judged, '/var/cache/debconf/config.dat-old', LATER, 'doubtful');

test('a server makes the files of its clusters that nobody wrote to since, and no other package makes them', (t) => {
  const files = filesOf({
    [`${CLUSTER}/base/1/1259`]: { content: 'x', mtime: SOON },
    [`${CLUSTER}/base/5/1259`]: { content: 'x', mtime: LATER },
    [`${CLUSTER}/pg_wal/1`]: { content: 'x', mtime: SOON },
    '/var/lib/postgresql/13/main/base/1/1259': { content: 'x', mtime: SOON },
  });
  const [server, udev] = files.machine.packages!.packages;
  t.deepEqual(madeByScripts(files, [server!, udev!]), [`${CLUSTER}/base/1/1259`]);
  t.deepEqual(madeByScripts(files, [udev!]), []);
});

test('the table of hardware goes with udev', (t) => {
  const files = filesOf({ '/usr/lib/udev/hwdb.bin': 'compiled' });
  t.true(files.companions.has('/usr/lib/udev/hwdb.bin'));
  t.true(files.ofPackage.get('udev:amd64')!.includes('/usr/lib/udev/hwdb.bin'));
});
