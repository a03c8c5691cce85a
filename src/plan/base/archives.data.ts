/** The public archives of distributions, living and dead: the one place that names their hosts. */
export const ARCHIVES = {
  debian: 'http://ftp.debian.org/debian',
  debianSecurity: 'http://security.debian.org/debian-security',
  debianDead: 'http://archive.debian.org/debian',
  debianSnapshot: 'http://snapshot.debian.org/archive',
  raspbian: 'http://raspbian.raspberrypi.org/raspbian',
  ubuntu: 'http://archive.ubuntu.com/ubuntu',
  ubuntuPorts: 'http://ports.ubuntu.com/ubuntu-ports',
  ubuntuDead: 'http://old-releases.ubuntu.com/ubuntu',
  centosDead: 'http://vault.centos.org',
  fedoraDead: 'https://archives.fedoraproject.org/pub/archive/fedora/linux',
  opensuseDead: 'https://ftp.gwdg.de/pub/opensuse/discontinued',
  mageiaDead: 'https://distrib-coffee.ipsl.jussieu.fr/pub/linux/Mageia-archive',
  archSnapshot: 'https://archive.archlinux.org/repos',
} as const;

/**
 * Where the repositories of a dead release are, as its package manager takes them: base URLs with yum's variables for
 * the managers over rpm. `{archive}` is the archive, `{point}` the last point release, or the machine's own.
 */
export interface DeadRepositories {
  readonly id: string;
  /** VERSION_ID, or its beginning up to a dot. */
  readonly version: string;
  readonly archive: string;
  /** The last point release; of a release without any, itself. */
  readonly point: string;
  readonly repositories: readonly string[];
}

const CENTOS_OLD = ['os', 'updates', 'extras'].map((name) => `{archive}/{point}/${name}/$basearch/`);
const CENTOS_8 = ['BaseOS', 'AppStream', 'extras'].map((name) => `{archive}/{point}/${name}/$basearch/os/`);
const LEAP = ['distribution/leap/{point}/repo/oss/', 'update/leap/{point}/oss/'].map((path) => `{archive}/${path}`);
const OPENSUSE_13 = ['distribution/{point}/repo/oss/', 'update/{point}/'].map((path) => `{archive}/${path}`);
const MAGEIA = ['release', 'updates'].map((name) => `{archive}/distrib/{point}/$basearch/media/core/${name}/`);

export const DEAD_REPOSITORIES: readonly DeadRepositories[] = [
  ...[
    ['5', '5.11'],
    ['6', '6.10'],
    ['7', '7.9.2009'],
  ].map(([version, point]) => dead('centos', version!, ARCHIVES.centosDead, CENTOS_OLD, point)),
  dead('centos', '8', ARCHIVES.centosDead, CENTOS_8, '8.5.2111'),
  // The folder of updates changed its place with release 28.
  ...releases(20, 27).map((version) =>
    dead('fedora', version, ARCHIVES.fedoraDead, [
      '{archive}/releases/{point}/Everything/$basearch/os/',
      '{archive}/updates/{point}/$basearch/',
    ]),
  ),
  ...releases(28, 41).map((version) =>
    dead('fedora', version, ARCHIVES.fedoraDead, [
      '{archive}/releases/{point}/Everything/$basearch/os/',
      '{archive}/updates/{point}/Everything/$basearch/',
    ]),
  ),
  ...['42.1', '42.2', '42.3'].flatMap((version) =>
    ['opensuse', 'opensuse-leap'].map((id) => dead(id, version, ARCHIVES.opensuseDead, LEAP)),
  ),
  ...['13.1', '13.2'].map((version) => dead('opensuse', version, ARCHIVES.opensuseDead, OPENSUSE_13)),
  ...releases(4, 7).map((version) => dead('mageia', version, ARCHIVES.mageiaDead, MAGEIA)),
];

function dead(
  id: string,
  version: string,
  archive: string,
  repositories: readonly string[],
  point: string = version,
): DeadRepositories {
  return { id, version, archive, point, repositories };
}

function releases(first: number, last: number): string[] {
  return Array.from({ length: last - first + 1 }, (_, step) => String(first + step));
}
