import test from 'ava';
import { memoryGuest } from '../../../../../src/guest/memory/memory-guest.js';
import { inspectDpkg } from '../../../../../src/inspect/packages/dpkg/inspect.js';

const STATUS = `Package: archive-keyring
Status: install ok installed
Version: 1
Architecture: all

`;

test('keys of archives that no package brought are read, those of packages are in every base', async (t) => {
  const guest = memoryGuest({
    '/var/lib/dpkg/status': STATUS,
    '/var/lib/dpkg/info/archive-keyring.list':
      '/.\n/usr\n/usr/share\n/usr/share/keyrings\n/usr/share/keyrings/own.gpg\n',
    '/usr/share/keyrings/own.gpg': 'packaged',
    '/usr/share/keyrings/shop.gpg': 'shop',
    '/etc/apt/trusted.gpg.d/local.asc': 'local',
    '/etc/apt/trusted.gpg.d/notes.txt': 'no key',
    '/etc/apt/trusted.gpg.d/huge.gpg': 'x'.repeat(70_000),
    '/etc/apt/sources.list': [
      'deb [signed-by=/usr/share/keyrings/own.gpg] http://a.example.org/debian bookworm main',
      'deb [trusted=yes arch=amd64] http://b.example.org/debian bookworm main',
      'deb [trusted=yes-not] http://c.example.org/debian bookworm main',
    ].join('\n'),
    '/etc/apt/sources.list.d/shop.sources': `Types: deb
URIs: http://shop.example.org
Suites: stable
Components: main
Signed-By: /usr/share/keyrings/shop.gpg

Types: deb
URIs: http://inline.example.org
Suites: stable
Components: main
Trusted: yes
Signed-By:
 -----BEGIN PGP PUBLIC KEY BLOCK-----
 .
 mQINBF
 -----END PGP PUBLIC KEY BLOCK-----
`,
  });
  const { archives, keyrings, problems } = await inspectDpkg(guest, { archiveIndexes: false });
  t.deepEqual(
    [...keyrings!].map(([path, content]) => [path, content.toString()]),
    [
      ['/etc/apt/trusted.gpg.d/local.asc', 'local'],
      ['/usr/share/keyrings/shop.gpg', 'shop'],
    ],
  );
  t.true(problems.some(({ path }) => path === '/etc/apt/trusted.gpg.d/huge.gpg'));
  t.deepEqual(
    archives.map(({ trusted, key }) => [trusted ?? false, key ?? null]),
    [
      [false, null],
      [true, null],
      [false, null],
      [false, null],
      [true, '-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nmQINBF\n-----END PGP PUBLIC KEY BLOCK-----\n'],
    ],
  );
});
