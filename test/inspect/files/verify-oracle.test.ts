import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import test from 'ava';
import { type MemoryNode, memoryGuest } from '../../../src/guest/memory/memory-guest.js';
import { classifyFiles, contentReader } from '../../../src/inspect/files/index.js';
import { inspectPackages } from '../../../src/inspect/packages/index.js';
import { run } from '../../../src/tools/run.js';

const md5 = (text: string): string => createHash('md5').update(text).digest('hex');

// A root on which dpkg itself can be asked (`dpkg --verify`): a merged system with a diversion, and files that were
// edited, deleted and replaced.
const files: Record<string, MemoryNode> = {
  '/bin': { target: 'usr/bin' },
  '/etc/a.conf': 'edited',
  '/etc/b.conf': 'as packaged',
  '/usr/bin/a': 'as packaged',
  '/usr/bin/changed': 'patched',
  '/usr/bin/tool': 'of other',
  '/usr/bin/tool.distrib': 'of a',
  '/usr/share/a/data': 'as packaged',
  '/var/lib/dpkg/info/format': '1\n',
  '/var/lib/dpkg/info/a.list':
    '/.\n/etc\n/etc/a.conf\n/etc/b.conf\n/etc/gone.conf\n/bin\n/bin/a\n/bin/changed\n/bin/tool\n/usr\n/usr/share\n/usr/share/a\n/usr/share/a/data\n/usr/share/a/gone\n',
  '/var/lib/dpkg/info/a.md5sums': `${md5('as packaged')}  bin/a\n${md5('as packaged')}  bin/changed\n${md5('of a')}  bin/tool\n${md5('as packaged')}  usr/share/a/data\n${md5('x')}  usr/share/a/gone\n`,
  '/var/lib/dpkg/info/other.list': '/.\n/bin\n/bin/tool\n',
  '/var/lib/dpkg/info/other.md5sums': `${md5('of other')}  bin/tool\n`,
  '/var/lib/dpkg/diversions': '/bin/tool\n/bin/tool.distrib\nother\n',
  '/var/lib/dpkg/status': `Package: a
Status: install ok installed
Maintainer: A <a@debian.org>
Architecture: all
Version: 1.0
Description: a
Conffiles:
 /etc/a.conf ${md5('as packaged')}
 /etc/b.conf ${md5('as packaged')}
 /etc/gone.conf ${md5('as packaged')}

Package: other
Status: install ok installed
Maintainer: A <a@debian.org>
Architecture: all
Version: 1.0
Description: other
`,
};

const withDpkg = existsSync('/usr/bin/dpkg') ? test : test.skip;

withDpkg('changed and missing files are those that dpkg --verify names (needs dpkg)', async (t) => {
  const root = mkdtempSync(join(tmpdir(), 'dpkg-verify-'));
  t.teardown(() => rmSync(root, { recursive: true }));
  for (const [path, node] of Object.entries(files)) {
    mkdirSync(join(root, dirname(path)), { recursive: true });
    if (typeof node === 'string') writeFileSync(join(root, path), node);
    else symlinkSync((node as { target: string }).target, join(root, path));
  }
  const { stdout } = await run('dpkg', ['--verify', `--root=${root}`], { timeoutMs: 20_000 });
  const canonical = (path: string): string => path.replace(/^\/bin\//, '/usr/bin/');
  const expected = stdout
    .trimEnd()
    .split('\n')
    .map((line) => `${line.startsWith('missing') ? 'missing' : 'changed'} ${canonical(line.slice(12))}`);

  const guest = memoryGuest(files);
  const packages = await inspectPackages(guest);
  t.deepEqual(packages?.problems, []);
  const reader = await contentReader(
    await classifyFiles(guest, packages, { keep: new Set(), include: [], exclude: [] }),
  );
  await guest.stream((item) => reader.visit(item), reader.wants);
  const { records, missing } = reader.finish();
  const found = [
    ...[...records.values()].filter(({ state }) => state === 'changed').map(({ entry }) => `changed ${entry.path}`),
    ...missing.map(({ path }) => `missing ${path}`),
  ];
  t.deepEqual(found.sort(), expected.sort());
  t.deepEqual(found, [
    'changed /etc/a.conf',
    'changed /usr/bin/changed',
    'missing /etc/gone.conf',
    'missing /usr/share/a/gone',
  ]);
});
