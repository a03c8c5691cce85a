/** The command lines of Docker and of Podman, which takes the same ones; `engine/docker.ts` runs them. */

export type DockerLike = 'docker' | 'podman';

/** Podman would look for local names in registries, and keep a layer for each instruction. */
const BUILD_FLAGS: Readonly<Record<DockerLike, readonly string[]>> = {
  docker: ['--network', 'host'],
  podman: ['--network', 'host', '--pull=never', '--layers=false'],
};

export function buildArguments(program: DockerLike, folder: string, tag: string, labels: readonly string[]): string[] {
  return [
    ...['build', ...BUILD_FLAGS[program]],
    ...labels.flatMap((label) => ['--label', label]),
    ...['-t', tag, folder],
  ];
}

export function inspectArguments(reference: string): string[] {
  return ['image', 'inspect', reference];
}

export function pullArguments(reference: string, platform: string | null): string[] {
  return ['pull', ...(platform === null ? [] : ['--platform', platform]), reference];
}

export function saveArguments(program: DockerLike, reference: string, file: string): string[] {
  return program === 'podman'
    ? ['save', '--format', 'docker-archive', '-o', file, reference]
    : ['save', '-o', file, reference];
}

export function tagArguments(reference: string, destination: string): string[] {
  return ['tag', reference, destination];
}

export function pushArguments(destination: string): string[] {
  return ['push', destination];
}
