import type { SystemAccounts } from '../../model/containers.js';
import { runWord } from './quote.js';

/**
 * Users and groups get the machine's numbers before a package's script gives out others: every file of theirs would
 * differ by its owner. What the base has, and a number that is taken there, stays as it is. No password comes along.
 */
export function accountCommands({ users, groups }: SystemAccounts): string[] {
  if (users.length === 0 && groups.length === 0) return [];
  const add = (file: string, name: string, id: number, line: string): string =>
    `account ${file} ${runWord(name)} ${id} ${runWord(line)}`;
  return [
    `account() { grep -q "^$2:" "/etc/$1" || cut -d: -f3 "/etc/$1" | grep -qx "$3" || printf '%s\\n' "$4" >>"/etc/$1"; }`,
    `shadow() { test ! -e "/etc/$1" || grep -q "^$2:" "/etc/$1" || printf '%s\\n' "$2:$3" >>"/etc/$1"; }`,
    ...groups.map(({ name, gid }) => add('group', name, gid, `${name}:x:${gid}:`)),
    ...users.map(({ name, uid, gid, comment, home, shell }) =>
      add('passwd', name, uid, [name, 'x', uid, gid, comment, home, shell].join(':')),
    ),
    ...groups.map(({ name }) => `shadow gshadow ${runWord(name)} '!::'`),
    ...users.map(({ name }) => `shadow shadow ${runWord(name)} '!:::::::'`),
  ];
}
