import { hasEscapes } from '../model/path.js';
import type { GroupPlan, Plan } from '../model/plan.js';
import { machineSecrets } from './compose/index.js';
import { layerArchive, layerFolder, layerTag } from './layout.js';
import { humanSize, oneLine } from './text.js';

/** `README.md` of the output folder: what it is, and how to build it with nothing of ours installed. */
export function outputReadme(plan: Plan, showSecrets = false): string {
  const archives = plan.groups.flatMap((group) =>
    group.layers.map((layer) => layerArchive(plan, group, layer)).filter((path) => path !== null),
  );
  return `# Images of ${plan.machines.map(({ name }) => markdown(name)).join(', ')}

Written by vm2docker-image from powered-off machines. Each machine is an image of layers: a base (DI0), its packages
(DI1, shared where several machines have them, and DI2), and everything else (DI3).

## Build

    ./build.sh                  # with docker, podman or buildah, whichever is installed
    ENGINE=buildah ./build.sh   # or name it

or by hand, in this order:

${plan.groups.map((group) => commands(plan, group)).join('\n')}

The archives come from the disks. An analysis does not write them; \`vm2docker-image convert\` with the same arguments does:
${archives.length === 0 ? 'none is needed here.' : ''}
${archives.map((path) => `- \`${path}\``).join('\n')}

## What is where

| path | what |
|---|---|
| \`report.json\` | all findings, with their evidence |
| \`base/\` | how DI0 comes about when it is no public image |
| \`layers/ID/Dockerfile\` | a layer of packages |
| \`vms/NAME/Dockerfile\` | DI3 of a machine: deletions first, then \`delta.tar\` |
| \`vms/NAME/delta.list\` | the paths of DI3, one a line (bytes outside of printable ASCII as \`\\ooo\`) |
| \`vms/NAME/manifest.mtree\` | every path of the machine: \`mtree -f manifest.mtree -p ROOT\` checks an image |
| \`vms/NAME/services/SERVICE/Dockerfile\` | a service of the machine as an image of its own, on the machine's |
| \`vms/NAME/compose.yaml\` | the machine as containers |
${containerSection(plan, showSecrets)}
${plan.groups.map((group) => layerTable(plan, group)).join('\n')}`;
}

/** How to start the machines as containers, and which secrets to fill in first. */
function containerSection(plan: Plan, showSecrets: boolean): string {
  const machines = plan.machines.filter(({ containers }) => (containers?.holder ?? null) !== null);
  if (machines.length === 0) return '';
  const secrets = machines.flatMap((machine) =>
    machineSecrets(machine, showSecrets).map(
      ({ name, service, source }) =>
        `- \`vms/${machine.slug}/.env\`: \`${name}\` (${markdown(`${service}, ${source}`)})`,
    ),
  );
  return `
## Start the machines as containers

Build the images first; \`build.sh\` builds those of the services too. Each service of a machine is a container; all of them share the network of \`NAME-net\`, as
they shared the machine's. Stop the machine itself before its containers take over its data and its name.

${machines.map(({ slug }) => `    (cd vms/${slug} && docker compose up -d)`).join('\n')}
${secrets.length === 0 ? '' : `\nSecrets of commands and environments are in none of these files. Fill them in before:\n\n${secrets.join('\n')}\n`}`;
}

function commands(plan: Plan, group: GroupPlan): string {
  return group.layers
    .filter((layer) => layer.kind !== 'base' || group.base.kind !== 'public')
    .map((layer) => `    docker build -t ${layerTag(plan, group, layer)} ${layerFolder(plan, group, layer)}`)
    .join('\n');
}

function layerTable(plan: Plan, group: GroupPlan): string {
  const rows = group.layers.map((layer) => {
    const cells = [
      layerTag(plan, group, layer),
      layer.kind,
      layer.vms.map(markdown).join(', '),
      layer.kind === 'delta' ? '' : String(layer.packages.length),
      humanSize(layer.size.predicted),
    ];
    return `| ${cells.join(' | ')} |`;
  });
  return `## ${markdown(group.os.prettyName)}, ${markdown(group.os.architecture ?? 'unknown architecture')}

Base: ${markdown(group.base.reference)}: ${markdown(group.base.reason)}${group.base.checked ? '' : ' (its existence was not checked)'}

| image | kind | machines | packages | size, predicted |
|---|---|---|---|---|
${rows.join('\n')}
`;
}

/** Guest text in a line or table cell: nothing of it is markup. */
function markdown(text: string): string {
  const clean = hasEscapes(text) ? oneLine(text) : text;
  return oneLine(clean).replace(/[\\`*_{}[\]()<>#+!|~]/g, '\\$&');
}
