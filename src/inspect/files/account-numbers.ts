import type { Problem } from '../../model/evidence.js';
import type { GuestFs } from '../../model/guest-fs.js';
import { readOptionalText } from '../../syntax/guest-text.js';

/** The numbers that the guest gives to the names that packages record, from its own /etc/passwd and /etc/group. */
export interface AccountNumbers {
  /** Undefined for a name that the guest does not know. @param name `#number` where a package records numbers. */
  user(name: string): number | undefined;
  group(name: string): number | undefined;
}

const MAX_BYTES = 16 * 1024 * 1024;

export async function readAccountNumbers(fs: GuestFs, problems: Problem[]): Promise<AccountNumbers> {
  const users = await numbersOf(fs, '/etc/passwd', problems);
  const groups = await numbersOf(fs, '/etc/group', problems);
  return { user: (name) => numberOf(name, users), group: (name) => numberOf(name, groups) };
}

function numberOf(name: string, known: ReadonlyMap<string, number>): number | undefined {
  if (name.startsWith('#')) return Number(name.slice(1));
  // Even a system that lost its accounts has this one: it is the kernel's.
  return known.get(name) ?? (name === 'root' ? 0 : undefined);
}

/** `name:password:number:…`; the first line of a name counts. */
async function numbersOf(fs: GuestFs, path: string, problems: Problem[]): Promise<Map<string, number>> {
  const numbers = new Map<string, number>();
  for (const line of ((await readOptionalText(fs, path, MAX_BYTES, problems)) ?? '').split('\n')) {
    const [name, , number] = line.split(':', 3);
    if (name && number !== undefined && /^[0-9]{1,10}$/.test(number) && !numbers.has(name)) {
      numbers.set(name, Number(number));
    }
  }
  return numbers;
}
