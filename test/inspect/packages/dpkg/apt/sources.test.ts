import test from 'ava';
import { memoryGuest } from '../../../../../src/guest/memory/memory-guest.js';
import { readSources } from '../../../../../src/inspect/packages/dpkg/apt/sources.js';
import type { Problem } from '../../../../../src/model/evidence.js';

test('one-line sources give URI, suite, components and keys; sources of source code do not', async (t) => {
  const problems: Problem[] = [];
  const archives = await readSources(
    memoryGuest({
      '/etc/apt/sources.list':
        '# deb http://off x main\ndeb http://mirror.example/debian bookworm main contrib # yes\ndeb-src http://mirror.example/debian bookworm main\ndeb [arch=amd64 signed-by=/etc/apt/keyrings/docker.gpg] https://download.docker.com/linux/ubuntu jammy stable\ndeb http://flat/ ./\n',
    }),
    problems,
  );
  t.deepEqual(problems, []);
  t.deepEqual(
    archives.map(({ uri, suite, components, signedBy, evidence }) => [uri, suite, components, signedBy, evidence.line]),
    [
      ['http://mirror.example/debian', 'bookworm', ['main', 'contrib'], [], 2],
      ['https://download.docker.com/linux/ubuntu', 'jammy', ['stable'], ['/etc/apt/keyrings/docker.gpg'], 4],
      ['http://flat/', './', [], [], 5],
    ],
  );
});

test('a paragraph gives an archive for each pair of URI and suite, switched off where it says so', async (t) => {
  const archives = await readSources(
    memoryGuest({
      '/etc/apt/sources.list.d/debian.sources':
        'Types: deb deb-src\nURIs: http://a http://b\nSuites: trixie trixie-updates\nComponents: main\nSigned-By: /usr/share/keyrings/k.pgp\n\nEnabled: no\nTypes: deb\nURIs: http://c\nSuites: x/\n\nTypes: deb-src\nURIs: http://d\nSuites: y\n',
    }),
    [],
  );
  t.deepEqual(
    archives.map(({ uri, suite, enabled }) => [uri, suite, enabled]),
    [
      ['http://a', 'trixie', true],
      ['http://a', 'trixie-updates', true],
      ['http://b', 'trixie', true],
      ['http://b', 'trixie-updates', true],
      ['http://c', 'x/', false],
    ],
  );
  t.deepEqual(archives[0]!.signedBy, ['/usr/share/keyrings/k.pgp']);
});

test('a key inside of a paragraph is no path', async (t) => {
  const archives = await readSources(
    memoryGuest({
      '/etc/apt/sources.list.d/x.sources':
        'Types: deb\nURIs: http://a\nSuites: s\nSigned-By:\n -----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n mQINBF/x+abc\n =abc\n',
    }),
    [],
  );
  t.deepEqual(archives[0]!.signedBy, []);
});

test('broken sources are located, and files apt would not read are not read', async (t) => {
  const problems: Problem[] = [];
  const archives = await readSources(
    memoryGuest({
      '/etc/apt/sources.list': 'deb\nrpm http://x y z\n',
      '/etc/apt/sources.list.d/x.sources': 'Types: deb\nURIs: http://a\n',
      '/etc/apt/sources.list.d/x.list.save': 'deb http://a b c\n',
    }),
    problems,
  );
  t.deepEqual(archives, []);
  t.deepEqual(
    problems.map(({ path }) => path),
    ['/etc/apt/sources.list:1', '/etc/apt/sources.list:2', '/etc/apt/sources.list.d/x.sources:1'],
  );
});
