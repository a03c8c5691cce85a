import type { OperatingSystem } from '../../model/os.js';
import type { InstallPlan } from '../../model/plan.js';
import { managerOf, PACKAGE_MANAGERS, type PackageManager } from '../package-managers/index.js';
import { accountCommands } from './accounts.js';
import { namedPackages } from './exact-packages.js';
import { commandWithList, runWord } from './quote.js';
import { knowsSetopt, RPM_TOOLS, type RpmTool } from './rpm-tools.js';

const SCRATCH = '/tmp/vm2docker';
const HOME = `${SCRATCH}-home`;
const REPOSITORIES = `${SCRATCH}-repositories`;
/** The version as databases and pins write it. */
const VERSION = '%|EPOCH?{%{EPOCH}:}:{}|%{VERSION}-%{RELEASE}\\n';

/**
 * The commands of a RUN that installs with a manager over rpm: exact versions, documents and languages that the base
 * leaves out, nothing that is only recommended. Scripts of rpm packages start no services, and systemctl is told that
 * nothing runs. Configuration of the build lies below /tmp and goes again.
 *
 * A plan that was made without asking first takes what there is and then corrects the versions that can be had.
 */
export function rpmInstallCommands(plan: InstallPlan, os: OperatingSystem): string[] {
  const manager = rpmManager(plan, os);
  const tool = RPM_TOOLS[manager.name]!;
  const { prepare, options } = rpmSetup(plan, os, manager.name);
  const call = (action?: string): string => {
    const [program, ...all] = manager.install([]);
    // What they would set stands in the configuration then.
    const words =
      manager.name === 'yum' && !knowsSetopt({ os }) ? all.filter((word) => !word.startsWith('--setopt')) : all;
    const rest = action === undefined ? words : words.map((word) => (word === 'install' ? action : word));
    return [program!, ...options, ...rest].join(' ');
  };
  return [
    `export HOME=${HOME} SYSTEMD_OFFLINE=1`,
    `mkdir -p ${HOME}`,
    `printf '%%_install_langs all\\n%%_excludedocs 0\\n' >${HOME}/.rpmmacros`,
    ...accountCommands(plan.accounts ?? { users: [], groups: [] }),
    ...prepare,
    `install() { ${call()} "$@"; }`,
    ...(tool.downgrade === undefined ? [] : [`older() { ${call(tool.downgrade)} "$@" >/dev/null 2>&1 || true; }`]),
    commandWithList('set --', namedPackages(plan).map(manager.spell)),
    ...(plan.isChecked === true ? strict(tool, plan) : lenient(tool, plan)),
    ...tool.clean,
    ...(plan.remove.length === 0 ? [] : [commandWithList(manager.remove([]).join(' '), plan.remove)]),
    ...((plan.trimmed ?? []).length === 0 ? [] : [commandWithList('rm -rf --', plan.trimmed!)]),
    `rm -rf ${SCRATCH}-*`,
  ];
}

/** Commands before a manager is called, and options of every call. */
export function rpmSetup(
  { sources }: InstallPlan,
  os: OperatingSystem,
  name: PackageManager['name'],
): { prepare: readonly string[]; options: readonly string[] } {
  const tool = RPM_TOOLS[name]!;
  const setting = { os, repositories: sources === null ? null : REPOSITORIES };
  return { prepare: [...repositoryFiles(sources), ...tool.prepare(setting)], options: tool.options(setting) };
}

/** The one that the base has, where somebody looked; otherwise the one of the release. */
export function rpmManager({ program }: Pick<InstallPlan, 'program'>, os: OperatingSystem): PackageManager {
  return PACKAGE_MANAGERS.find(({ name }) => name === program) ?? managerOf('rpm', os);
}

/** yum passes over what it cannot find, and calls an older version than the base's nothing to do. */
function strict({ downgrade }: RpmTool, plan: InstallPlan): string[] {
  if (downgrade === undefined) return ['install "$@"'];
  const names = plan.named.map((name) => name.replace(':', '.'));
  return ['install "$@" || older "$@"', 'older "$@"', commandWithList('rpm --query', names)];
}

function lenient({ exact, downgrade }: RpmTool, plan: InstallPlan): string[] {
  const split = `bare=\${name%%:*}; dotted=\${name#"$bare"}; dotted=\${dotted:+.\${dotted#:}}`;
  const versions = `rpm --query --queryformat '${VERSION}' "$bare$dotted"`;
  const older = downgrade === undefined ? '' : 'older $wrong; ';
  return [
    `install "$@" || for item; do install "$item" || echo "$item cannot be had" >&2; done`,
    'wrong=',
    'missing=',
    `pin() { version=$1; shift; for name; do ${split}; ${versions} | grep -qxF "$version" || { wrong="$wrong ${exact}"; missing="$missing $bare$dotted"; }; done; }`,
    ...plan.pins.map(({ version, packages }) => `pin ${[version, ...packages].map(runWord).join(' ')}`),
    `if test -n "$wrong"; then install $wrong || for item in $wrong; do install "$item" || echo "$item cannot be had" >&2; done; ${older}fi`,
    `for name in $missing; do rpm --query "$name" >/dev/null || install "$name" || echo "$name cannot be had" >&2; done`,
  ];
}

/** @param sources Base URLs, with the variables of yum; signed with any of the keys that the base came with. */
function repositoryFiles(sources: InstallPlan['sources']): string[] {
  if (sources === null) return [];
  const keys = '/etc/pki/rpm-gpg/RPM-GPG-KEY-* /usr/lib/rpm/gnupg/keys/*';
  return [
    `mkdir -p ${REPOSITORIES}`,
    `keys=; for key in ${keys}; do test ! -f "$key" || keys="$keys file://$key"; done`,
    `repository() { printf '[vm2docker-%s]\\nname=%s\\nbaseurl=%s\\nenabled=1\\ngpgcheck=1\\ngpgkey=%s\\n\\n' "$1" "$1" "$2" "$keys" >>${REPOSITORIES}/sources.repo; }`,
    ...sources.map((source, number) => `repository ${number + 1} ${runWord(source)}`),
  ];
}
