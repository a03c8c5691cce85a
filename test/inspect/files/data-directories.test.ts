import test from 'ava';
import { type MemoryNode, memoryGuest } from '../../../src/guest/memory/memory-guest.js';
import { classifyFiles } from '../../../src/inspect/files/index.js';
import type { PackageDatabase } from '../../../src/model/packages.js';

async function found(
  nodes: Record<string, MemoryNode>,
  owned: string[] = [],
): Promise<Record<string, [string, number]>> {
  const files = owned.map((path) => ({ path, configuration: false }));
  const packages = {
    packages: [{ name: 'a', architecture: 'all', kernel: false, files }],
    diversions: new Map(),
  } as unknown as PackageDatabase;
  const options = { keep: new Set<string>(), include: [], exclude: [] };
  const { dataDirectories } = await classifyFiles(memoryGuest(nodes), packages, options);
  return Object.fromEntries(dataDirectories.map(({ path, kind, size }) => [path, [kind, size]]));
}

test('a PostgreSQL cluster is found by its marks, once, wherever it is', async (t) => {
  t.deepEqual(
    await found({
      '/data/pg/PG_VERSION': '15\n',
      '/data/pg/base/1/PG_VERSION': '15\n',
      '/data/pg/base/1/112': 'xxxx',
      '/data/pg/global/1': 'x',
    }),
    { '/data/pg': ['postgresql', 11] },
  );
});

test('what lies beside a database counts only when it is large', async (t) => {
  const cluster = {
    '/var/lib/postgresql/15/main/PG_VERSION': '15\n',
    '/var/lib/postgresql/15/main/base': { type: 'directory' },
    '/var/lib/postgresql/15/main/global': { type: 'directory' },
  } as const;
  t.deepEqual(Object.keys(await found({ ...cluster, '/var/lib/postgresql/.psql_history': 'x' })), [
    '/var/lib/postgresql/15/main',
  ]);
  t.deepEqual(Object.keys(await found({ ...cluster, '/var/lib/postgresql/dump.sql': { size: 5_000_000 } })), [
    '/var/lib/postgresql',
    '/var/lib/postgresql/15/main',
  ]);
});

const has = test.macro({
  exec: async (t, path: string, folder: string, kind: string) => {
    t.deepEqual(await found({ [path]: 'abc' }), { [folder]: [kind, 3] });
  },
  title: (_given, path: string, folder: string, kind: string) =>
    `${path} makes ${folder} a data directory of kind ${kind}`,
});

test(has, '/var/lib/mysql/ibdata1', '/var/lib/mysql', 'mysql');
test(has, '/var/lib/redis/dump.rdb', '/var/lib/redis', 'redis');
test(has, '/srv/cache/dump.rdb', '/srv/cache', 'redis');
test(has, '/var/lib/elasticsearch/nodes/0/x', '/var/lib/elasticsearch', 'elasticsearch');
test(has, '/var/lib/myapp/state.db', '/var/lib/myapp', 'myapp');
test(has, '/var/lib/private/dyn/state.db', '/var/lib/private/dyn', 'dyn');
test(has, '/var/www/html/upload.jpg', '/var/www', 'web');
test(has, '/var/mail/ann', '/var/mail', 'mail');
test(has, '/home/ann/thesis.tex', '/home', 'homes');
test(has, '/srv/ftp/x', '/srv', 'served');
test(has, '/data/x/y', '/data', 'custom');

const hasNot = test.macro({
  exec: async (t, path: string) => {
    t.deepEqual(await found({ [path]: 'abc' }), {});
  },
  title: (_given, path: string) => `${path} is no data`,
});

test(hasNot, '/var/lib/dpkg/status');
test(hasNot, '/var/lib/systemd/random-seed');
test(hasNot, '/usr/local/bin/x');
test(hasNot, '/opt/app/x');
test(hasNot, '/root/dump.rdb');
test(hasNot, '/var/lib/file');
test(hasNot, '/var/lib/docker/volumes/x');

test('files of packages are no data', async (t) => {
  t.deepEqual(
    await found({ '/var/lib/app/default.db': 'x', '/var/www/html/index.html': 'x' }, [
      '/var/lib/app/default.db',
      '/var/www/html/index.html',
    ]),
    {},
  );
});

test('a hard-linked file counts once', async (t) => {
  t.deepEqual(await found({ '/srv/a': 'abc', '/srv/b': { linkTo: '/srv/a' } }), { '/srv': ['served', 3] });
});
