import type { RuntimeFacts } from '../../model/containers.js';
import type { Service } from '../../model/services.js';

const USER = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}$/;

/** Whose program it is, by names of the machine, or by numbers that no account has. */
export interface Identity {
  readonly user: string;
  readonly group: string;
  /** Whether an account of that name tells its further groups. */
  readonly isAccount: boolean;
}

export function isRootUser(user: string): boolean {
  return user === 'root' || user === '0';
}

/**
 * Who runs the program, or why nobody can. `launcher` is the user of a foreground form where it is not the service's.
 */
export function identify(
  service: Service,
  launcher: string | null,
  { runtime, accounts }: { readonly runtime: RuntimeFacts | undefined; readonly accounts: ReadonlyMap<string, number> },
): { readonly identity: Identity; readonly dockerUser: string } | { readonly reason: string } {
  const dynamic = service.dynamicUser === true && launcher === null ? accounts.get(service.user) : undefined;
  if (dynamic !== undefined) {
    const number = String(dynamic);
    return { identity: { user: number, group: number, isAccount: false }, dockerUser: `${number}:${number}` };
  }
  const user = launcher ?? service.user;
  if (!USER.test(user)) return { reason: 'its user has a name that no image can hold' };
  const primary = primaryGroup(runtime, user);
  if (runtime !== undefined && primary === null && !/^[0-9]+$/.test(user) && user !== 'root') {
    return { reason: `its user ${user} is not in /etc/passwd` };
  }
  const given = launcher !== null || service.group === primary ? null : service.group;
  const groups = runtime?.groups;
  if (
    given !== null &&
    (!USER.test(given) || (groups !== undefined && !groups.has(given) && !/^[0-9]+$/.test(given)))
  ) {
    return { reason: `its group ${given.slice(0, 64)} is not in /etc/group` };
  }
  // A group beside the user's name would take away the user's further groups, so its own group is left out.
  const dockerUser = given === null || given === user ? user : `${user}:${given}`;
  return { identity: { user, group: given ?? primary ?? user, isAccount: true }, dockerUser };
}

function primaryGroup(runtime: RuntimeFacts | undefined, user: string): string | null {
  return runtime?.users.get(user)?.group ?? null;
}
