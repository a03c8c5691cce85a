import { createHash } from 'node:crypto';
import test from 'ava';
import { type MemoryNode, memoryGuest } from '../../../src/guest/memory/memory-guest.js';
import { classifyFiles, contentReader } from '../../../src/inspect/files/index.js';
import { inspectPackages } from '../../../src/inspect/packages/index.js';
import type { FileRecord } from '../../../src/model/files.js';

const sha1 = (text: string): string => `Q1${createHash('sha1').update(text).digest('base64')}`;
const md5 = (text: string): string => createHash('md5').update(text).digest('hex');

async function recordsOf(files: Record<string, MemoryNode>) {
  const guest = memoryGuest(files);
  const packages = await inspectPackages(guest);
  const reader = await contentReader(
    await classifyFiles(guest, packages, { keep: new Set(), include: [], exclude: [] }),
  );
  await guest.stream((item) => reader.visit(item), reader.wants);
  const { records, missing } = reader.finish();
  const told = (path: string) => {
    const { state, changes } = records.get(path) as FileRecord;
    return changes === undefined ? state : `${state}: ${changes.join(' ')}`;
  };
  return { told, missing: missing.map(({ path }) => path) };
}

const APK = `P:busybox
V:1.36-r0
A:x86_64
F:bin
R:busybox
a:0:0:755
Z:${sha1('program')}
R:sh
a:0:0:777
Z:${sha1('/bin/busybox')}
R:vi
a:0:0:777
Z:${sha1('/bin/busybox')}
R:su
a:0:0:4755
Z:${sha1('su')}
F:etc
R:motd
Z:${sha1('hello')}
R:gone
Z:${sha1('x')}
F:tmp
M:0:0:1777

P:other
V:1-r0
A:x86_64
F:tmp
`;

test('apk: content by SHA-1, links by the digest of their target, modes and owners', async (t) => {
  const { told, missing } = await recordsOf({
    '/lib/apk/db/installed': APK,
    '/bin/busybox': { content: 'program', mode: 0o755 },
    '/bin/sh': { target: '/bin/busybox' },
    '/bin/vi': { target: '/usr/bin/vim' },
    '/bin/su': { content: 'su', mode: 0o755 },
    '/etc/motd': { content: 'hallo', mode: 0o644 },
    '/tmp': { type: 'directory', mode: 0o1777 },
  });
  t.is(told('/bin/busybox'), 'unchanged');
  t.is(told('/bin/sh'), 'unchanged');
  t.is(told('/bin/vi'), 'changed: digest');
  t.is(told('/bin/su'), 'changed: mode');
  t.is(told('/etc/motd'), 'changed: digest');
  // Two packages list it, and only one says that everybody may write there.
  t.is(told('/tmp'), 'unverified');
  t.deepEqual(missing, ['/etc/gone']);
});

const MTREE = `#mtree
/set type=file uid=0 gid=0 mode=644
./etc time=1.0 mode=755 type=dir
./etc/app.conf time=1000.0 size=6 md5digest=${md5('packed')}
./usr time=1.0 mode=755 type=dir
./usr/bin time=1.0 mode=755 type=dir
./usr/bin/app time=1000.0 mode=755 size=3 md5digest=${md5('app')}
./usr/bin/alias time=1000.0 mode=777 type=link link=app
./usr/bin/odd time=1000.0 mode=755 size=3 md5digest=${md5('odd')}
`;

test('pacman: content, size, mode, owner, time and target by the mtree', async (t) => {
  const folder = '/var/lib/pacman/local/app-1-1';
  const names = ['etc/', 'etc/app.conf', 'usr/', 'usr/bin/', 'usr/bin/alias', 'usr/bin/app', 'usr/bin/odd'];
  const { told } = await recordsOf({
    '/var/lib/pacman/local/ALPM_DB_VERSION': '9\n',
    [`${folder}/desc`]: '%NAME%\napp\n\n%VERSION%\n1-1\n\n%ARCH%\nany\n\n',
    [`${folder}/files`]: `%FILES%\n${names.join('\n')}\n\n%BACKUP%\netc/app.conf\t${md5('packed')}\n\n`,
    [`${folder}/mtree`]: MTREE,
    '/etc/app.conf': { content: 'edited', mode: 0o644, mtime: 2000 },
    '/usr/bin/app': { content: 'app', mode: 0o755, mtime: 2000 },
    '/usr/bin/alias': { target: 'odd' },
    '/usr/bin/odd': { content: 'odd', mode: 0o755, mtime: 1000, uid: 5 },
  });
  t.is(told('/etc/app.conf'), 'changed: digest mtime');
  t.is(told('/usr/bin/app'), 'unchanged: mtime');
  t.is(told('/usr/bin/alias'), 'changed: target');
  t.is(told('/usr/bin/odd'), 'changed: user');
});
