import test from 'ava';
import fc from 'fast-check';
import { type MemoryNode, memoryGuest } from '../../../src/guest/memory/memory-guest.js';
import { identify } from '../../../src/inspect/os/identify.js';
import { RELEASE_FILES } from '../../../src/inspect/os/release-files.js';
import { endsSoon } from '../../patience.js';

const is = test.macro({
  exec: async (t, files: Record<string, MemoryNode>, id: string, versionId: string | null, codename: string | null) => {
    const found = await identify(memoryGuest(files), []);
    t.deepEqual([found?.id, found?.versionId, found?.codename], [id, versionId, codename]);
  },
  title: (given) => given!,
});

// The releases of the thesis.
const ubuntu = (version: string, name: string) => ({
  '/etc/debian_version': 'wheezy/sid\n',
  '/etc/lsb-release': `DISTRIB_ID=Ubuntu\nDISTRIB_RELEASE=${version}\nDISTRIB_CODENAME=${name}\nDISTRIB_DESCRIPTION="Ubuntu ${version} LTS"\n`,
});
test(
  'Ubuntu 12.04 names its codename only in lsb-release',
  is,
  {
    ...ubuntu('12.04', 'precise'),
    '/etc/os-release': 'NAME="Ubuntu"\nVERSION="12.04.5 LTS"\nID=ubuntu\nID_LIKE=debian\nVERSION_ID="12.04"\n',
  },
  'ubuntu',
  '12.04',
  'precise',
);
test(
  'Ubuntu 10.04 has no os-release, and its debian_version misleads',
  is,
  ubuntu('10.04', 'lucid'),
  'ubuntu',
  '10.04',
  'lucid',
);
test(
  'Ubuntu 14.10 hides its codename in VERSION',
  is,
  { '/etc/os-release': 'ID=ubuntu\nVERSION="14.10 (Utopic Unicorn)"\nVERSION_ID="14.10"\n' },
  'ubuntu',
  '14.10',
  'utopic',
);
test(
  'CentOS 5',
  is,
  { '/etc/redhat-release': 'CentOS release 5.11 (Final)\n', '/etc/lsb-release': 'LSB_VERSION=":core-4.0-amd64"\n' },
  'centos',
  '5.11',
  'Final',
);
test(
  'CentOS 6',
  is,
  { '/etc/centos-release': 'CentOS release 6.5 (Final)\n', '/etc/redhat-release': { target: 'centos-release' } },
  'centos',
  '6.5',
  'Final',
);
test(
  'CentOS 7',
  is,
  {
    '/etc/os-release': 'NAME="CentOS Linux"\nVERSION="7 (Core)"\nID="centos"\nID_LIKE="rhel fedora"\nVERSION_ID="7"\n',
  },
  'centos',
  '7',
  'Core',
);
test(
  'Mageia 3, whose other names are links',
  is,
  {
    '/etc/mageia-release': 'Mageia release 3 (Official) for x86_64\n',
    '/etc/mandriva-release': { target: 'mageia-release' },
    '/etc/redhat-release': { target: 'mageia-release' },
    '/etc/lsb-release': 'LSB_VERSION=\nDISTRIB_ID=Mageia\nDISTRIB_RELEASE=3\nDISTRIB_CODENAME=thornicroft\n',
  },
  'mageia',
  '3',
  'thornicroft',
);
test(
  'Mageia 4',
  is,
  { '/etc/os-release': 'NAME="Mageia"\nVERSION="4"\nID=mageia\nVERSION_ID=4\n' },
  'mageia',
  '4',
  null,
);

test(
  'Oracle Linux, whose redhat-release has Red Hat’s name',
  is,
  {
    '/etc/oracle-release': 'Oracle Linux Server release 6.5\n',
    '/etc/redhat-release': 'Red Hat Enterprise Linux Server release 6.5 (Santiago)\n',
  },
  'ol',
  '6.5',
  null,
);
test(
  'Oracle Enterprise Linux 5',
  is,
  {
    '/etc/enterprise-release': 'Enterprise Linux Enterprise Linux Server release 5.5 (Carthage)\n',
    '/etc/redhat-release': 'Red Hat Enterprise Linux Server release 5.5 (Tikanga)\n',
  },
  'ol',
  '5.5',
  'Carthage',
);
test('Amazon Linux AMI', is, { '/etc/system-release': 'Amazon Linux AMI release 2014.03\n' }, 'amzn', '2014.03', null);
test('Fedora Core', is, { '/etc/fedora-release': 'Fedora Core release 4 (Stentz)\n' }, 'fedora', '4', 'Stentz');
test(
  'SLES 11 with its service pack',
  is,
  { '/etc/SuSE-release': 'SUSE Linux Enterprise Server 11 (x86_64)\nVERSION = 11\nPATCHLEVEL = 3\n' },
  'sles',
  '11.3',
  null,
);
test(
  'openSUSE before os-release',
  is,
  { '/etc/SuSE-release': 'openSUSE 11.4 (x86_64)\nVERSION = 11.4\nCODENAME = Celadon\n' },
  'opensuse',
  '11.4',
  'Celadon',
);
test('Debian 6', is, { '/etc/debian_version': '6.0.10\n' }, 'debian', '6', 'squeeze');
test('Debian before its release', is, { '/etc/debian_version': 'lenny/sid\n' }, 'debian', null, 'lenny');
test(
  'Debian 8 writes its codename into VERSION',
  is,
  { '/etc/os-release': 'ID=debian\nVERSION="8 (jessie)"\nVERSION_ID="8"\n' },
  'debian',
  '8',
  'jessie',
);
test(
  'Debian sid has no version',
  is,
  { '/etc/os-release': 'ID=debian\nPRETTY_NAME="Debian GNU/Linux forky/sid"\nVERSION_CODENAME=forky\n' },
  'debian',
  null,
  'forky',
);
test('Alpine', is, { '/etc/alpine-release': '3.5.2\n' }, 'alpine', '3.5.2', null);
test('Arch, whose file is empty', is, { '/etc/arch-release': '' }, 'arch', null, null);
test(
  'the administrator’s os-release before the vendor’s',
  is,
  { '/etc/os-release': 'ID=mine\n', '/usr/lib/os-release': 'ID=debian\n' },
  'mine',
  null,
  null,
);
test(
  'an os-release without ID asks the next file',
  is,
  { '/etc/os-release': 'NAME=x\n', '/etc/alpine-release': '3.20.0\n' },
  'alpine',
  '3.20.0',
  null,
);
test(
  'an ID with capitals and blanks becomes a word',
  is,
  { '/etc/os-release': 'ID="My Linux / 2"\n' },
  'my-linux-2',
  null,
  null,
);

test('ID_LIKE names what a derivative comes from', async (t) => {
  const found = await identify(memoryGuest({ '/etc/os-release': 'ID=linuxmint\nID_LIKE="ubuntu debian"\n' }), []);
  t.deepEqual(found?.idLike, ['ubuntu', 'debian']);
});

test('no text makes a release file fail or take long', async (t) => {
  const word = fc.constantFrom(
    'ID=',
    'VERSION',
    ' release ',
    '(',
    ')',
    '"',
    '\n',
    '=',
    ',',
    '1.2',
    ':',
    'x',
    ' ',
    'cpe:',
    'Linux',
  );
  fc.assert(
    fc.property(fc.array(word, { maxLength: 60 }), (words) => {
      for (const { read } of RELEASE_FILES) read(words.join(''));
    }),
  );
  for (const text of [
    ' release '.repeat(20_000),
    '('.repeat(200_000),
    'VERSION='.repeat(20_000),
    `ID=x\nVERSION="${'('.repeat(200_000)}"`,
  ]) {
    await endsSoon(t, () => RELEASE_FILES.map(({ read }) => read(text)));
  }
});
