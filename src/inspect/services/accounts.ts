/** Users and groups of the guest, as passwd(5) and group(5) say. */
export interface Accounts {
  readonly users: ReadonlyMap<string, Account>;
  readonly groups: ReadonlyMap<string, number>;
}

export interface Account {
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
  readonly shell: string;
}

const MAX_LINES = 100_000;

export function parseAccounts(passwd: string | null, group: string | null): Accounts {
  const users = new Map<string, Account>();
  for (const line of lines(passwd)) {
    const [name, , uid, gid, , home, shell] = line.split(':');
    if (!name || !isNumber(uid) || !isNumber(gid) || users.has(name)) continue;
    users.set(name, { uid: Number(uid), gid: Number(gid), home: home || '/', shell: shell || '/bin/sh' });
  }
  const groups = new Map<string, number>();
  for (const line of lines(group)) {
    const [name, , gid] = line.split(':');
    if (name && isNumber(gid) && !groups.has(name)) groups.set(name, Number(gid));
  }
  return { users, groups };
}

/** The account that a user name or a number names. */
export function findAccount(accounts: Accounts, user: string): (Account & { readonly name: string }) | null {
  const named = accounts.users.get(user);
  if (named !== undefined) return { ...named, name: user };
  if (!isNumber(user)) return null;
  for (const [name, account] of accounts.users) if (account.uid === Number(user)) return { ...account, name };
  return null;
}

function lines(text: string | null): string[] {
  return (text ?? '').split('\n', MAX_LINES).filter((line) => line !== '' && !line.startsWith('#'));
}

function isNumber(text: string | undefined): text is string {
  return text !== undefined && /^[0-9]{1,10}$/.test(text);
}
