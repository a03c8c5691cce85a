/** What a bootstrap of a Debian or Ubuntu root is told. */
export interface BootstrapRequest {
  readonly suite: string;
  readonly archive: string;
  readonly components: readonly string[];
  readonly architecture: string;
  readonly layout?: 'merged-usr' | 'no-merged-usr';
  /** Lines of sources.list(5) in place of the one archive. */
  readonly sources?: readonly string[];
}

export interface BootstrapFiles {
  /** Keyrings that count beside the host's. */
  readonly keyrings: readonly string[];
  /** What the archives ask for (apt_auth.conf(5)); null: nothing. */
  readonly credentials: string | null;
}

/** The environment of mmdebstrap names a file of apt_preferences(5) by this; it serves the bootstrap alone. */
export const PREFERENCES_VARIABLE = 'VM2DOCKER_PREFERENCES';

const PREFERENCES = '/etc/apt/preferences.d/vm2docker';
/** Where mmdebstrap leaves the options that it was given, for good. */
const OPTIONS = ['/etc/apt/apt.conf.d/99mmdebstrap', '/etc/dpkg/dpkg.cfg.d/99mmdebstrap'];

/** What mmdebstrap copies from the host, which is nobody's business in an image; builds get their own from the engine. */
const OF_THE_HOST = ['/etc/hostname', '/etc/resolv.conf'];

/**
 * The command line of mmdebstrap(1). Old archives have expired Release files; their signatures are checked all the
 * same.
 */
export function bootstrapArguments(
  request: BootstrapRequest,
  archiveFile: string,
  { keyrings, credentials }: BootstrapFiles = { keyrings: [], credentials: null },
): string[] {
  return [
    ...['--variant=minbase', '--format=tar', `--components=${request.components.join(',')}`],
    `--architectures=${request.architecture}`,
    '--aptopt=Acquire::Check-Valid-Until "false"',
    '--dpkgopt=force-unsafe-io',
    ...(credentials === null ? [] : [`--aptopt=Dir::Etc::netrc "${credentials}"`]),
    ...keyrings.map((file) => `--keyring=${file}`),
    `--setup-hook=mkdir -p "$1/etc/apt/preferences.d"; cp "$${PREFERENCES_VARIABLE}" "$1${PREFERENCES}"`,
    `--customize-hook=rm -f ${[PREFERENCES, ...OPTIONS, ...OF_THE_HOST].map((path) => `"$1${path}"`).join(' ')}`,
    ...(request.layout === undefined ? [] : [`--hook-dir=/usr/share/mmdebstrap/hooks/${request.layout}`]),
    ...[request.suite, archiveFile, ...(request.sources ?? [request.archive])],
  ];
}
