import test from 'ava';
import {
  parseFailedFetches,
  parseMadison,
  parseSimulation,
  parseUnknown,
  parseUnmet,
} from '../../src/syntax/apt-output.js';

// Printed by apt 2.2 (Debian 11) and 2.6 (Debian 12).

test('madison: every version of every name, source packages left aside', (t) => {
  const offered = parseMadison(
    [
      '     nginx | 1.22.1-9+deb12u2 | http://deb.example.org/debian bookworm/main amd64 Packages',
      '     nginx |  1.22.1-9 | file:/srv/debian bookworm/main amd64 Packages',
      'libc6:i386 | 2.36-9+deb12u13 | http://deb.example.org/debian bookworm/main i386 Packages',
      '     nginx |  1.22.1-9 | http://deb.example.org/debian bookworm/main Sources',
      'N: Unable to locate package gone',
    ].join('\n'),
  );
  t.deepEqual(
    [...offered].map(([name, versions]) => [name, [...versions]]),
    [
      ['nginx', ['1.22.1-9+deb12u2', '1.22.1-9']],
      ['libc6:i386', ['2.36-9+deb12u13']],
    ],
  );
});

test('a simulation: what is unpacked in which version, and what goes', (t) => {
  const { installed, removed } = parseSimulation(
    [
      'NOTE: This is only a simulation!',
      'Remv usrmerge [24]',
      'Inst libc-bin [2.31-13+deb11u11] (2.31-13+deb11u13 Debian-Security:11/oldstable-security [amd64]) []',
      'Conf libc-bin (2.31-13+deb11u13 Debian-Security:11/oldstable-security [amd64])',
      'Inst nginx-common (1.18.0-6.1+deb11u3 Debian:11.11/oldstable [all])',
      'Inst libgcc-s1:i386 (10.2.1-6 Debian:11.11/oldstable [i386]) [libc6:i386 ]',
      'Inst base-files [11.1] (11.1+deb11u11 Debian:11.11/oldstable, local:1 [amd64])',
    ].join('\n'),
  );
  t.deepEqual(installed, [
    { name: 'libc-bin', version: '2.31-13+deb11u13', architecture: 'amd64' },
    { name: 'nginx-common', version: '1.18.0-6.1+deb11u3', architecture: 'all' },
    { name: 'libgcc-s1', version: '10.2.1-6', architecture: 'i386' },
    { name: 'base-files', version: '11.1+deb11u11', architecture: 'amd64' },
  ]);
  t.deepEqual(removed, ['usrmerge']);
});

test('unmet needs: the packages that have them, not what they need', (t) => {
  const names = parseUnmet(
    [
      'The following packages have unmet dependencies:',
      ' libssl-dev : Depends: libssl1.1 (= 1.1.1n-0+deb11u5) but 1.1.1w-0+deb11u1 is to be installed',
      ' php7.4-cli : PreDepends: libc6 (>= 2.40) but 2.31-13 is to be installed',
      '              Depends: php7.4-common (= 7.4.33-1) but it is not going to be installed',
      ' libc6:i386 : Breaks: libc6 (!= 2.31-13+deb11u12) but 2.31-13+deb11u13 is to be installed',
      'E: Unable to correct problems, you have held broken packages.',
    ].join('\n'),
  );
  t.deepEqual(names, ['libssl-dev', 'php7.4-cli', 'libc6:i386']);
  t.deepEqual(parseUnmet('Reading package lists...'), []);
});

test('names that the sources do not know', (t) => {
  t.deepEqual(
    parseUnknown("E: Unable to locate package oldapp\nE: Package 'virtual' has no installation candidate\nE: other"),
    ['oldapp', 'virtual'],
  );
});

test('files that an index names and the server lost, epochs and plus signs decoded', (t) => {
  const lost = parseFailedFetches(
    [
      'Err:3 http://deb.example.org/debian-security bullseye-security/main amd64 openssl amd64 1.1.1n-0+deb11u5',
      'E: Failed to fetch http://deb.example.org/pool/main/o/openssl/openssl_1.1.1n-0%2bdeb11u5_amd64.deb  404  Not Found [IP: ::1 80]',
      'E: Failed to fetch file:/srv/p/vim_2%3a8.2.2434-3+deb11u1_all.deb  File not found - /srv/p (2: No such file or directory)',
      'E: Unable to fetch some archives, maybe run apt-get update or try with --fix-missing?',
    ].join('\n'),
  );
  t.deepEqual(lost, [
    { name: 'openssl', version: '1.1.1n-0+deb11u5', architecture: 'amd64' },
    { name: 'vim', version: '2:8.2.2434-3+deb11u1', architecture: 'all' },
  ]);
});
