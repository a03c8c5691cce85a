import { localRegistryFlags } from './local-registry.js';

/** The command lines of buildah (buildah-build(1), buildah-push(1)); `engine/buildah.ts` runs them. */

interface BuildSetting {
  readonly labels: readonly string[];
  readonly needsNetwork: boolean;
  readonly secrets?: readonly { readonly id: string; readonly file: string }[] | undefined;
}

/**
 * Each Dockerfile becomes one layer. Without a daemon there is nothing that could isolate better than a chroot, which
 * works as root and without; the network is the host's, as its sources may be reachable by the host alone.
 */
export function buildArguments(
  folder: string,
  tag: string,
  { labels, needsNetwork, secrets = [] }: BuildSetting,
): string[] {
  return [
    ...['bud', '--isolation', 'chroot', '--network', 'host', '--pull=never', '--layers=false'],
    // Files of hosts and of name servers that are made for a command stay in the layer, and none can be deleted in it.
    ...(needsNetwork ? [] : ['--no-hosts', '--dns', 'none']),
    ...secrets.map(({ id, file }) => `--secret=id=${id},src=${file}`),
    ...labels.flatMap((label) => ['--label', label]),
    ...['-t', tag, folder],
  ];
}

export function inspectArguments(reference: string): string[] {
  return ['inspect', '--type', 'image', reference];
}

export function pullArguments(reference: string, platform: string | null): string[] {
  return ['pull', ...localRegistryFlags(reference), ...(platform === null ? [] : ['--platform', platform]), reference];
}

/** Into a folder in OCI layout; blobs that are there already are not written again. */
export function saveArguments(reference: string, layout: string, name: string): string[] {
  return ['push', '--disable-compression', reference, `oci:${layout}:${name}`];
}

export function pushArguments(reference: string, destination: string): string[] {
  return ['push', ...localRegistryFlags(destination), reference, `docker://${destination}`];
}

/** Prints the name of the new container. */
export function fromArguments(reference: string, name: string): string[] {
  return ['from', '--pull=never', '--name', name, reference];
}

/** Prints names of containers, one a line. */
export function containerNamesArguments(): string[] {
  return ['containers', '--format', '{{.ContainerName}}'];
}

/** A shell that reads its commands from standard input. */
export function shellArguments(
  container: string,
  mounts: readonly { readonly source: string; readonly target: string }[],
): string[] {
  const volumes = mounts.flatMap(({ source, target }) => ['--volume', `${source}:${target}:ro`]);
  return [
    'run',
    '--isolation',
    'chroot',
    '--network',
    'host',
    '--user',
    '0',
    ...volumes,
    container,
    '--',
    '/bin/sh',
    '-s',
  ];
}

export function removeArguments(container: string): string[] {
  return ['rm', container];
}
