import type { GroupPlan, LayerPlan, MachinePlan, Plan } from '../model/plan.js';
import { quoteShell } from '../syntax/shell.js';
import { serviceImages } from './compose/index.js';
import { CREDENTIALS_SECRET } from './dockerfile/apt-setting.js';
import { mountsOf } from './dockerfile/dockerfile.js';
import { layerArchive, layerFolder, layerTag } from './layout.js';
import { oneLine } from './text.js';

/** For machines whose own archives ask who is there. */
const CREDENTIALS_HELP = `#   APT_CREDENTIALS=FILE           what the archives ask for, as apt_auth.conf(5) has it: a secret of the builds
`;
const CREDENTIALS_FLAG = ` \${APT_CREDENTIALS:+--secret "id=${CREDENTIALS_SECRET},src=$APT_CREDENTIALS"}`;

/** `build.sh`: every image in order with nothing of ours installed. POSIX sh. */
export function buildScript(plan: Plan): string {
  const steps = [...plan.groups.flatMap((group) => groupSteps(plan, group)), ...plan.machines.flatMap(serviceSteps)];
  const asks = plan.groups.some(({ layers }) => layers.some(({ install }) => install?.hasCredentials === true));
  return `#!/bin/sh
# Builds every image of this folder: bases, shared layers, machines, and their services on them.
#
#   ENGINE=docker|podman|buildah   what builds (default: the first of them that is installed)
#   BUILD_FLAGS='--network host'   more options for each build
${asks ? CREDENTIALS_HELP : ''}set -eu
cd "$(dirname "$0")"

if [ -z "\${ENGINE:-}" ]; then
  for ENGINE in docker podman buildah none; do
    command -v "$ENGINE" >/dev/null 2>&1 && break
  done
fi
if [ "$ENGINE" = none ]; then
  echo 'build.sh: install docker, podman or buildah, or name one with ENGINE=' >&2
  exit 1
fi

# need FILE: what an analysis leaves out and a conversion writes
need() {
  [ -e "$1" ] && return
  echo "build.sh: $1 is missing: it is written by: vm2docker-image convert" >&2
  exit 1
}

# build TAG FOLDER
build() {
  echo "building $1"
  # BUILD_FLAGS is several words.
  # shellcheck disable=SC2086
  "$ENGINE" build \${BUILD_FLAGS:-}${asks ? CREDENTIALS_FLAG : ''} -t "$1" "$2"
}

${steps.join('\n')}
`;
}

function groupSteps(plan: Plan, group: GroupPlan): string[] {
  const title = `# ${oneLine(group.os.prettyName)} (${group.id})`;
  return [title, ...group.layers.flatMap((layer) => layerSteps(plan, group, layer))];
}

function layerSteps(plan: Plan, group: GroupPlan, layer: LayerPlan): string[] {
  if (layer.kind === 'base' && group.base.kind === 'public') return [];
  const folder = quoteShell(layerFolder(plan, group, layer));
  const archive = layerArchive(plan, group, layer);
  const build = `build ${quoteShell(layerTag(plan, group, layer))} ${folder}`;
  const bootstraps = layer.kind === 'base' && group.base.kind === 'bootstrap';
  return [
    ...(bootstraps ? [`[ -e ${folder}/rootfs.tar ] || sh ${folder}/bootstrap.sh ${folder}/rootfs.tar`] : []),
    ...(archive === null ? [] : [`need ${quoteShell(archive)}`]),
    // Docker's classic builder knows no mounts.
    hasMounts(layer) ? `(export DOCKER_BUILDKIT=1; ${build})` : build,
  ];
}

function hasMounts({ install }: LayerPlan): boolean {
  return install !== undefined && mountsOf(install).length > 0;
}

function serviceSteps(machine: MachinePlan): string[] {
  const images = serviceImages(machine);
  if (images.length === 0) return [];
  return [
    `# The services of ${oneLine(machine.name)}, as compose.yaml starts them`,
    ...images.map(({ tag, folder }) => `build ${quoteShell(tag)} ${quoteShell(`vms/${machine.slug}/${folder}`)}`),
  ];
}
