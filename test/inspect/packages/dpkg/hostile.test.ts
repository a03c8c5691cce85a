import test from 'ava';
import fc from 'fast-check';
import { memoryGuest } from '../../../../src/guest/memory/memory-guest.js';
import { inspectDpkg } from '../../../../src/inspect/packages/dpkg/inspect.js';
import { packageKey } from '../../../../src/model/packages.js';
import { normalizePath } from '../../../../src/model/path.js';
import { endsSoon } from '../../../patience.js';

const line = fc.oneof(
  fc.constantFrom(
    'Package: a',
    'Package: __proto__',
    'Status: install ok installed',
    'Status: hold ok unpacked',
    'Architecture: amd64',
    'Version: 1:2~3-4',
    'Depends: a (>= 1) | b:any, $x, ((',
    'Conffiles:',
    ' /etc/x 00000000000000000000000000000000 obsolete',
    'Source: x (1)',
    '',
  ),
  fc.string({ maxLength: 30 }),
);
const text = fc.array(line, { maxLength: 40 }).map((lines) => lines.join('\n'));
const bytes = fc.oneof(text, fc.uint8Array({ maxLength: 200 }));

test('whatever the files of dpkg and apt hold, packages have plain names and reading ends', async (t) => {
  await fc.assert(
    fc.asyncProperty(bytes, bytes, bytes, async (status, list, other) => {
      const guest = memoryGuest({
        '/var/lib/dpkg/status': status,
        '/var/lib/dpkg/info/a.list': list,
        '/var/lib/dpkg/info/a.md5sums': other,
        '/var/lib/dpkg/diversions': list,
        '/var/lib/dpkg/statoverride': other,
        '/var/lib/dpkg/arch': other,
        '/var/lib/apt/extended_states': status,
        '/etc/apt/sources.list': list,
        '/etc/apt/sources.list.d/a.sources': other,
        '/var/lib/apt/lists/x_InRelease': status,
        '/var/lib/apt/lists/x_main_binary-amd64_Packages': status,
        '/var/lib/apt/lists/x_main_binary-i386_Packages.lz4': list,
        '/var/lib/apt/lists/x_main_binary-arm64_Packages.gz': other,
      });
      const { packages } = await inspectDpkg(guest, { archiveIndexes: true });
      return packages.every(
        (item) =>
          /^[\w+.-]+:[a-z0-9-]+$/.test(packageKey(item)) &&
          [...item.files].every(({ path }) => path === normalizePath(path)),
      );
    }),
    { numRuns: 300 },
  );
  t.pass();
});

test('time grows with the size of a hostile status file, not with its square', async (t) => {
  const repeated = ['Package: a\n', ' ', 'Depends: a (', 'Depends: a:', ': ', 'a,', 'Conffiles:\n /a 0', 'Status: '];
  for (const piece of repeated) {
    const head = 'Package: a\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1\nDepends: ';
    const guest = memoryGuest({
      '/var/lib/dpkg/status': head + piece.repeat(1_000_000 / piece.length),
      '/etc/apt/sources.list': `deb ${piece.repeat(500_000 / piece.length)}`,
    });
    await endsSoon(t, () => inspectDpkg(guest, { archiveIndexes: true }));
  }
});
