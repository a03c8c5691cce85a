import type { Preparation } from '../../model/services.js';
import { quoteShell } from '../../syntax/shell.js';
import { type Identity, isRootUser } from './identity.js';
import type { ImageFiles } from './image-files.js';
import { secretFinder, type Variable } from './preparation-secrets.js';

/** Programs that speak to the init system, the kernel or the network of the machine: nothing of these is in a container. */
const MEANINGLESS = new Set(
  `systemctl systemd-tmpfiles systemd-run systemd-notify service initctl telinit udevadm modprobe insmod rmmod sysctl mount umount
  ip ifconfig iptables ip6tables iptables-restore ip6tables-restore nft ebtables ethtool loginctl dbus-send busctl restorecon`.split(
    /\s+/,
  ),
);

export interface Launch {
  readonly command: readonly string[];
  /** Who starts it, for USER; null for root. */
  readonly user: string | null;
  /** Which word is the shell text of the preparation: no secret stands in it. */
  readonly scriptWord?: number;
  /** Secrets of the preparation, which its shell takes from the environment. */
  readonly variables: readonly Variable[];
}

/** Why there is no launch. */
export interface NoLaunch {
  readonly reason: string;
}

export interface LaunchRequest {
  readonly prepare: readonly Preparation[];
  readonly command: readonly string[];
  readonly identity: Identity;
  /** What USER of a Dockerfile says for it. */
  readonly dockerUser: string;
  readonly environment: readonly Variable[];
  /** Variables that no ENV can hold, since their values have line breaks. */
  readonly oddVariables: readonly Variable[];
  /** Capabilities, without `CAP_`, that the program keeps although its user is not root. */
  readonly ambient: readonly string[];
}

/**
 * One argv that prepares and then becomes the program. Without preparation it is the program itself. What must be done
 * as root before a program of another user needs a program of the image that changes the user and stays out of the way:
 * setpriv(1) where there is one, since it executes; runuser and su stay as parents and hand signals on.
 * As with systemd, a preparation that fails ends the start, unless it may fail.
 */
export function launch(request: LaunchRequest, image: ImageFiles): Launch | NoLaunch {
  const { identity, oddVariables, ambient } = request;
  const steps = request.prepare.filter(({ command }) => command.length > 0 && !isMeaningless(command));
  const env = oddVariables.length === 0 ? null : image.program('env');
  if (oddVariables.length > 0 && env === null)
    return { reason: 'its environment has line breaks and the image no env' };
  const command =
    env === null
      ? request.command
      : [env, ...oddVariables.map(([name, value]) => `${name}=${value}`), ...request.command];
  const isRoot = isRootUser(identity.user);
  const asUser = isRoot ? null : request.dockerUser;
  const needsRoot = !isRoot && (ambient.length > 0 || steps.some(({ privileged }) => privileged));
  const change = needsRoot ? userChange(identity, [], image) : [];
  const become = needsRoot ? userChange(identity, ambient, image) : [];
  if (become === null || change === null) {
    const why = ambient.length > 0 ? 'it needs capabilities' : 'it is prepared as root';
    return { reason: `${why}, and the image has no program that changes the user for that` };
  }
  const user = needsRoot ? null : asUser;
  if (steps.length === 0) return { command: [...become, ...command], user, variables: [] };
  const shell = image.program('sh', 'bash', 'dash', 'busybox');
  if (shell === null) return { reason: 'it needs preparation, and the image has no shell' };
  const secrets = secretFinder(request.environment);
  const script = [
    ...steps.map(({ command: step, privileged, mayFail }) => {
      const words = [...(needsRoot && !privileged ? change.map(quoteShell) : []), ...secrets.quote(step)];
      const says = (text: string): string => `echo ${quoteShell(`${text}: ${step[0]}`)} >&2`;
      const otherwise = mayFail ? says('preparation failed, as it may') : `{ ${says('preparation failed')}; exit 1; }`;
      return `${words.join(' ')} || ${otherwise}`;
    }),
    `exec ${[...become.map(quoteShell), '"$@"'].join(' ')}`,
  ].join('\n');
  const variables = secrets.found();
  if (variables.some(([, value]) => /[\0-\x1f\x7f-\x9f\u2028\u2029]/.test(value))) {
    return { reason: 'its preparation holds a secret of several lines' };
  }
  const start = shell.endsWith('/busybox') ? [shell, 'sh'] : [shell];
  // The program's own words stay words: a shell reads none of them.
  return {
    command: [...start, '-c', script, 'prepare', ...command],
    scriptWord: start.length + 1,
    user,
    variables,
  };
}

function userChange(
  { user, group, isAccount }: Identity,
  ambient: readonly string[],
  image: ImageFiles,
): string[] | null {
  const setpriv = image.program('setpriv');
  const names = ambient.map((name) => `+${name.toLowerCase()}`).join(',');
  if (setpriv !== null) {
    const given = ambient.length === 0 ? [] : [`--inh-caps=${names}`, `--ambient-caps=${names}`];
    const groups = isAccount ? '--init-groups' : '--clear-groups';
    return [setpriv, `--reuid=${user}`, `--regid=${group}`, groups, ...given, '--'];
  }
  if (ambient.length > 0) return null;
  const chpst = image.program('chpst');
  if (chpst !== null) return [chpst, '-u', isAccount ? `${user}:${group}` : `:${user}:${group}`];
  if (!isAccount) return null;
  const runuser = image.program('runuser');
  if (runuser !== null) return [runuser, '-u', user, '-g', group, '--'];
  const su = image.program('su');
  return su === null ? null : [su, '-s', '/bin/sh', user, '-c', 'exec "$0" "$@"', '--'];
}

/** Also what a shell is told, when all of it is about the init system. */
function isMeaningless(command: readonly string[]): boolean {
  const name = command[0]!.slice(command[0]!.lastIndexOf('/') + 1);
  if (MEANINGLESS.has(name)) return true;
  const text = /^(?:sh|bash|dash)$/.test(name) ? command.slice(1).join(' ') : '';
  return /(?:^|[\s/;&|"'(`])systemctl\s/.test(text.slice(0, 10_000));
}
