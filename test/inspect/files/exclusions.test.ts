import test from 'ava';
import { type MemoryNode, memoryGuest } from '../../../src/guest/memory/memory-guest.js';
import { classifyFiles, contentReader, type ExclusionOptions } from '../../../src/inspect/files/index.js';
import type { InstalledPackage, PackageDatabase } from '../../../src/model/packages.js';

const GIBIBYTE = 1024 ** 3;

async function excluded(
  nodes: Record<string, MemoryNode>,
  options: Partial<ExclusionOptions> = {},
  packages: PackageDatabase | null = null,
): Promise<Record<string, string>> {
  const all = { keep: new Set<string>(), include: [], exclude: [], ...options };
  const { records } = await classifyFiles(memoryGuest(nodes), packages, all);
  return Object.fromEntries(
    [...records.values()].flatMap(({ entry, excluded: found }) =>
      found === undefined ? [] : [[entry.path, found.class]],
    ),
  );
}

const belongsTo = test.macro({
  exec: async (t, path: string, expected: string) => {
    t.deepEqual(await excluded({ [path]: 'x' }), { [path]: expected });
    t.deepEqual(await excluded({ [path]: 'x' }, { keep: new Set([expected]) }), {});
  },
  title: (_given, path: string, expected: string) =>
    `${path} is left out as ${expected}, and --keep ${expected} keeps it`,
});

test(belongsTo, '/boot/vmlinuz-6.1.0', 'kernel');
test(belongsTo, '/lib/modules/modules.alias', 'kernel');
test(belongsTo, '/var/cache/apt/pkgcache.bin', 'package-cache');
test(belongsTo, '/var/cache/apt/archives/bash_5.2_amd64.deb', 'package-cache');
test(belongsTo, '/var/lib/apt/lists/lock', 'package-cache');
test(belongsTo, '/var/cache/yum/x86_64', 'package-cache');
test(belongsTo, '/var/cache/dnf/x.solv', 'package-cache');
test(belongsTo, '/var/cache/urpmi/rpms', 'package-cache');
test(belongsTo, '/var/cache/libdnf5/x.solv', 'package-cache');
test(belongsTo, '/var/cache/tdnf/x.rpm', 'package-cache');
test(belongsTo, '/var/lib/urpmi/synthesis.cz', 'package-cache');
test(belongsTo, '/var/cache/zypp/raw', 'package-cache');
test(belongsTo, '/var/cache/zypper/RPMS', 'package-cache');
test(belongsTo, '/var/lib/pacman/sync/core.db', 'package-cache');
test(belongsTo, '/var/cache/apk/x.apk', 'package-cache');
test(belongsTo, '/var/cache/pacman/pkg/x.zst', 'package-cache');
test(belongsTo, '/var/lib/docker/engine-id', 'container-store');
test(belongsTo, '/var/lib/containers/storage/db.sql', 'container-store');
test(belongsTo, '/home/ann/.local/share/containers/storage/db.sql', 'container-store');
test(belongsTo, '/proc/mounts', 'volatile');
test(belongsTo, '/sys/x', 'volatile');
test(belongsTo, '/dev/shm', 'volatile');
test(belongsTo, '/run/sshd.pid', 'volatile');

const stays = test.macro({
  exec: async (t, path: string, node: MemoryNode) => {
    t.deepEqual(await excluded({ [path]: node }), {});
  },
  title: (_given, path: string) => `${path} stays`,
});

test(stays, '/boot', { type: 'directory' });
test(stays, '/lib/modules', { type: 'directory' });
test(stays, '/lib/modules-load.d/x.conf', 'x');
test(stays, '/bootstrap/x', 'x');
test(stays, '/var/cache/apt-show-versions/x', 'x');
test(stays, '/var/cache/debconf/config.dat', 'x');
test(stays, '/srv/lost+found', 'x');
test(stays, '/opt/var/lib/docker/x', 'x');
test(stays, '/var/log/lastlog', { size: 292, allocated: 4096 });

test('on a merged system the modules lie below /usr and are left out there', async (t) => {
  t.deepEqual(await excluded({ '/lib': { target: 'usr/lib' }, '/usr/lib/modules/6.1/kernel/x.ko': 'x' }), {
    '/usr/lib/modules/6.1': 'kernel',
    '/usr/lib/modules/6.1/kernel': 'kernel',
    '/usr/lib/modules/6.1/kernel/x.ko': 'kernel',
  });
});

test('a store that is linked to another place is left out there', async (t) => {
  t.deepEqual(await excluded({ '/var/lib/docker': { target: '/data/docker' }, '/data/docker/x': '', '/data/y': '' }), {
    '/data/docker/x': 'container-store',
  });
});

const hides = test.macro({
  exec: async (t, target: string) => {
    t.deepEqual(
      await excluded({ '/var/lib/docker': { target }, '/etc/passwd': '', '/usr/bin/sh': '', '/home/ann/x': '' }),
      {},
    );
  },
  title: (_given, target: string) => `a store that is linked to ${target} cannot hide the machine`,
});
test(hides, '/');
test(hides, '/etc');
test(hides, '/usr');
test(hides, '/usr/bin');
test(hides, '/home');
test(hides, '../../../..');

test('files of kernel packages are left out, their documents and shared folders stay', async (t) => {
  const kernel = {
    name: 'linux-image-6.1',
    architecture: 'amd64',
    kernel: true,
    files: [
      '/usr/share',
      '/usr/share/doc',
      '/usr/share/doc/linux-image-6.1',
      '/usr/share/doc/linux-image-6.1/copyright',
      '/etc/linux.conf',
      '/usr/src/linux-headers/Makefile',
    ].map((path) => ({ path, configuration: false })),
  } as unknown as InstalledPackage;
  const packages = { packages: [kernel], diversions: new Map() } as unknown as PackageDatabase;
  const nodes = Object.fromEntries([...kernel.files].slice(3).map(({ path }) => [path, 'x']));
  t.deepEqual(await excluded({ ...nodes, '/var/lib/dpkg/info/linux-image-6.1.list': '' }, {}, packages), {
    '/etc/linux.conf': 'kernel',
    '/usr/src/linux-headers/Makefile': 'kernel',
  });
});

test('swap files are found by fstab, by unit and by name and mode', async (t) => {
  const swap = { mode: 0o600, size: 4096 * 100 };
  t.deepEqual(
    await excluded({
      '/etc/fstab': '/mnt/my\\040swap none swap sw 0 0\n/dev/sda2 none swap sw 0 0\n#/opt/x none swap\n',
      '/mnt/my swap': 'x',
      '/etc/systemd/system/data-swap.swap': '[Swap]\nWhat=/data/swap\n',
      '/data/swap': 'x',
      '/swapfile': swap,
      '/swap.img': { ...swap, mode: 0o644 },
      '/opt/x': swap,
      '/dev/sda2': { type: 'block' },
    }),
    { '/mnt/my swap': 'swap', '/data/swap': 'swap', '/swapfile': 'swap', '/dev/sda2': 'volatile' },
  );
});

test('swap space of another name is found by its content', async (t) => {
  const content = Buffer.alloc(65536);
  content.write('SWAPSPACE2', 4086);
  const guest = memoryGuest({ '/opt/extra': { mode: 0o600, content }, '/opt/log': { mode: 0o644, content } });
  const classified = await classifyFiles(guest, null, { keep: new Set(), include: [], exclude: [] });
  const reader = await contentReader(classified);
  await guest.stream((item) => reader.visit(item), reader.wants);
  const { records } = reader.finish();
  t.is(records.get('/opt/extra')?.excluded?.class, 'swap');
  t.is(records.get('/opt/log')?.excluded, undefined);
});

test('lost+found is left out with its contents wherever a file system is mounted', async (t) => {
  t.deepEqual(
    await excluded({
      '/lost+found': { type: 'directory', mode: 0o700 },
      '/var/lost+found': { type: 'directory', mode: 0o700 },
      '/var/lost+found/#12': 'x',
      '/home/ann/lost+found': { type: 'directory', mode: 0o755, uid: 1000 },
    }),
    { '/lost+found': 'lost+found', '/var/lost+found': 'lost+found', '/var/lost+found/#12': 'lost+found' },
  );
});

test('holes beyond sixteen gibibytes are left out, smaller ones stay', async (t) => {
  t.deepEqual(
    await excluded({
      '/var/log/lastlog': { size: 1024 * GIBIBYTE, allocated: 8192 },
      '/var/log/faillog': { size: 32_000, allocated: 4096 },
      '/srv/disk.img': { size: 40 * GIBIBYTE, allocated: 2 * GIBIBYTE },
      '/srv/three.img': { size: 3 * GIBIBYTE, allocated: 0 },
      '/srv/real.img': { size: 40 * GIBIBYTE, allocated: 40 * GIBIBYTE },
    }),
    { '/srv/disk.img': 'sparse', '/var/log/faillog': 'sparse', '/var/log/lastlog': 'sparse' },
  );
});

test('many files with holes are left out once they are too much together', async (t) => {
  const holes = Object.fromEntries(
    Array.from({ length: 8 }, (_, index) => [`/srv/${index}`, { size: 15 * GIBIBYTE, allocated: 0 }]),
  );
  t.deepEqual(Object.keys(await excluded(holes)), ['/srv/4', '/srv/5', '/srv/6', '/srv/7']);
});

test('--exclude leaves out a path with all that is below it', async (t) => {
  const nodes = { '/srv/a/b/c': 'x', '/srv/ab': 'x', '/opt/x.log': 'x', '/opt/y': 'x' };
  t.deepEqual(await excluded(nodes, { exclude: ['/srv/a/', '*.log'] }), {
    '/opt/x.log': 'user',
    '/srv/a': 'user',
    '/srv/a/b': 'user',
    '/srv/a/b/c': 'user',
  });
});

test('--include beats every class, also for one path deep in a folder, and brings its parents', async (t) => {
  const nodes = { '/var/lib/docker/volumes/db/data': 'x', '/var/lib/docker/overlay2/l': 'x', '/boot/vmlinuz': 'x' };
  t.deepEqual(await excluded(nodes, { include: ['/var/lib/docker/volumes', '/boot/**'] }), {
    '/var/lib/docker/overlay2': 'container-store',
    '/var/lib/docker/overlay2/l': 'container-store',
  });
  t.deepEqual(await excluded(nodes, { include: ['/var/lib/docker/volumes/db/data'], exclude: ['/var'] }), {
    '/boot/vmlinuz': 'kernel',
    '/var/lib/docker/overlay2': 'user',
    '/var/lib/docker/overlay2/l': 'user',
  });
});

test('left-out files are not asked for when content is read', async (t) => {
  const guest = memoryGuest({ '/boot/vmlinuz': 'x', '/etc/passwd': 'x', '/etc': { type: 'directory' } });
  const reader = await contentReader(await classifyFiles(guest, null, { keep: new Set(), include: [], exclude: [] }));
  t.deepEqual(
    [...guest.entries()].filter((entry) => reader.wants(entry)).map(({ path }) => path),
    ['/etc/passwd'],
  );
});
