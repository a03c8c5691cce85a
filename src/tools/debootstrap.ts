import type { BootstrapRequest } from './mmdebstrap.js';

/** The command line of debootstrap(8), for hosts without mmdebstrap: one suite of one archive, into a folder, as root. */
export function debootstrapArguments(request: BootstrapRequest, folder: string): string[] {
  return [
    ...['--variant=minbase', `--components=${request.components.join(',')}`, `--arch=${request.architecture}`],
    ...(request.layout === undefined ? [] : [`--${request.layout}`]),
    ...[request.suite, folder, request.archive],
  ];
}

/** Packs a root by name, so that the same root gives the same archive. */
export function packArguments(folder: string, file: string): string[] {
  // The last two are the host's.
  const left = ['./var/cache/apt/archives/*.deb', './var/lib/apt/lists/*', './debootstrap'].concat(
    ['hostname', 'resolv.conf'].map((name) => `./etc/${name}`),
  );
  return [
    ...['--numeric-owner', '--sort=name', '--xattrs', '--xattrs-include=*', '--sparse'],
    ...['--wildcards', ...left.map((pattern) => `--exclude=${pattern}`), '-C', folder, '-cf', file, '.'],
  ];
}
