import type { Service } from '../../model/services.js';
import { quoteShell } from '../../syntax/shell.js';
import type { ImageFiles } from './image-files.js';

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
}

/** Why there is no launch. */
export interface NoLaunch {
  readonly reason: string;
}

export interface LaunchRequest {
  readonly service: Pick<Service, 'prepare'>;
  readonly command: readonly string[];
  readonly user: string;
  readonly group: string | null;
  /** Variables that no ENV can hold, since their values have line breaks. */
  readonly oddVariables: readonly (readonly [string, string])[];
}

/**
 * One argv that prepares and then becomes the program. Without preparation it is the program itself. What must be done
 * as root before a program of another user needs a program of the image that changes the user and stays out of the way:
 * setpriv(1) where there is one, since it executes; runuser and su stay as parents and hand signals on.
 * A preparation that fails is reported and passed over: the daemon itself says what it misses.
 */
export function launch(request: LaunchRequest, image: ImageFiles): Launch | NoLaunch {
  const { user, group, oddVariables } = request;
  const steps = request.service.prepare.filter(({ command }) => command.length > 0 && !isMeaningless(command));
  const env = oddVariables.length === 0 ? null : image.program('env');
  if (oddVariables.length > 0 && env === null)
    return { reason: 'its environment has line breaks and the image no env' };
  const command =
    env === null
      ? request.command
      : [env, ...oddVariables.map(([name, value]) => `${name}=${value}`), ...request.command];
  const isRoot = user === 'root' || user === '0';
  const asUser = isRoot ? null : dockerUser(user, group);
  if (steps.length === 0) return { command, user: asUser };
  const shell = image.program('sh', 'bash', 'dash', 'busybox');
  if (shell === null) return { reason: 'it needs preparation, and the image has no shell' };
  const needsRoot = !isRoot && steps.some(({ privileged }) => privileged);
  const change = needsRoot ? userChange(user, group, image) : [];
  if (change === null) return { reason: 'it is prepared as root, and the image has no program that changes the user' };
  const script = [
    ...steps.map(({ command: step, privileged }) => {
      const words = needsRoot && !privileged ? [...change, ...step] : step;
      return `${words.map(quoteShell).join(' ')} || echo ${quoteShell(`preparation failed: ${step[0]}`)} >&2`;
    }),
    `exec ${[...change.map(quoteShell), '"$@"'].join(' ')}`,
  ].join('\n');
  const start = shell.endsWith('/busybox') ? [shell, 'sh'] : [shell];
  // The program's own words stay words: a shell reads none of them.
  return { command: [...start, '-c', script, 'prepare', ...command], user: needsRoot ? null : asUser };
}

/** A group beside the user's name would take away the user's further groups, so its own group is left out. */
function dockerUser(user: string, group: string | null): string {
  return group === null || group === user ? user : `${user}:${group}`;
}

function userChange(user: string, group: string | null, image: ImageFiles): readonly string[] | null {
  const setpriv = image.program('setpriv');
  if (setpriv !== null) return [setpriv, `--reuid=${user}`, `--regid=${group ?? user}`, '--init-groups', '--'];
  const chpst = image.program('chpst');
  if (chpst !== null) return [chpst, '-u', group === null ? user : `${user}:${group}`];
  const runuser = image.program('runuser');
  if (runuser !== null) return [runuser, '-u', user, '--'];
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
