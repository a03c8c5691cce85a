import type { InstallPlan } from '../../model/plan.js';
import { pacman } from '../package-managers/pacman.js';
import { accountCommands } from './accounts.js';
import { namedPackages } from './exact-packages.js';
import { commandWithList, runWord } from './quote.js';

const CONFIGURATION = '/tmp/vm2docker-pacman.conf';

/**
 * Options of pacman.conf(5) that a build does without: what images leave out of their packages; the check for space,
 * which fails where a builder shows no table of mounts; and the user that pacman 7 downloads as, in a sandbox that
 * containers do not allow.
 */
const UNWANTED = ['NoExtract', 'CheckSpace', 'DownloadUser'];

/**
 * The commands of a RUN that installs with pacman, through a configuration that goes again: the base's own without what
 * keeps documents and languages out, and with an archive of a day where one is wanted. An archive has one version of each
 * package, so none can be asked for.
 */
export function pacmanInstallCommands(plan: InstallPlan): string[] {
  const [program, action, ...words] = pacman.install([]);
  const { prepare, options } = pacmanSetup(plan);
  const run = [program, ...options].join(' ');
  const names = namedPackages(plan).map(pacman.spell);
  return [
    ...accountCommands(plan.accounts ?? { users: [], groups: [] }),
    ...prepare,
    commandWithList('set --', names),
    plan.isChecked === true
      ? `${run} ${[action, ...words].join(' ')} "$@"`
      : `${run} ${[action, ...words].join(' ')} "$@" || ${oneByOne(`${run} ${[action, ...words].join(' ')}`)}`,
    ...(plan.remove.length === 0 ? [] : [commandWithList(pacman.remove([]).join(' '), plan.remove)]),
    ...((plan.trimmed ?? []).length === 0 ? [] : [commandWithList('rm -rf --', plan.trimmed!)]),
    `rm -rf ${CONFIGURATION} /var/cache/pacman/pkg/* /var/lib/pacman/sync/* /var/log/pacman.log`,
  ];
}

/** Commands before pacman is called, and options of every call. */
export function pacmanSetup({ sources }: InstallPlan): { prepare: string[]; options: string[] } {
  const options = ['--config', CONFIGURATION];
  return { prepare: [...configuration(sources), `pacman ${options.join(' ')} -Sy --noconfirm`], options };
}

/**
 * pacman-conf(8) writes what its `Include`d files say as well; pacman has it since release 5.1.
 * @param sources `repository=server` each; they take the place of the base's own repositories.
 */
function configuration(sources: InstallPlan['sources']): string[] {
  const whole = '{ pacman-conf --config /etc/pacman.conf 2>/dev/null || cat /etc/pacman.conf; }';
  const own = `${whole} | sed -e '${UNWANTED.map((option) => `/^[[:space:]]*${option}/d`).join(';')}'`;
  if (sources === null) return [`${own} >${CONFIGURATION}`];
  return [
    // Of the base's own file the part before its repositories.
    `${own} | awk '/^\\[/ { keep = /^\\[options\\]/ } keep' >${CONFIGURATION}`,
    `repository() { printf '\\n[%s]\\nServer = %s\\n' "$1" "$2" >>${CONFIGURATION}; }`,
    ...sources.map((source) => {
      const equals = source.indexOf('=');
      return `repository ${runWord(source.slice(0, equals))} ${runWord(source.slice(equals + 1))}`;
    }),
  ];
}

/** One name that the archive dropped makes the whole list fail. */
function oneByOne(install: string): string {
  return `for item; do ${install} "$item" || echo "$item cannot be had" >&2; done`;
}
