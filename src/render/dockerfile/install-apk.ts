import type { InstallPlan } from '../../model/plan.js';
import { apk } from '../package-managers/apk.js';
import { accountCommands } from './accounts.js';
import { namedPackages } from './exact-packages.js';
import { commandWithList, runWord } from './quote.js';

const REPOSITORIES = '/tmp/vm2docker-repositories';

/**
 * The commands of a RUN that installs with apk. Documents are packages of their own, nothing is only recommended, and no
 * script starts a service. What was asked for stays in /etc/apk/world with its version until the delta brings the
 * machine's own.
 */
export function apkInstallCommands(plan: InstallPlan): string[] {
  const { prepare, options } = apkSetup(plan);
  const [program, ...words] = apk.install([]);
  const install = [program!, ...options, ...words].join(' ');
  const packages = namedPackages(plan);
  return [
    ...accountCommands(plan.accounts ?? { users: [], groups: [] }),
    ...prepare,
    commandWithList('set --', packages.map(apk.spell)),
    plan.isChecked === true ? `${install} "$@"` : `${install} "$@" || ${otherVersions(install)}`,
    // What something else still needs is left where it is.
    ...(plan.remove.length === 0
      ? []
      : [`${commandWithList(apk.remove([]).join(' '), plan.remove)} || echo 'some stay' >&2`]),
    ...((plan.trimmed ?? []).length === 0 ? [] : [commandWithList('rm -rf --', plan.trimmed!)]),
    `rm -rf ${REPOSITORIES} /var/cache/apk/*`,
  ];
}

/** Commands before apk is called, and options of every call. */
export function apkSetup({ sources }: InstallPlan): { prepare: string[]; options: string[] } {
  return {
    prepare: (sources ?? []).map((line) => `printf '%s\\n' ${runWord(line)} >>${REPOSITORIES}`),
    options: sources === null ? [] : ['--repositories-file', REPOSITORIES],
  };
}

/** One version that is gone makes the whole list fail: each that can be had, and the others in the version there is. */
function otherVersions(install: string): string {
  const complaint = `echo "$item cannot be had: taking another version" >&2`;
  return `for item; do ${install} "$item" || { ${complaint}; ${install} "\${item%%=*}"; }; done`;
}
