import type { MachineContainers } from '../../model/containers.js';
import { machineImage } from '../../model/image-name.js';
import type { MachinePlan } from '../../model/plan.js';
import { oneLine } from '../text.js';
import { composeFile } from './compose.js';
import { holderDockerfile, serviceDockerfile } from './dockerfile.js';
import { type GuardedService, guardService, type SecretVariable } from './secrets.js';

/** One image of a machine as containers: its tag, and the folder of its Dockerfile below `vms/NAME`. */
export interface ServiceImage {
  readonly tag: string;
  readonly folder: string;
}

/** The images that compose.yaml names, all on the machine's own: the holder's, then those of the services. */
export function serviceImages({ containers }: MachinePlan): ServiceImage[] {
  if (containers === undefined || containers.holder === null) return [];
  return [
    { tag: containers.holder.image, folder: 'services/net' },
    ...containers.services.map(({ image, slug }) => ({ tag: image, folder: `services/${slug}` })),
  ];
}

/** The files of a machine as containers, by path below `vms/NAME`; none when it has no service to run. */
export function composeFiles(machine: MachinePlan, showSecrets: boolean): { path: string; content: string }[] {
  const { containers } = machine;
  if (containers === undefined || containers.holder === null) return [];
  const image = machineImage(machine);
  const guarded = guard(containers, showSecrets);
  const secrets = guarded.flatMap((each) => each.secrets);
  return [
    { path: 'compose.yaml', content: composeFile(machine.name, containers, guarded) },
    ...(secrets.length === 0 ? [] : [{ path: '.env', content: secretsFile(secrets) }]),
    { path: 'services/net/Dockerfile', content: holderDockerfile(image, containers) },
    ...guarded.map((each) => ({
      path: `services/${each.service.slug}/Dockerfile`,
      content: serviceDockerfile(image, containers, each),
    })),
  ];
}

/** The secrets that the user has to set before the machine starts as containers. */
export function machineSecrets(machine: MachinePlan, showSecrets: boolean): SecretVariable[] {
  return machine.containers === undefined ? [] : guard(machine.containers, showSecrets).flatMap((each) => each.secrets);
}

function guard(containers: MachineContainers, showSecrets: boolean): GuardedService[] {
  const taken = new Set<string>();
  return containers.services.map((service) => guardService(service, showSecrets, taken));
}

/** Read by Compose from the folder of compose.yaml. */
function secretsFile(secrets: readonly SecretVariable[]): string {
  return [
    '# Secrets of the services: they are in no other file here. Fill them in before starting the containers.',
    ...secrets.flatMap(({ name, service, source }) => [`# ${oneLine(`${service}, ${source}`)}`, `${name}=`]),
    '',
  ].join('\n');
}
