import type { ContainerService, MachineContainers, RuntimeFolder } from '../../model/containers.js';
import { dockerComment, dockerValue, runCommands, runWord } from '../dockerfile/quote.js';
import { isLoopback } from './ports.js';
import { type GuardedService, maskedCommand } from './secrets.js';

/** `vms/NAME/services/SERVICE/Dockerfile`: the machine's image with one of its services as the program (design §6). */
export function serviceDockerfile(
  machineImage: string,
  containers: MachineContainers,
  guarded: GuardedService,
): string {
  const { service, secrets } = guarded;
  const exposed = exposedPorts(service);
  const plain = guarded.environment.filter((pair): pair is readonly [string, string] => typeof pair[1] === 'string');
  const lines = [
    dockerComment(`Service ${service.service}${service.description === null ? '' : `: ${service.description}`}`),
    ...(secrets.length === 0
      ? []
      : [dockerComment('Its secrets are not in the image: compose.yaml takes them from .env')]),
    ...fromMachine(machineImage, containers),
    ...foldersRun(containers.folders),
    ...plain.map(([name, value]) => `ENV ${name}=${dockerValue(value)}`),
    ...(service.workingDirectory === null ? [] : [`WORKDIR ${dockerValue(service.workingDirectory)}`]),
    ...(service.user === null ? [] : [`USER ${service.user}`]),
    ...(exposed.length === 0 ? [] : [`EXPOSE ${exposed.join(' ')}`]),
    ...(service.stopSignal === null ? [] : [`STOPSIGNAL ${service.stopSignal}`]),
    `CMD ${jsonArray(maskedCommand(guarded))}`,
  ];
  return `${lines.join('\n')}\n`;
}

/** The image of the holder: volumes take their first content, owners included, from it. */
export function holderDockerfile(machineImage: string, containers: MachineContainers): string {
  const lines = [
    dockerComment('Holds the network of the machine and mounts its volumes first; it only waits'),
    ...fromMachine(machineImage, containers),
    ...foldersRun(containers.folders),
    `CMD ${jsonArray(containers.holder!.command)}`,
  ];
  return `${lines.join('\n')}\n`;
}

/** The image of a machine with one service may have that service's user. */
function fromMachine(machineImage: string, { services }: MachineContainers): string[] {
  const hasUser = services.length === 1 && services[0]!.user !== null;
  return [`FROM ${machineImage}`, ...(hasUser ? ['USER root'] : [])];
}

/** Each once, without those that only the machine itself reaches. */
export function exposedPorts({ ports }: Pick<ContainerService, 'ports'>): string[] {
  const open = ports.filter((port) => !isLoopback(port.address));
  return [...new Set(open.map(({ port, protocol }) => `${port}/${protocol}`))];
}

/** The same step in every image of the machine: engines keep it once. */
function foldersRun(folders: readonly RuntimeFolder[]): string[] {
  if (folders.length === 0) return [];
  return [
    runCommands([
      `mkdir -p ${folders.map(({ path }) => runWord(path)).join(' ')}`,
      ...folders.flatMap(({ path, owner, group, mode }) => [
        ...(owner === 'root' && group === 'root' ? [] : [`chown ${owner}:${group} ${runWord(path)}`]),
        ...(mode === 0o755 ? [] : [`chmod ${mode.toString(8).padStart(4, '0')} ${runWord(path)}`]),
      ]),
    ]),
  ];
}

/** ASCII alone: a parser in between may know no other line separators or encodings. */
export function jsonArray(words: readonly string[]): string {
  const escaped = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  return `[${words.map((word) => JSON.stringify(word).replace(/[\x7f-\uffff]/g, escaped)).join(', ')}]`;
}
