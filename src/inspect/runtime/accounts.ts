import type { SystemAccounts } from '../../model/containers.js';
import { comparePaths } from '../../model/path.js';

const MAX_ACCOUNTS = 500;
/** Given out by package scripts in the order of installation; below 100 they are the same on every machine (Debian policy 9.2.2). */
const FIRST = 100;
const LAST = 999;

/** The system's users and groups, as passwd(5) and group(5) have them; what is not plain text is left out. */
export function systemAccounts(passwd: readonly string[], group: readonly string[]): SystemAccounts {
  const users = [];
  const groups = [];
  for (const line of passwd) {
    const [name = '', , uid = '', gid = '', comment = '', home = '', shell = ''] = line.split(':');
    const isUsable = isName(name) && isSystemId(uid) && /^[0-9]{1,9}$/.test(gid);
    if (isUsable && isPlain(comment) && /^\/[\w./+-]*$/.test(home) && /^(?:\/[\w./+-]*)?$/.test(shell)) {
      users.push({ name, uid: Number(uid), gid: Number(gid), comment, home, shell });
    }
  }
  for (const line of group) {
    const [name = '', , gid = ''] = line.split(':');
    if (isName(name) && isSystemId(gid)) groups.push({ name, gid: Number(gid) });
  }
  const byName = (a: { name: string }, b: { name: string }): number => comparePaths(a.name, b.name);
  return { users: users.slice(0, MAX_ACCOUNTS).sort(byName), groups: groups.slice(0, MAX_ACCOUNTS).sort(byName) };
}

function isName(text: string): boolean {
  return /^[A-Za-z_][A-Za-z0-9_-]{0,31}$/.test(text);
}

function isSystemId(text: string): boolean {
  return /^[0-9]{1,4}$/.test(text) && Number(text) >= FIRST && Number(text) <= LAST;
}

function isPlain(text: string): boolean {
  return /^[\x20-\x7e]*$/.test(text) && text.length <= 200;
}
