import { localRegistryFlags } from './local-registry.js';

/** The command lines of Docker and of Podman, which takes the same ones; `engine/docker.ts` runs them. */

export type DockerLike = 'docker' | 'podman';

/**
 * Podman would look for local names in registries, and keep a layer for each instruction. It isolates as buildah does:
 * runtimes ask for control groups and limits that it may not have without a daemon, or in a container.
 */
const BUILD_FLAGS: Readonly<Record<DockerLike, readonly string[]>> = {
  docker: ['--network', 'host'],
  podman: ['--isolation', 'chroot', '--network', 'host', '--pull=never', '--layers=false'],
};
/** As for buildah: files that are made for a command stay in its layer. */
const WITHOUT_NETWORK_FILES: Readonly<Record<DockerLike, readonly string[]>> = {
  docker: [],
  podman: ['--no-hosts', '--dns', 'none'],
};

interface BuildSetting {
  readonly labels: readonly string[];
  readonly needsNetwork: boolean;
  readonly secrets?: readonly { readonly id: string; readonly file: string }[] | undefined;
  /** `NAME=value`, of ARG instructions. */
  readonly buildArguments?: readonly string[];
}

export function buildArguments(
  program: DockerLike,
  folder: string,
  tag: string,
  { labels, needsNetwork, secrets = [], buildArguments: values = [] }: BuildSetting,
): string[] {
  return [
    ...['build', ...BUILD_FLAGS[program]],
    ...(needsNetwork ? [] : WITHOUT_NETWORK_FILES[program]),
    ...values.flatMap((value) => ['--build-arg', value]),
    ...secrets.map(({ id, file }) => `--secret=id=${id},src=${file}`),
    ...labels.flatMap((label) => ['--label', label]),
    ...['-t', tag, folder],
  ];
}

/** Removes what has no name and this label. */
export function pruneArguments(label: string): string[] {
  return ['image', 'prune', '--force', '--filter', `label=${label}`];
}

export function inspectArguments(reference: string): string[] {
  return ['image', 'inspect', reference];
}

export function pullArguments(program: DockerLike, reference: string, platform: string | null): string[] {
  const flags = program === 'podman' ? localRegistryFlags(reference) : [];
  return ['pull', ...flags, ...(platform === null ? [] : ['--platform', platform]), reference];
}

export function saveArguments(program: DockerLike, reference: string, file: string): string[] {
  return program === 'podman'
    ? ['save', '--format', 'docker-archive', '-o', file, reference]
    : ['save', '-o', file, reference];
}

export function tagArguments(reference: string, destination: string): string[] {
  return ['tag', reference, destination];
}

export function pushArguments(program: DockerLike, destination: string): string[] {
  return ['push', ...(program === 'podman' ? localRegistryFlags(destination) : []), destination];
}

/** A container that waits; it prints its id and removes itself when it ends. */
export function waitArguments(
  reference: string,
  seconds: number,
  mounts: readonly { readonly source: string; readonly target: string }[],
): string[] {
  const volumes = mounts.flatMap(({ source, target }) => ['--volume', `${source}:${target}:ro`]);
  return [
    ...['run', '--detach', '--rm', '--pull=never', '--network', 'host', '--user', '0', '--entrypoint', '/bin/sh'],
    ...[...volumes, reference, '-c', `sleep ${seconds}`],
  ];
}

/** A shell that reads its commands from standard input. */
export function shellArguments(container: string): string[] {
  return ['exec', '--interactive', '--user', '0', container, '/bin/sh', '-s'];
}

export function removeArguments(container: string): string[] {
  return ['rm', '--force', container];
}
