import test from 'ava';
import { PACKAGE_MANAGERS, type PackageManager } from '../../../src/render/package-managers/index.js';

/** What the managers print when they are asked for versions, as far as it was seen; what was not is from their manuals. */
const reads = test.macro({
  exec(t, name: PackageManager['name'], output: string, expected: readonly string[]) {
    const manager = PACKAGE_MANAGERS.find((each) => each.name === name)!;
    const found = manager.parseAvailable(output);
    t.deepEqual(
      found.map((item) => `${item.name} ${item.version} ${item.architecture ?? '?'}`),
      expected,
    );
    t.deepEqual(manager.parseAvailable(''), []);
    t.deepEqual(manager.parseAvailable('Error: nothing matches\n'), []);
  },
  title: (_, name) => `the versions that ${name} offers are read`,
});

test(reads, 'apt', ' nginx | 1.22.1-9 | http://deb.invalid bookworm/main amd64 Packages\n', ['nginx 1.22.1-9 ?']);
test(reads, 'dnf', 'less\t0:590-2.el7\tx86_64\n\nredis-server\t5:7.0.15-1.el7\tx86_64\n\n', [
  'less 590-2.el7 x86_64',
  'redis-server 5:7.0.15-1.el7 x86_64',
]);
test(
  reads,
  'yum',
  'Loaded plugins: fastestmirror\nAvailable Packages\nglibc.i686     2.17-317.el7    base\njava-1.8.0-openjdk-headless-very-long.x86_64\n               1:1.8.0.262.b10-1.el7\n                               updates\n',
  ['glibc 2.17-317.el7 i686', 'java-1.8.0-openjdk-headless-very-long 1:1.8.0.262.b10-1.el7 x86_64'],
);
test(reads, 'microdnf', 'bash-5.1.8-6.el9.x86_64\nredis-5:7.0-1.x86_64\nDownloading metadata...\n', [
  'bash 5.1.8-6.el9 x86_64',
  'redis 5:7.0-1 x86_64',
]);
test(
  reads,
  'zypper',
  'S  | Name | Type    | Version   | Arch   | Repository\n---+------+---------+-----------+--------+-----------\ni+ | bash | package | 5.2-1     | x86_64 | (System Packages)\nv  | bash | package | 5.1-9     | x86_64 | os of the test\n   | redis | srcpackage | 7-1 | noarch | os\n',
  ['bash 5.1-9 x86_64'],
);
test(reads, 'urpmi', 'nothing is read\n', []);
test(
  reads,
  'apk',
  'redis policy:\n  7.0.15-r0:\n    lib/apk/db/installed\n  7.2.4-r1:\n    @edge https://archive.invalid/alpine/edge/main\n    https://archive.invalid/alpine/v3.19/main\n  7.4.0-r0:\n    @edge https://archive.invalid/alpine/edge/main\ncurl policy:\n  8.1-r0:\n    /srv/mirror/main\n',
  ['redis 7.2.4-r1 ?', 'curl 8.1-r0 ?'],
);
test(reads, 'pacman', 'core bash 5.2.026-2 [installed]\nextra redis 7.2.4-1\n', [
  'bash 5.2.026-2 ?',
  'redis 7.2.4-1 ?',
]);
