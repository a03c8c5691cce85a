import test from 'ava';
import { AppError } from '../../../src/errors.js';
import { type MemoryNode, memoryGuest } from '../../../src/guest/memory/memory-guest.js';
import { inspectOs, OS_PATHS } from '../../../src/inspect/os/index.js';

const DEBIAN = 'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nID=debian\nVERSION_ID="12"\nVERSION_CODENAME=bookworm\n';

/** The beginning of an ELF file: class, byte order, machine and flags where the format puts them. */
function elf(machine: number, options: { bits?: 32 | 64; big?: boolean; flags?: number } = {}): Buffer {
  const header = Buffer.alloc(64);
  header.write('\x7fELF', 'latin1');
  header[4] = options.bits === 32 ? 1 : 2;
  header[5] = options.big === true ? 2 : 1;
  const flagsAt = options.bits === 32 ? 36 : 48;
  if (options.big === true) header.writeUInt16BE(machine, 18);
  else {
    header.writeUInt16LE(machine, 18);
    header.writeUInt32LE(options.flags ?? 0, flagsAt);
  }
  return header;
}

test('a Debian machine gives distribution, release, architecture and evidence', async (t) => {
  const guest = memoryGuest({
    '/etc/os-release': { target: '../usr/lib/os-release' },
    '/usr/lib/os-release': DEBIAN,
    '/var/lib/dpkg/status': 'Package: dpkg\nStatus: install ok installed\nArchitecture: amd64\n\n',
    '/bin/true': elf(62),
  });
  const found = await inspectOs(guest);
  t.deepEqual(found?.os, {
    id: 'debian',
    idLike: [],
    versionId: '12',
    codename: 'bookworm',
    prettyName: 'Debian GNU/Linux 12 (bookworm)',
    architecture: 'amd64',
    evidence: [{ path: '/etc/os-release' }, { path: '/var/lib/dpkg/status', record: 'dpkg' }, { path: '/bin/true' }],
  });
  t.deepEqual(found?.problems, []);
});

test('a program for another architecture than the package manager’s is a problem', async (t) => {
  const found = await inspectOs(
    memoryGuest({
      '/etc/os-release': DEBIAN,
      '/var/lib/dpkg/status': 'Package: dpkg\nArchitecture: i386\n\n',
      '/bin/true': elf(62),
    }),
  );
  t.is(found?.os.architecture, 'i386');
  t.like(found?.problems, [{ code: 'architecture-mismatch', path: '/bin/true' }]);
});

const isNamed = test.macro({
  exec: async (t, program: Buffer, manager: Record<string, MemoryNode>, expected: string) => {
    const found = await inspectOs(memoryGuest({ '/etc/os-release': 'ID=x\n', '/bin/true': program, ...manager }));
    t.is(found?.os.architecture, expected);
  },
  title: (given, _program: Buffer, _manager: Record<string, MemoryNode>, expected: string) => `${given} is ${expected}`,
});

const DPKG = { '/var/lib/dpkg/status': '' };
const RPM = { '/var/lib/rpm/Packages': '' };
const APK = { '/lib/apk/db/installed': '' };
const PACMAN = { '/var/lib/pacman/local/ALPM_DB_VERSION': '9\n' };
test('x86-64 for dpkg', isNamed, elf(62), DPKG, 'amd64');
test('x86-64 for rpm', isNamed, elf(62), RPM, 'x86_64');
test('x86-64 for pacman', isNamed, elf(62), PACMAN, 'x86_64');
test('32-bit x86 for dpkg', isNamed, elf(3, { bits: 32 }), DPKG, 'i386');
test('32-bit x86 for rpm', isNamed, elf(3, { bits: 32 }), RPM, 'i686');
test('32-bit x86 for apk', isNamed, elf(3, { bits: 32 }), APK, 'x86');
test('ARM with hard floats for dpkg', isNamed, elf(40, { bits: 32, flags: 0x05000400 }), DPKG, 'armhf');
test('ARM with soft floats for dpkg', isNamed, elf(40, { bits: 32, flags: 0x05000200 }), DPKG, 'armel');
test('ARM 64 for dpkg', isNamed, elf(183), DPKG, 'arm64');
test('ARM 64 for rpm', isNamed, elf(183), RPM, 'aarch64');
test('S/390 for rpm', isNamed, elf(22, { big: true }), RPM, 's390x');
test('what apk wrote down', isNamed, elf(62), { ...APK, '/etc/apk/arch': 'x86_64\n' }, 'x86_64');
test(
  'what pacman recorded for the C library',
  isNamed,
  Buffer.from('#!/bin/sh\n'.repeat(10)),
  { ...PACMAN, '/var/lib/pacman/local/glibc-2.40-1/desc': '%NAME%\nglibc\n\n%ARCH%\nx86_64\n\n' },
  'x86_64',
);

test('kernels come from /boot and from the modules, oldest first, and not from what is left of removed ones', async (t) => {
  const found = await inspectOs(
    memoryGuest({
      '/etc/os-release': DEBIAN,
      '/lib': { target: 'usr/lib' },
      '/boot/vmlinuz-6.1.0-18-amd64': 'x',
      '/boot/vmlinuz-6.1.0-9-amd64': 'x',
      '/boot/initrd.img-6.1.0-18-amd64': 'x',
      '/boot/vmlinuz.old': 'x',
      '/usr/lib/modules/6.1.0-18-amd64/kernel/x.ko': '',
      '/usr/lib/modules/6.9.1-custom/modules.order': '',
      '/usr/lib/modules/5.10.0-1-amd64/updates/x.ko': '',
    }),
  );
  t.deepEqual(found?.kernels, [
    { version: '6.1.0-9-amd64', evidence: { path: '/boot/vmlinuz-6.1.0-9-amd64' } },
    { version: '6.1.0-18-amd64', evidence: { path: '/boot/vmlinuz-6.1.0-18-amd64' } },
    { version: '6.9.1-custom', evidence: { path: '/usr/lib/modules/6.9.1-custom' } },
  ]);
});

const fits = test.macro({
  exec: async (t, nodes: Record<string, MemoryNode>, expected: string[]) => {
    const found = await inspectOs(memoryGuest(nodes));
    t.deepEqual(
      found?.fit.map(({ rule }) => rule),
      expected,
    );
  },
  title: (given) => given!,
});

const TRIXIE = { '/etc/os-release': 'ID=debian\nVERSION_ID="13"\n' };
test('a kernel before 3.8 is a finding', fits, { ...TRIXIE, '/boot/vmlinuz-3.2.0-4-amd64': 'x' }, [
  'kernel-older-than-3.8',
]);
test('kernel 2.6 is a finding', fits, { ...TRIXIE, '/boot/vmlinuz-2.6.32-754.el6.x86_64': 'x' }, [
  'kernel-older-than-3.8',
]);
test('kernel 3.8 is none', fits, { ...TRIXIE, '/boot/vmlinuz-3.8.0-19-generic': 'x' }, []);
test('kernel 3.13 is none', fits, { ...TRIXIE, '/boot/vmlinuz-3.13.0-24-generic': 'x' }, []);
test(
  'kernel 6.1 is none, also beside an old one',
  fits,
  { ...TRIXIE, '/boot/vmlinuz-3.2.0-4': 'x', '/boot/vmlinuz-6.1.0-1': 'x' },
  [],
);
test('a release without support is a finding', fits, { '/etc/os-release': 'ID=ubuntu\nVERSION_ID="14.04"\n' }, [
  'distribution-end-of-life',
]);
test('a point release counts as its release', fits, { '/etc/centos-release': 'CentOS release 6.9 (Final)\n' }, [
  'distribution-end-of-life',
]);
test('a release nobody wrote down is none', fits, { '/etc/os-release': 'ID=toString\nVERSION_ID="constructor"\n' }, []);
test('32-bit programs are a finding', fits, { ...TRIXIE, ...DPKG, '/bin/true': elf(3, { bits: 32 }) }, [
  'userland-32-bit',
]);

test('a disk without a system is nothing', async (t) => {
  t.is(await inspectOs(memoryGuest({ '/backup/x': '', '/lost+found': { type: 'directory' } })), null);
});

test('a system that no file names is Linux, with a problem', async (t) => {
  const found = await inspectOs(memoryGuest({ '/bin/sh': elf(62), '/etc/passwd': '', '/lib/libc.so': '' }));
  t.like(found?.os, { id: 'linux', versionId: null, architecture: 'x86_64' });
  t.like(found?.problems, [{ code: 'os-unidentified' }]);
});

const isRefused = test.macro({
  exec: async (t, nodes: Record<string, MemoryNode>) => {
    const error = await t.throwsAsync(inspectOs(memoryGuest(nodes)), { instanceOf: AppError });
    t.is((error as AppError).code, 'guest-not-linux');
  },
  title: (given) => `${given} is refused`,
});

test('Windows', isRefused, { '/Windows/System32/ntdll.dll': 'x' });
test('Windows XP', isRefused, { '/WINDOWS/system32/ntdll.dll': 'x' });
test('FreeBSD with os-release', isRefused, { '/etc/os-release': 'ID=freebsd\nVERSION_ID=14.0\n' });
test('FreeBSD without', isRefused, { '/bin/freebsd-version': 'x', '/bin/sh': 'x', '/etc/passwd': '' });
test('OpenBSD', isRefused, { '/bsd': 'x', '/bin/sh': 'x', '/etc/passwd': '' });

test('only the paths that are announced, and one small program, are read', async (t) => {
  const guest = memoryGuest({
    '/etc/os-release': 'ID=debian\n',
    '/etc/lsb-release': 'DISTRIB_ID=Debian\n',
    '/etc/debian_version': '12.5\n',
    '/var/lib/dpkg/status': '',
    '/bin/true': elf(62),
    '/bin/sh': Buffer.concat([elf(62), Buffer.alloc(100_000)]),
  });
  await inspectOs(guest);
  t.deepEqual(
    guest.reads.filter((path) => !OS_PATHS.includes(path)),
    ['/bin/true'],
  );
});
