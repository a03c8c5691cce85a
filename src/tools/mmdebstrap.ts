/** What a bootstrap of a Debian or Ubuntu root is told. */
export interface BootstrapRequest {
  readonly suite: string;
  readonly archive: string;
  readonly components: readonly string[];
  readonly architecture: string;
  readonly layout?: 'merged-usr' | 'no-merged-usr';
}

/**
 * The command line of mmdebstrap(1). Old archives have expired Release files; their signatures are checked all the
 * same.
 */
export function bootstrapArguments(request: BootstrapRequest, archiveFile: string): string[] {
  return [
    ...['--variant=minbase', '--format=tar', `--components=${request.components.join(',')}`],
    `--architectures=${request.architecture}`,
    '--aptopt=Acquire::Check-Valid-Until "false"',
    ...(request.layout === undefined ? [] : [`--hook-dir=/usr/share/mmdebstrap/hooks/${request.layout}`]),
    ...[request.suite, archiveFile, request.archive],
  ];
}
