import test from 'ava';
import { type MemoryNode, memoryGuest } from '../../../../src/guest/memory/memory-guest.js';
import { inspectRpm } from '../../../../src/inspect/packages/rpm/inspect.js';
import { isKernelPackage } from '../../../../src/inspect/packages/rpm/kernel.js';
import type { PackageFile } from '../../../../src/model/packages.js';
import { packageHeader } from './builders/header.js';
import { ndb } from './builders/ndb.js';

const inspect = (nodes: Record<string, MemoryNode>, headers: readonly Buffer[] = []) =>
  inspectRpm(memoryGuest({ '/var/lib/rpm/Packages.db': ndb(headers), ...nodes }));

test('repositories of yum, dnf and zypper are read with their keys, variables as written', async (t) => {
  const { archives } = await inspect({
    '/etc/yum.repos.d/CentOS-Base.repo':
      '# a comment\n[base]\nname=CentOS-$releasever - Base\nmirrorlist=http://mirrors.example/?release=$releasever&arch=$basearch\n#baseurl=http://old.example/\ngpgcheck=1\ngpgkey=file:///etc/pki/rpm-gpg/RPM-GPG-KEY-CentOS-7\n\n[off]\nbaseurl=http://one.example/\n  http://two.example/\nenabled = 0\n',
    '/etc/zypp/repos.d/oss.repo': '[repo-oss]\nenabled=1\nbaseurl=http://download.example/oss/\n',
    '/etc/yum.repos.d/ignored.repo.rpmsave': '[x]\nbaseurl=http://x.example/\n',
    '/etc/dnf/dnf.conf': '[main]\ngpgcheck=True\nbaseurl=http://not-a-repository.example/\n',
  });
  t.deepEqual(
    archives.map(({ uri, suite, enabled, signedBy, evidence }) => [uri, suite, enabled, signedBy, evidence.line]),
    [
      [
        'http://mirrors.example/?release=$releasever&arch=$basearch',
        'base',
        true,
        ['file:///etc/pki/rpm-gpg/RPM-GPG-KEY-CentOS-7'],
        2,
      ],
      ['http://one.example/', 'off', false, [], 9],
      ['http://two.example/', 'off', false, [], 9],
      ['http://download.example/oss/', 'repo-oss', true, [], 1],
    ],
  );
});

test('media of urpmi are read, names with escaped blanks too', async (t) => {
  const { archives } = await inspect({
    '/etc/urpmi/urpmi.cfg':
      '{\n  downloader: aria2\n}\n\nCore\\ Release http://mirror.example/4/media/core/release {\n  key-ids: 80420f66\n}\n\nCore\\ Updates\\ Testing {\n  ignore\n  mirrorlist: $MIRRORLIST\n  with-dir: media/core/updates_testing\n}\n',
  });
  t.deepEqual(
    archives.map(({ uri, suite, enabled }) => [uri, suite, enabled]),
    [
      ['http://mirror.example/4/media/core/release', 'Core Release', true],
      ['$MIRRORLIST#media/core/updates_testing', 'Core Updates Testing', false],
    ],
  );
});

test('module streams are read', async (t) => {
  const { modules } = await inspect({
    '/etc/dnf/modules.d/nodejs.module':
      '[nodejs]\nname=nodejs\nstream=10\nprofiles=common, development\nstate=enabled\n',
    '/etc/dnf/modules.d/perl.module': '[perl]\nname=perl\nstream=\nprofiles=\nstate=disabled\n',
    '/usr/lib/sysimage/libdnf5/modules.toml':
      'version = "1.0"\n[modules]\nruby = {enabled_stream="3.1", state="Enabled", installed_profiles=["common"]}\n',
  });
  t.deepEqual(
    modules?.map(({ name, stream, state, profiles }) => [name, stream, state, profiles]),
    [
      ['nodejs', '10', 'enabled', ['common', 'development']],
      ['perl', '', 'disabled', []],
      ['ruby', '3.1', 'enabled', ['common']],
    ],
  );
});

test('locks of yum, dnf and zypper hold their packages', async (t) => {
  const headers = ['a', 'b', 'c', 'd'].map((name) => packageHeader({ name }));
  const { packages } = await inspect(
    {
      '/etc/yum/pluginconf.d/versionlock.list': '# by hand\n0:a-1.0-1.*\n!0:d-1.0-1.*\n',
      '/etc/dnf/plugins/versionlock.list': 'b-0:1.0-1.*\n',
      '/etc/zypp/locks': '\ntype: package\nmatch_type: glob\ncase_sensitive: on\nsolvable_name: c\n',
    },
    headers,
  );
  t.deepEqual(
    packages.map(({ name, held }) => [name, held]),
    [
      ['a', true],
      ['b', true],
      ['c', true],
      ['d', false],
    ],
  );
});

test('the architecture of the system comes first, others behind it', async (t) => {
  const arch = (name: string, word: string) => packageHeader({ name, arch: word });
  const { architecture, foreignArchitectures } = await inspect({}, [
    arch('glibc', 'i686'),
    arch('libgcc', 'i686'),
    arch('bash', 'x86_64'),
    arch('tzdata', 'noarch'),
  ]);
  t.is(architecture, 'x86_64');
  t.deepEqual(foreignArchitectures, ['i686']);
  t.is((await inspect({}, [arch('glibc', 'i686'), arch('bash', 'i586')])).architecture, 'i686');
});

const kernel = test.macro({
  exec(t, name: string, answer: boolean, paths: readonly string[] = []) {
    const files: PackageFile[] = paths.map((path) => ({ path, configuration: false, type: 'file' }));
    t.is(isKernelPackage(name, Object.assign(files, { paths: () => paths })), answer);
  },
  title: (_, name, answer) => `${name} ${answer ? 'is' : 'is not'} the kernel`,
});

for (const name of [
  'kernel',
  'kernel-core',
  'kernel-modules-extra',
  'kernel-devel',
  'kernel-default',
  'kernel-desktop-3.10.28-1.mga4',
  'kernel-server-latest',
  'kernel-uek-devel',
  'kernel-ml',
  'kernel-PAE',
]) {
  test(kernel, name, true);
}
for (const name of [
  'kernel-headers',
  'kernel-tools',
  'kernel-tools-libs',
  'kernel-firmware',
  'kernel-doc',
  'kernelshark',
  'kmod',
]) {
  test(kernel, name, false);
}
test(kernel, 'linux-of-somebody', true, ['/boot/vmlinuz-6.1']);
test(kernel, 'kmod-driver', true, ['/lib/modules/5.14/extra/driver.ko', '/etc/depmod.d/driver.conf']);
test(kernel, 'driver-and-tool', false, ['/lib/modules/5.14/extra/driver.ko', '/usr/bin/driver-tool']);
