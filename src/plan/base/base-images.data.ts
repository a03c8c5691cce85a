import { ARCHIVES } from './archives.data.js';

/** Which public image is the base of which release. Keys are ID and VERSION_ID of os-release, never PRETTY_NAME. */

export interface BaseImageRow {
  readonly id: string;
  /** VERSION_ID, or its beginning up to a dot; `*` any release, also none; null a release without VERSION_ID. */
  readonly version: string | null;
  /** `{version}` is VERSION_ID, `{minor}` its first two numbers, `{major}` its first. Null: see `reason`. */
  readonly reference: string | null;
  /** Why there is none, or what to know about it. */
  readonly reason?: string;
  /** Whether the image has `/bin` as a link into `/usr`. */
  readonly mergedUsr: boolean;
  /** Architectures (OCI names) the image exists for. */
  readonly platforms: readonly string[];
  /** For the dpkg family: the suite for a bootstrap. */
  readonly suite?: string;
  /** Where the packages are now that the release's own addresses are gone. */
  readonly deadArchive?: string;
}

const AMD64 = ['linux/amd64'];
const PC = ['linux/amd64', 'linux/386'];
const SERVER = ['linux/amd64', 'linux/arm64', 'linux/ppc64le', 'linux/s390x'];
const DEBIAN = [...PC, 'linux/arm64', 'linux/arm/v5', 'linux/arm/v7', 'linux/ppc64le', 'linux/s390x'];
const UBUNTU_OLD = [...PC, 'linux/arm64', 'linux/arm/v7', 'linux/ppc64le', 'linux/s390x'];
const UBUNTU = ['linux/amd64', 'linux/arm64', 'linux/arm/v7', 'linux/ppc64le', 'linux/s390x', 'linux/riscv64'];

export const BASE_IMAGES: readonly BaseImageRow[] = [
  // Debian. Images of 8 to 11 were made without merged /usr, while the installer of 10 and 11 merges it.
  debian('7', 'wheezy', false, 'debian/eol:wheezy', ARCHIVES.debianDead, PC),
  debian('8', 'jessie', false, 'debian/eol:jessie', ARCHIVES.debianDead, [...PC, 'linux/arm/v5', 'linux/arm/v7']),
  debian('9', 'stretch', false, 'debian/eol:stretch', ARCHIVES.debianDead, DEBIAN),
  debian('10', 'buster', false, 'debian/eol:buster', ARCHIVES.debianDead, DEBIAN),
  debian('11', 'bullseye', false, 'debian:bullseye'),
  debian('12', 'bookworm', true, 'debian:bookworm'),
  debian('13', 'trixie', true, 'debian:trixie', undefined, [...DEBIAN, 'linux/riscv64']),
  debian('14', 'forky', true, 'debian:forky', undefined, [...DEBIAN, 'linux/riscv64']),
  debian(null, 'sid', true, 'debian:sid', undefined, [...DEBIAN, 'linux/riscv64']),
  none('raspbian', '*', true, 'Raspbian is built for ARMv6 and publishes no image'),
  {
    id: 'kali',
    version: '*',
    reference: 'kalilinux/kali-rolling',
    reason: 'a rolling release: the image has newer packages than the machine',
    mergedUsr: true,
    platforms: [...PC, 'linux/arm64', 'linux/arm/v7'],
  },

  // Ubuntu. Merged /usr in the images from 19.04 on.
  ubuntu('12.04', 'precise', ARCHIVES.ubuntuDead),
  ubuntu('12.10', 'quantal', ARCHIVES.ubuntuDead),
  ubuntu('13.04', 'raring', ARCHIVES.ubuntuDead),
  ubuntu('13.10', 'saucy', ARCHIVES.ubuntuDead),
  ubuntu('14.04', 'trusty'),
  ubuntu('14.10', 'utopic', ARCHIVES.ubuntuDead),
  ubuntu('15.04', 'vivid', ARCHIVES.ubuntuDead),
  ubuntu('15.10', 'wily', ARCHIVES.ubuntuDead),
  ubuntu('16.04', 'xenial'),
  ubuntu('16.10', 'yakkety', ARCHIVES.ubuntuDead),
  ubuntu('17.04', 'zesty', ARCHIVES.ubuntuDead),
  ubuntu('17.10', 'artful', ARCHIVES.ubuntuDead),
  ubuntu('18.04', 'bionic'),
  ubuntu('18.10', 'cosmic', ARCHIVES.ubuntuDead),
  ubuntu('19.04', 'disco', ARCHIVES.ubuntuDead),
  ubuntu('19.10', 'eoan', ARCHIVES.ubuntuDead),
  ubuntu('20.04', 'focal'),
  ubuntu('20.10', 'groovy', ARCHIVES.ubuntuDead),
  ubuntu('21.04', 'hirsute', ARCHIVES.ubuntuDead),
  ubuntu('21.10', 'impish', ARCHIVES.ubuntuDead),
  ubuntu('22.04', 'jammy'),
  ubuntu('22.10', 'kinetic', ARCHIVES.ubuntuDead),
  ubuntu('23.04', 'lunar', ARCHIVES.ubuntuDead),
  ubuntu('23.10', 'mantic', ARCHIVES.ubuntuDead),
  ubuntu('24.04', 'noble'),
  ubuntu('24.10', 'oracular', ARCHIVES.ubuntuDead),
  ubuntu('25.04', 'plucky', ARCHIVES.ubuntuDead),
  ubuntu('25.10', 'questing'),
  ubuntu('26.04', 'resolute'),

  // Red Hat and its rebuilds. /usr is merged from 7 on.
  none('centos', '3', false, 'CentOS published images from 5 on'),
  none('centos', '4', false, 'CentOS published images from 5 on'),
  row('centos', '5', 'centos:5', false, AMD64, { deadArchive: ARCHIVES.centosDead }),
  row('centos', '6', 'centos:6', false, PC, { deadArchive: ARCHIVES.centosDead }),
  row('centos', '7', 'centos:7', true, [...PC, 'linux/arm64', 'linux/arm/v7', 'linux/ppc64le'], {
    deadArchive: ARCHIVES.centosDead,
  }),
  row('centos', '8', 'quay.io/centos/centos:stream8', true, SERVER, {
    deadArchive: ARCHIVES.centosDead,
    reason: 'CentOS Linux 8 and Stream 8 call themselves the same; the image is of Stream 8',
  }),
  row('centos', '9', 'quay.io/centos/centos:stream9', true, SERVER),
  row('centos', '10', 'quay.io/centos/centos:stream10', true, SERVER),
  ...['3', '4', '5'].map((version) => none('rhel', version, false, `Red Hat published no image of RHEL ${version}`)),
  row('rhel', '6', 'registry.access.redhat.com/rhel6', false, AMD64, {
    reason: 'packages beyond the image need a subscription',
  }),
  ...['7', '8', '9', '10'].map((version) =>
    row('rhel', version, `registry.access.redhat.com/ubi${version}/ubi`, true, SERVER, {
      reason: 'the universal base image; packages outside of its repositories need a subscription',
    }),
  ),
  ...['8', '9', '10'].map((version) => row('rocky', version, 'rockylinux/rockylinux:{major}', true, SERVER)),
  ...['8', '9', '10'].map((version) => row('almalinux', version, 'almalinux:{major}', true, SERVER)),
  ...['5', '6'].map((version) => row('ol', version, 'oraclelinux:{major}', false, AMD64)),
  ...['7', '8', '9', '10'].map((version) =>
    row('ol', version, 'oraclelinux:{major}', true, ['linux/amd64', 'linux/arm64']),
  ),
  row('scientific', '6', 'sl:6', false, AMD64),
  row('scientific', '7', 'sl:7', true, AMD64),
  none('scientific', '*', false, 'Scientific Linux published images of 6 and 7'),
  row('mariner', '1', 'mcr.microsoft.com/cbl-mariner/base/core:{minor}', true, ['linux/amd64', 'linux/arm64']),
  row('mariner', '2', 'mcr.microsoft.com/cbl-mariner/base/core:{minor}', true, ['linux/amd64', 'linux/arm64']),
  row('azurelinux', '3', 'mcr.microsoft.com/azurelinux/base/core:{minor}', true, ['linux/amd64', 'linux/arm64']),
  row('openeuler', '*', 'openeuler/openeuler:{minor}', true, ['linux/amd64', 'linux/arm64']),
  row('anolis', '*', 'openanolis/anolisos:{minor}', true, ['linux/amd64', 'linux/arm64']),
  row('photon', '*', 'photon:{minor}', true, ['linux/amd64', 'linux/arm64']),
  row('amzn', '2', 'amazonlinux:2', true, ['linux/amd64', 'linux/arm64']),
  row('amzn', '2023', 'amazonlinux:2023', true, ['linux/amd64', 'linux/arm64']),
  // The first Amazon Linux numbers its releases by date: 2011.09 to 2018.03.
  row('amzn', '*', 'amazonlinux:1', false, AMD64),
  ...[18, 19].map((release) => none('fedora', String(release), true, 'Fedora publishes images from release 20 on')),
  ...range(20, 41).map((release) =>
    row('fedora', release, 'fedora:{version}', true, release > '26' ? SERVER : AMD64, {
      deadArchive: ARCHIVES.fedoraDead,
    }),
  ),
  ...range(42, 44).map((release) => row('fedora', release, 'fedora:{version}', true, SERVER)),
  none('fedora', '*', true, 'no image of this release of Fedora is known'),

  // SUSE. Merged /usr in Tumbleweed (2021) and from 16 on.
  row(
    'opensuse-tumbleweed',
    '*',
    'opensuse/tumbleweed',
    true,
    [...PC, 'linux/arm64', 'linux/arm/v7', 'linux/ppc64le'],
    {
      reason: 'a rolling release: the image has newer packages than the machine',
    },
  ),
  row('opensuse-leap', '42', 'opensuse/leap:{minor}', false, AMD64, { deadArchive: ARCHIVES.opensuseDead }),
  row('opensuse-leap', '15', 'opensuse/leap:{minor}', false, SERVER),
  row('opensuse-leap', '16', 'opensuse/leap:{minor}', true, SERVER),
  row('opensuse', '42', 'opensuse/leap:{minor}', false, AMD64, { deadArchive: ARCHIVES.opensuseDead }),
  row('opensuse', '13', 'opensuse/archive:{minor}', false, AMD64, { deadArchive: ARCHIVES.opensuseDead }),
  none('opensuse', '*', false, 'openSUSE publishes images from 13.1 on'),
  row('sles', '12.5', 'registry.suse.com/suse/sles12sp5', false, SERVER),
  row('sles', '12.4', 'registry.suse.com/suse/sles12sp4', false, SERVER),
  row('sles', '12.3', 'registry.suse.com/suse/sles12sp3', false, SERVER),
  row('sles', '15', 'registry.suse.com/bci/bci-base:{minor}', false, SERVER),
  row('sles', '16', 'registry.suse.com/bci/bci-base:{minor}', true, SERVER),
  none('sles', '*', false, 'SUSE publishes images from 12 SP3 on'),

  // Mageia moved to merged /usr with 3.
  none('mageia', '1', false, 'Mageia publishes images from release 4 on'),
  none('mageia', '2', false, 'Mageia publishes images from release 4 on'),
  none('mageia', '3', true, 'Mageia publishes images from release 4 on'),
  ...range(4, 7).map((release) =>
    row('mageia', release, 'mageia:{version}', true, AMD64, { deadArchive: ARCHIVES.mageiaDead }),
  ),
  ...range(8, 9).map((release) => row('mageia', release, 'mageia:{version}', true, AMD64)),
  none('mandriva', '*', false, 'Mandriva is gone and never published an image'),
  none('mandrivalinux', '*', false, 'Mandriva is gone and never published an image'),

  row('alpine', '2', 'alpine:{minor}', false, AMD64),
  row('alpine', '3', 'alpine:{minor}', false, [
    ...PC,
    'linux/arm/v6',
    'linux/arm/v7',
    'linux/arm64',
    'linux/ppc64le',
    'linux/s390x',
  ]),
  row('alpine', '*', 'alpine:edge', false, [...PC, 'linux/arm/v7', 'linux/arm64']),
  row('arch', '*', 'archlinux:latest', true, AMD64, {
    reason: 'a rolling release: the image has newer packages than the machine',
  }),
  none('archarm', '*', true, 'Arch Linux ARM publishes no image'),
  none('gentoo', '*', true, 'Gentoo is built from source on each machine'),
  none('slackware', '*', false, 'Slackware publishes no official image'),
];

/**
 * ID_LIKE words whose rebuilds keep the release numbers of another ID, tried in order: the row of the same release of that
 * ID stands in. Rolling relatives have one row.
 */
export const REBUILD_OF: ReadonlyMap<string, readonly string[]> = new Map([
  ['rhel', ['almalinux', 'centos']],
  ['centos', ['almalinux', 'centos']],
  ['fedora', ['fedora']],
  ['opensuse', ['opensuse-leap']],
  ['mageia', ['mageia']],
  ['alpine', ['alpine']],
  ['arch', ['arch']],
]);

function debian(
  version: string | null,
  suite: string,
  mergedUsr: boolean,
  reference: string,
  deadArchive?: string,
  platforms: readonly string[] = DEBIAN,
): BaseImageRow {
  return { id: 'debian', version, reference, mergedUsr, platforms, suite, ...(deadArchive && { deadArchive }) };
}

function ubuntu(version: string, suite: string, deadArchive?: string): BaseImageRow {
  const number = Number(version);
  return {
    id: 'ubuntu',
    version,
    reference: 'ubuntu:{version}',
    mergedUsr: number >= 19.04,
    platforms: number < 14 ? PC : number < 19.1 ? UBUNTU_OLD : UBUNTU,
    suite,
    ...(deadArchive && { deadArchive }),
  };
}

function row(
  id: string,
  version: string,
  reference: string,
  mergedUsr: boolean,
  platforms: readonly string[],
  more: Pick<BaseImageRow, 'reason' | 'deadArchive'> = {},
): BaseImageRow {
  return { id, version, reference, mergedUsr, platforms, ...more };
}

function none(id: string, version: string, mergedUsr: boolean, reason: string): BaseImageRow {
  return { id, version, reference: null, reason, mergedUsr, platforms: [] };
}

function range(first: number, last: number): string[] {
  return Array.from({ length: last - first + 1 }, (_, step) => String(first + step));
}
