import type { RuntimeFacts } from '../../model/containers.js';
import type { GuestFs } from '../../model/guest-fs.js';
import { readOptionalText } from '../../syntax/guest-text.js';
import { systemAccounts } from './accounts.js';
import { readTmpfiles, TMPFILES_FOLDERS } from './tmpfiles.js';

/** Folders and files that are read, worth fetching in bulk beforehand. */
export const RUNTIME_PATHS: readonly string[] = [
  '/etc/hostname',
  '/etc/hosts',
  '/etc/passwd',
  '/etc/group',
  ...TMPFILES_FOLDERS,
];

const MAX_BYTES = 8 * 1024 * 1024;
const MAX_HOSTS = 500;

/** What the machine's containers need to know of it beyond its services. */
export async function inspectRuntime(fs: GuestFs): Promise<RuntimeFacts> {
  const lines = async (path: string): Promise<string[]> =>
    ((await readOptionalText(fs, path, MAX_BYTES, [])) ?? '').split('\n').map((line) => line.trim());
  const [passwd, group] = [await lines('/etc/passwd'), await lines('/etc/group')];
  return {
    hostname: hostname(await lines('/etc/hostname')),
    hosts: hosts(await lines('/etc/hosts')),
    folders: await readTmpfiles(fs),
    users: users(passwd, group),
    groups: new Set(group.map((line) => line.split(':', 1)[0]!).filter((name) => name !== '')),
    accounts: systemAccounts(passwd, group),
  };
}

function hostname(lines: readonly string[]): string | null {
  const name = lines.find((line) => line !== '' && !line.startsWith('#'));
  // The kernel takes 64 bytes (sethostname(2)), engines one less.
  return name !== undefined && name.length < 64 && isHostName(name) ? name : null;
}

/** hosts(5), without the machine itself and the names of multicast groups. */
function hosts(lines: readonly string[]): { address: string; names: string[] }[] {
  const found: { address: string; names: string[] }[] = [];
  for (const line of lines) {
    const [address = '', ...names] = line.split('#', 1)[0]!.split(/\s+/);
    if (!isAddress(address)) continue;
    if (/^127\.|^::1$|^0\.0\.0\.0$|^255\.|^f[ef][0-9a-f]{2}::[0-9a-f]?$/i.test(address)) continue;
    const valid = names.filter(isHostName);
    if (valid.length > 0) found.push({ address, names: valid });
    if (found.length >= MAX_HOSTS) break;
  }
  return found;
}

/** Engines refuse the whole container for one that is none. */
function isAddress(text: string): boolean {
  const isIpv4 = (part: string): boolean => /^(?:(?:25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])(?:\.(?!$)|$)){4}$/.test(part);
  if (!text.includes(':')) return isIpv4(text);
  const tail = /:([0-9.]+\.[0-9.]+)$/.exec(text)?.[1];
  if (text.length > 45 || (tail !== undefined && !isIpv4(tail))) return false;
  const halves = (tail === undefined ? text : `${text.slice(0, -tail.length)}0:0`).split('::');
  const groups = halves.flatMap((half) => (half === '' ? [] : half.split(':')));
  const isFull = halves.length === 1 ? groups.length === 8 : halves.length === 2 && groups.length < 8;
  return isFull && groups.every((group) => /^[0-9a-fA-F]{1,4}$/.test(group));
}

function isHostName(text: string): boolean {
  return text.length <= 253 && /^[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?$/.test(text);
}

function users(passwd: readonly string[], group: readonly string[]): RuntimeFacts['users'] {
  const groups = new Map<string, string>();
  for (const line of group) {
    const [name = '', , gid = ''] = line.split(':');
    if (name !== '' && /^[0-9]{1,10}$/.test(gid) && !groups.has(gid)) groups.set(gid, name);
  }
  const found = new Map<string, { uid: number; group: string }>();
  for (const line of passwd) {
    const [name = '', , uid = '', gid = ''] = line.split(':');
    if (name === '' || !/^[0-9]{1,10}$/.test(uid) || !/^[0-9]{1,10}$/.test(gid) || found.has(name)) continue;
    found.set(name, { uid: Number(uid), group: groups.get(gid) ?? gid });
  }
  return found;
}
