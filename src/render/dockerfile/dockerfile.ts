import type { GroupPlan, InstallPlan, LayerPlan, MachinePlan, Plan } from '../../model/plan.js';
import { programInstructions } from '../compose/program.js';
import { layerTag } from '../layout.js';
import { humanSize, oneLine } from '../text.js';
import { CREDENTIALS_MOUNT, CREDENTIALS_SECRET, DEBS_MOUNT } from './apt-setting.js';
import { deletionCommands, deletionsPlace } from './deletions.js';
import { dpkgInstallCommands } from './install-dpkg.js';
import { otherInstallCommands } from './install-others.js';
import { dockerComment, dockerValue, runCommands } from './quote.js';
import { reuseCopy, reuseStage } from './reuse.js';

/** The Dockerfile of one layer; its context is the folder it lies in. */
export function layerDockerfile(plan: Plan, group: GroupPlan, layer: LayerPlan): string {
  const stage = layer.reused === undefined ? [] : reuseStage(from(plan, group, layer));
  const lines = [...heading(group, layer), ...stage, from(plan, group, layer), ''];
  if (layer.kind === 'base') lines.push('ADD rootfs.tar /');
  else if (layer.kind === 'delta') lines.push(...deltaInstructions(layer));
  else if (layer.install !== undefined) lines.push(...installInstructions(layer, group));
  else lines.push(`ADD ${layer.kind}.tar /`);
  const machine = layer.kind === 'delta' ? plan.machines.find(({ name }) => name === layer.vms[0]) : undefined;
  lines.push('', ...labels(group, layer, machine));
  if (machine !== undefined) lines.push(...programInstructions(machine));
  return `${lines.join('\n')}\n`;
}

function heading(group: GroupPlan, layer: LayerPlan): string[] {
  const what = {
    base: `DI0 of ${group.id}: ${group.base.reason}`,
    packages: `Packages of ${layer.vms.join(', ')}: ${layer.packages.length} of them, about ${humanSize(layer.size.predicted)}`,
    files: `Files that ${layer.vms.join(', ')} have in common`,
    delta: `DI3 of ${layer.vms[0]}: everything that no layer below holds`,
  }[layer.kind];
  const how =
    layer.mode === 'install'
      ? ['Installed by the package manager of the base: what must be named for exactly these packages.']
      : layer.mode === 'disk' && layer.kind === 'packages'
        ? ['Laid down from the disk of the machine: no network and no package manager is needed.']
        : [];
  return [what, ...how, ...(layer.reason === undefined || layer.kind === 'base' ? [] : [`Why: ${layer.reason}.`])].map(
    dockerComment,
  );
}

function from(plan: Plan, group: GroupPlan, layer: LayerPlan): string {
  if (layer.parent === null) return 'FROM scratch';
  const parent = group.layers.find(({ id }) => id === layer.parent)!;
  const isForeign =
    parent.kind === 'base' && group.base.kind === 'public' && !['linux/amd64', null].includes(group.base.platform);
  return `FROM ${isForeign ? `--platform=${group.base.platform} ` : ''}${oneLine(layerTag(plan, group, parent))}`;
}

/** What the command of a layer mounts; Docker's classic builder knows no mounts. */
export function mountsOf({ debs, hasCredentials }: InstallPlan): string[] {
  return [
    ...(debs === undefined ? [] : [`type=bind,source=debs,target=${DEBS_MOUNT}`]),
    ...(hasCredentials === true ? [`type=secret,id=${CREDENTIALS_SECRET},target=${CREDENTIALS_MOUNT}`] : []),
  ];
}

function installInstructions(layer: LayerPlan, group: GroupPlan): string[] {
  const install = layer.install!;
  const commands = install.manager === 'dpkg' ? dpkgInstallCommands(install) : otherInstallCommands(install, group.os);
  return [runCommands(commands, mountsOf(install))];
}

/**
 * Deletions first, then the archive, so that type changes and the times of folders come out right. The list is added
 * and removed, because the classic builder knows no mounts in RUN.
 */
function deltaInstructions(layer: LayerPlan): string[] {
  const { deletions = [] } = layer;
  const place = deletionsPlace(deletions);
  const deleting = [`COPY deletions ${place}`, runCommands(deletionCommands(place)), ''];
  return [
    ...(deletions.length > 0 ? deleting : []),
    ...(layer.reused === undefined ? [] : [reuseCopy()]),
    'ADD delta.tar /',
  ];
}

/**
 * Labels of the image specification ("Pre-Defined Annotation Keys") and our own. None of them tells the time of the
 * build, so that the same machine gives the same Dockerfile.
 */
function labels(group: GroupPlan, layer: LayerPlan, machine: MachinePlan | undefined): string[] {
  const { base, os } = group;
  const ofMachine: [string, string][] =
    machine === undefined
      ? [['org.opencontainers.image.title', layer.id]]
      : [
          ['io.vm2docker.vm', machine.name],
          ['org.opencontainers.image.title', machine.name],
          ['org.opencontainers.image.description', `The virtual machine ${machine.name}, ${os.prettyName}`],
          ...(machine.diskDigests ?? []).map((digest, number): [string, string] => [
            `io.vm2docker.source.disk${number}.sha256`,
            digest,
          ]),
        ];
  const entries: [string, string][] = [
    ['io.vm2docker.layer', layer.id],
    ['io.vm2docker.os', os.prettyName],
    ...ofMachine,
    ...(os.versionId === null ? [] : ([['org.opencontainers.image.version', os.versionId]] as [string, string][])),
    ['org.opencontainers.image.base.name', base.kind === 'scratch' ? 'scratch' : base.reference],
    ...(base.digest === undefined
      ? []
      : ([['org.opencontainers.image.base.digest', base.digest]] as [string, string][])),
  ];
  return entries.map(([name, value]) => `LABEL ${name}=${dockerValue(value)}`);
}
