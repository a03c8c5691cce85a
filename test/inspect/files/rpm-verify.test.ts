import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  lutimesSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { openFolder } from '../../../src/guest/folder/open-folder.js';
import { classifyFiles, contentReader } from '../../../src/inspect/files/index.js';
import { inspectPackages } from '../../../src/inspect/packages/index.js';
import type { FileRecord } from '../../../src/model/files.js';
import type { FileAspect, PackageFile } from '../../../src/model/packages.js';

/** Files of every sort that rpm tells apart. */
const SPEC = `
Name: sorts
Version: 1
Release: 1
Summary: s
License: MIT
BuildArch: noarch
AutoReqProv: no
%define _binary_payload w1.gzdio
%description
d
%install
install -d %{buildroot}/usr/bin %{buildroot}/etc %{buildroot}/var/log %{buildroot}/usr/share/doc/sorts %{buildroot}/opt/folder %{buildroot}/opt/moved
for name in plain edited resized touched capable chmodded chowned gone typed same lostcap gotcap; do echo "$name" >%{buildroot}/usr/bin/$name; done
for name in kept changed expected gone optional; do echo "$name" >%{buildroot}/etc/$name.conf; done
echo log >%{buildroot}/var/log/ghost.log
echo log >%{buildroot}/var/log/ghost-mode.log
echo doc >%{buildroot}/usr/share/doc/sorts/README
ln -s plain %{buildroot}/usr/bin/link
ln -s plain %{buildroot}/usr/bin/relinked
%files
%attr(755,root,root) /usr/bin/plain
%attr(755,root,root) /usr/bin/edited
%attr(755,root,root) /usr/bin/resized
%attr(755,root,root) /usr/bin/touched
%attr(755,root,root) /usr/bin/gone
%attr(755,root,root) /usr/bin/typed
%attr(4755,root,root) /usr/bin/chmodded
%attr(755,daemon,daemon) /usr/bin/chowned
%attr(755,daemon,bin) /usr/bin/same
%attr(755,root,root) %caps(cap_net_raw,cap_net_admin=ep) /usr/bin/capable
%attr(755,root,root) %caps(cap_net_raw=ep) /usr/bin/lostcap
%attr(755,root,root) /usr/bin/gotcap
/usr/bin/link
/usr/bin/relinked
%config(noreplace) %attr(644,root,root) /etc/kept.conf
%config(noreplace) %attr(644,root,root) /etc/changed.conf
%config %verify(not md5 size mtime) %attr(644,root,root) /etc/expected.conf
%config %attr(644,root,root) /etc/gone.conf
%config(missingok) %attr(644,root,root) /etc/optional.conf
%ghost %attr(644,root,root) /var/log/ghost.log
%ghost %attr(600,root,root) /var/log/ghost-mode.log
%doc %attr(644,root,root) /usr/share/doc/sorts/README
%dir %attr(1777,root,root) /opt/folder
%dir %attr(755,root,root) /opt/moved
`;

const PASSWD = 'root:x:0:0::/root:/bin/sh\ndaemon:x:1:1::/:/bin/sh\nother:x:77:77::/:/bin/sh\n';
const GROUP = 'root:x:0:\ndaemon:x:1:\nbin:x:2:\nother:x:77:\n';

const isPossible = existsSync('/usr/bin/rpmbuild') && process.getuid?.() === 0;
const withRpm = isPossible ? test.serial : test.serial.skip;
const NEEDS = isPossible ? '' : ' (skipped: needs rpmbuild, and root for `rpm --root`)';

for (const algorithm of ['1', '8']) {
  withRpm(
    `what differs from its package is what rpm --verify prints, with digests of kind ${algorithm}${NEEDS}`,
    async (t) => {
      const folder = mkdtempSync(join(tmpdir(), 'rpm-verify-'));
      t.teardown(() => rmSync(folder, { recursive: true }));
      const root = join(folder, 'root');
      installInto(root, folder, algorithm);
      spoil(root);
      const printed = verify(root);

      const { fs: guest, close } = await openFolder(root);
      t.teardown(close);
      const packages = await inspectPackages(guest);
      t.deepEqual(packages?.problems, []);
      const classified = await classifyFiles(guest, packages, { keep: new Set(), include: [], exclude: [] });
      const reader = await contentReader(classified);
      await guest.stream((item) => reader.visit(item), reader.wants);
      const { records, missing } = reader.finish();
      const recorded = new Map([...packages!.packages[0]!.files].map((file) => [file.path, file]));
      const found = [
        ...[...records.values()].flatMap((record) => lineOf(record, recorded.get(record.entry.path))),
        ...missing.map(({ path }) => `missing ${path}`),
      ];
      t.deepEqual(found.sort(), printed);
      t.true(printed.length >= 12, printed.join('\n'));
      const states = (path: string) => records.get(path)?.state;
      t.is(states('/usr/bin/plain'), 'unchanged');
      t.is(states('/usr/bin/touched'), 'unchanged');
      t.is(states('/usr/bin/link'), 'unchanged');
      t.is(states('/usr/bin/same'), 'unchanged');
      t.is(states('/etc/expected.conf'), 'changed');
      t.is(states('/usr/bin/edited'), 'changed');
      t.is(states('/usr/bin/chmodded'), 'changed');
      t.is(states('/usr/bin/gotcap'), 'changed');
      t.is(states('/var/log/ghost.log'), 'unverified');
      t.true(records.get('/var/log/ghost.log')?.ghost);
      t.is(records.get('/usr/bin/plain')?.changes, undefined);
    },
  );
}

function installInto(root: string, folder: string, algorithm: string): void {
  mkdirSync(join(root, 'etc'), { recursive: true });
  writeFileSync(join(root, 'etc/passwd'), PASSWD);
  writeFileSync(join(root, 'etc/group'), GROUP);
  mkdirSync(join(root, 'usr/lib/rpm'), { recursive: true });
  writeFileSync(join(folder, 'sorts.spec'), SPEC);
  const quiet = { stdio: ['ignore', 'ignore', 'pipe'] as ('ignore' | 'pipe')[] };
  const build = ['-bb', '--define', `_topdir ${folder}/build`, '--define', `_binary_filedigest_algorithm ${algorithm}`];
  execFileSync('rpmbuild', [...build, join(folder, 'sorts.spec')], quiet);
  const [name] = readdirSync(join(folder, 'build/RPMS/noarch'));
  const file = join(folder, 'build/RPMS/noarch', name!);
  execFileSync('rpm', [...inRoot(root), '--force-debian', '--nodeps', '-i', file], quiet);
}

function inRoot(root: string): string[] {
  return ['--root', root, '--define', '_dbpath /var/lib/rpm'];
}

/** What happens to files on machines. */
function spoil(root: string): void {
  const at = (path: string): string => join(root, path);
  const keepingTimes = (path: string, change: () => void): void => {
    const [seconds] = execFileSync('stat', ['-c', '%Y', at(path)], { encoding: 'utf8' }).split('\n');
    change();
    utimesSync(at(path), Number(seconds), Number(seconds));
  };
  keepingTimes('usr/bin/edited', () => writeFileSync(at('usr/bin/edited'), 'EDITED\n'));
  writeFileSync(at('usr/bin/resized'), 'longer than before\n');
  utimesSync(at('usr/bin/touched'), 1_000_000_000, 1_000_000_000);
  chmodSync(at('usr/bin/chmodded'), 0o755);
  chownSync(at('usr/bin/chowned'), 77, 77);
  execFileSync('setcap', ['-r', at('usr/bin/lostcap')]);
  execFileSync('setcap', ['cap_chown=ep', at('usr/bin/gotcap')]);
  unlinkSync(at('usr/bin/gone'));
  unlinkSync(at('usr/bin/typed'));
  mkdirSync(at('usr/bin/typed'));
  unlinkSync(at('usr/bin/relinked'));
  symlinkSync('edited', at('usr/bin/relinked'));
  lutimesSync(at('usr/bin/relinked'), 1_000_000_000, 1_000_000_000);
  writeFileSync(at('etc/changed.conf'), 'by hand\n');
  writeFileSync(at('etc/expected.conf'), 'by a program\n');
  unlinkSync(at('etc/gone.conf'));
  unlinkSync(at('etc/optional.conf'));
  mkdirSync(at('var/log'), { recursive: true });
  writeFileSync(at('var/log/ghost.log'), 'lines\n', { mode: 0o644 });
  writeFileSync(at('var/log/ghost-mode.log'), 'lines\n', { mode: 0o644 });
  chmodSync(at('opt/folder'), 0o755);
  renameSync(at('opt/moved'), at('opt/elsewhere'));
  symlinkSync('elsewhere', at('opt/moved'));
  writeFileSync(at('usr/bin/of-nobody'), 'x');
}

const LETTERS: readonly (readonly [string, FileAspect])[] = [
  ['S', 'size'],
  ['M', 'mode'],
  ['5', 'digest'],
  ['D', 'device'],
  ['L', 'target'],
  ['U', 'user'],
  ['G', 'group'],
  ['T', 'mtime'],
  ['P', 'capabilities'],
];

/** `S.5....T.  c /etc/changed.conf` without the letter of the sort, sorted; what is missing as `missing /path`. */
function verify(root: string): string[] {
  const { stdout } = spawnSync('rpm', [...inRoot(root), '-Va'], { encoding: 'utf8' });
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) => {
      const [, letters, path] = /^(\S+)\s+(?:[a-z] )?(\/.*)$/.exec(line)!;
      return `${letters} ${path}`;
    })
    .sort();
}

/** As rpm prints it: without what the packager expects to change. */
function lineOf({ entry, changes = [] }: FileRecord, file: PackageFile | undefined): string[] {
  const told = changes.filter((aspect) => file?.unverified?.includes(aspect) !== true);
  if (told.length === 0) return [];
  const letters = LETTERS.map(([letter, aspect]) => (told.includes(aspect) ? letter : '.')).join('');
  return [`${letters} ${entry.path}`];
}
