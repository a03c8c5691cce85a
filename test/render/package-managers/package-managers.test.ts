import { execFileSync } from 'node:child_process';
import test from 'ava';
import type { OperatingSystem } from '../../../src/model/os.js';
import type { PackageManagerName } from '../../../src/model/packages.js';
import { managerOf, PACKAGE_MANAGERS, type PackageManager } from '../../../src/render/package-managers/index.js';

const ITEM = { name: 'glibc', version: '1:2.3-4', architecture: 'x86_64' } as const;

function system(id: string, versionId: string | null, idLike: readonly string[] = []): OperatingSystem {
  return { id, idLike, versionId, codename: null, prettyName: id, architecture: null, evidence: [] };
}

for (const manager of PACKAGE_MANAGERS) {
  test(`${manager.name}: every command begins with a program and holds no empty word`, (t) => {
    const commands = [
      manager.list,
      manager.install([ITEM, { name: 'bash', version: null, architecture: null }]),
      manager.remove(['glibc', 'bash']),
      manager.dependencies(ITEM),
    ];
    for (const command of commands) {
      t.regex(command[0]!, /^[a-z][a-z-]+$/);
      t.true(command.every((word) => word !== ''));
    }
  });

  test(`${manager.name}: packages are the last words of what installs and removes them`, (t) => {
    const others = { name: 'bash', version: null, architecture: null };
    t.deepEqual(manager.install([ITEM, others]).slice(-2), [manager.spell(ITEM), 'bash']);
    t.deepEqual(manager.remove(['glibc', 'bash']).slice(-2), ['glibc', 'bash']);
    t.true(manager.dependencies(ITEM).at(-1)!.startsWith('glibc'));
  });

  test(`${manager.name}: a name says the version exactly where the manager takes one`, (t) => {
    t.is(manager.spell(ITEM).includes('2.3-4'), manager.takesVersions);
    t.is(manager.spell({ name: 'bash', version: null, architecture: null }), 'bash');
  });

  test(`${manager.name}: what is no list of packages lists none`, (t) => {
    t.deepEqual(manager.parseList(''), []);
    t.deepEqual(manager.parseList('WARNING: no such file or directory\n\n'), []);
  });
}

const spellings = test.macro({
  exec(t, name: PackageManager['name'], expected: string) {
    t.is(PACKAGE_MANAGERS.find((manager) => manager.name === name)!.spell(ITEM), expected);
  },
  title: (_, name, expected) => `${name} is asked for ${expected}`,
});
test(spellings, 'apt', 'glibc:x86_64=1:2.3-4');
test(spellings, 'dnf', 'glibc-1:2.3-4.x86_64');
test(spellings, 'yum', 'glibc-1:2.3-4.x86_64');
test(spellings, 'microdnf', 'glibc-1:2.3-4.x86_64');
test(spellings, 'zypper', 'glibc.x86_64=1:2.3-4');
test(spellings, 'urpmi', 'glibc-2.3-4.x86_64');
test(spellings, 'apk', 'glibc=1:2.3-4');
test(spellings, 'pacman', 'glibc');

const served = test.macro({
  exec(t, database: PackageManagerName, os: OperatingSystem, expected: PackageManager['name']) {
    t.is(managerOf(database, os).name, expected);
    const all = PACKAGE_MANAGERS.filter((manager) => manager.database === database && manager.serves(os));
    t.deepEqual(
      all.map(({ name }) => name),
      [expected],
    );
  },
  title: (_, __, os: OperatingSystem, expected) =>
    `${os.id} ${os.versionId ?? 'without a release'} is served by ${expected}`,
});
test(served, 'dpkg', system('ubuntu', '22.04'), 'apt');
test(served, 'rpm', system('centos', '5'), 'yum');
test(served, 'rpm', system('centos', '7', ['rhel', 'fedora']), 'yum');
test(served, 'rpm', system('centos', '8', ['rhel', 'fedora']), 'dnf');
test(served, 'rpm', system('rhel', '6.10'), 'yum');
test(served, 'rpm', system('ol', '7.9', ['fedora']), 'yum');
test(served, 'rpm', system('rocky', '9.3', ['rhel', 'centos', 'fedora']), 'dnf');
test(served, 'rpm', system('springdale', '7.9', ['rhel', 'centos', 'fedora']), 'yum');
test(served, 'rpm', system('fedora', '21'), 'yum');
test(served, 'rpm', system('fedora', '22'), 'dnf');
test(served, 'rpm', system('amzn', '2018.03', ['rhel', 'fedora']), 'yum');
test(served, 'rpm', system('amzn', '2', ['centos', 'rhel', 'fedora']), 'yum');
test(served, 'rpm', system('amzn', '2023', ['fedora']), 'dnf');
test(served, 'rpm', system('mariner', '2.0'), 'dnf');
test(served, 'rpm', system('opensuse-leap', '15.5', ['suse', 'opensuse']), 'zypper');
test(served, 'rpm', system('sles', '12.4', ['suse']), 'zypper');
test(served, 'rpm', system('sled', '15.1', ['suse']), 'zypper');
test(served, 'rpm', system('mageia', '9', ['mandriva', 'fedora', 'mandrake']), 'urpmi');
test(served, 'rpm', system('mandrivalinux', '2010.0'), 'urpmi');
test(served, 'apk', system('alpine', '3.18.4'), 'apk');
test(served, 'pacman', system('arch', null), 'pacman');

test('dpkg lists the packages of this machine, with version and architecture', (t) => {
  const apt = managerOf('dpkg', system('debian', '12'));
  const [program, ...words] = apt.list as [string, ...string[]];
  const plain = () => run('dpkg-query', ['-W', '-f', FORMAT]);
  // Somebody may be installing something right now.
  for (;;) {
    const before = plain();
    const listed = apt.parseList(run(program, words));
    if (before !== plain()) continue;
    const expected = before.split('\n').filter((line) => line.endsWith(' installed'));
    t.true(expected.length > 100);
    t.deepEqual(
      listed.map((item) => `${item.name} ${item.version} ${item.architecture} installed`),
      expected,
    );
    return;
  }
});

test('a list of rpm is read without keys and without epochs that are zero', (t) => {
  const dnf = managerOf('rpm', system('fedora', '39'));
  t.deepEqual(dnf.parseList('bash\t0:5.2-1\tx86_64\ngpg-pubkey\tf4a80eb5-53a7ff4b\t(none)\nvim\t2:9.0-1\tnoarch\n'), [
    { name: 'bash', version: '5.2-1', architecture: 'x86_64' },
    { name: 'vim', version: '2:9.0-1', architecture: 'noarch' },
  ]);
});

test('a list of apk is taken apart at the version, whatever the name holds', (t) => {
  const apk = managerOf('apk', system('alpine', '3.18'));
  t.deepEqual(apk.parseList('musl-1.2.4-r2\nlibcrypto3-3.1.4-r0\npy3-foo-2bar-0.1_rc2-r1\n.build-deps-20230101.1\n'), [
    { name: 'musl', version: '1.2.4-r2', architecture: null },
    { name: 'libcrypto3', version: '3.1.4-r0', architecture: null },
    { name: 'py3-foo-2bar', version: '0.1_rc2-r1', architecture: null },
    { name: '.build-deps', version: '20230101.1', architecture: null },
  ]);
});

// biome-ignore lint/suspicious/noTemplateCurlyInString: a format of dpkg-query
const FORMAT = '${Package} ${Version} ${Architecture} ${db:Status-Status}\\n';

function run(program: string, words: readonly string[]): string {
  return execFileSync(program, words, { encoding: 'utf8', maxBuffer: 1 << 26 });
}
