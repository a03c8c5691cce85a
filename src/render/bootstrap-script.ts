import type { BuildKey, GroupPlan } from '../model/plan.js';
import { quoteShell } from '../syntax/shell.js';

const LINE = 76;
/** How lines of sources name keys that a build has (`plan/base/archive-keys.ts`). */
const BUILD_KEYS = '/tmp/vm2docker-';

/**
 * `bootstrap.sh`: a minimal root of the release, made as root by mmdebstrap as a conversion makes it, from the same
 * sources and with the machines' versions as far as these have them; by debootstrap, which knows neither, without.
 */
export function bootstrapScript(group: GroupPlan): string {
  const { suite, archive, components, architecture, layout, sources, pins = [], keys = [] } = group.base.bootstrap!;
  const hook = layout === undefined ? '' : ` --hook-dir=/usr/share/mmdebstrap/hooks/${layout}`;
  const flag = layout === undefined ? '' : ` --${layout}`;
  const [first = quoteShell(archive), ...others] = (sources ?? []).map(sourceWord);
  const words = { suite: quoteShell(suite), archive: quoteShell(archive), architecture: quoteShell(architecture) };
  const trusted = keys.filter(({ isTrusted }) => isTrusted).map(({ file }) => ` --keyring="$scratch/${file}"`);
  return `#!/bin/sh
# Makes the minimal root that the images stand on, as root: sh bootstrap.sh rootfs.tar
set -eu
target=$1
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
chmod 755 "$scratch"

# make SOURCE...
make() {
  # Old archives have expired Release files; the signatures are checked all the same. The versions serve the bootstrap alone.
  mmdebstrap --variant=minbase --format=tar --components=${quoteShell(components.join(','))} --architectures=${words.architecture} \\
    --aptopt='Acquire::Check-Valid-Until "false"'${hook}${trusted.join('')} \\
    --setup-hook='mkdir -p "$1/etc/apt/preferences.d"; cp "$VM2DOCKER_PREFERENCES" "$1/etc/apt/preferences.d/vm2docker"' \\
    --customize-hook='rm -f "$1/etc/apt/preferences.d/vm2docker" "$1/etc/apt/apt.conf.d/99mmdebstrap" "$1/etc/dpkg/dpkg.cfg.d/99mmdebstrap" "$1/etc/hostname" "$1/etc/resolv.conf"' \\
    ${words.suite} "$target.part" "$@"
}

if command -v mmdebstrap >/dev/null 2>&1; then
  export VM2DOCKER_PREFERENCES="$scratch/preferences"
  : >"$VM2DOCKER_PREFERENCES"
${keys.map(keyCommand).join('')}${pins.length === 0 ? '' : pinCommands(pins)}  ${making(first, others)}
elif command -v debootstrap >/dev/null 2>&1; then
  debootstrap --variant=minbase --components=${quoteShell(components.join(','))} --arch=${words.architecture}${flag} \\
    ${words.suite} "$scratch/root" ${words.archive}
  # The host's name and name servers are nobody's business in an image.
  rm -f "$scratch"/root/etc/hostname "$scratch"/root/etc/resolv.conf
  rm -rf "$scratch"/root/var/cache/apt/archives/*.deb "$scratch"/root/var/lib/apt/lists/*
  tar --numeric-owner --sort=name -C "$scratch/root" -cf "$target.part" .
else
  echo 'bootstrap.sh: install mmdebstrap or debootstrap' >&2
  exit 1
fi
mv "$target.part" "$target"
`;
}

function making(first: string, others: readonly string[]): string {
  if (others.length === 0) return `make ${first}`;
  return `make ${[first, ...others].join(' ')} || {
    echo 'some sources cannot be used: making the root from the release alone' >&2
    rm -f "$target.part"
    make ${first}
  }`;
}

/** Where a line names a key of ours, the script's own folder stands in for that of a build. */
function sourceWord(line: string): string {
  return line
    .split(BUILD_KEYS)
    .map((part, number) => (number === 0 ? '' : '"$scratch"/vm2docker-') + (part === '' ? '' : quoteShell(part)))
    .join('');
}

function keyCommand({ file, content }: BuildKey): string {
  const lines = content.toString('base64').match(new RegExp(`.{1,${LINE}}`, 'g')) ?? [];
  return `  base64 -d >"$scratch/${file}" <<'END'\n${lines.join('\n')}\nEND\n`;
}

function pinCommands(pins: readonly { readonly package: string; readonly version: string }[]): string {
  const words = pins.map((pin) => `    ${quoteShell(`${pin.package}=${pin.version}`)}`);
  return `  for pin in \\
${words.join(' \\\n')}
  do
    printf 'Package: %s\\nPin: version %s\\nPin-Priority: 1001\\n\\n' "\${pin%%=*}" "\${pin#*=}" >>"$VM2DOCKER_PREFERENCES"
  done
`;
}
