import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { GroupPlan, Plan } from '../model/plan.js';
import { type ArchiveCredential, aptAuth, hostOf, parseAptAuth } from '../syntax/apt-auth.js';
import type { CollectedMachine, Collection } from './read-machines.js';

/** What apt authenticates with at the archives of a build, by group id, as the text of one file each. */
export type Credentials = ReadonlyMap<string, string>;

const FILES = /^\/etc\/apt\/auth\.conf(?:\.d\/[A-Za-z0-9_-]+(?:\.conf)?)?$/;
const MAX_BYTES = 64 * 1024;

/**
 * Finds in the machines what their own archives ask for: only entries for hosts that the builds use, as the machines
 * themselves send them there. They are secrets of the builds, and get into no layer that they are not in anyway.
 */
export async function findCredentials(plan: Plan, { machines }: Pick<Collection, 'machines'>): Promise<Credentials> {
  const found = new Map<string, string>();
  for (const group of plan.groups) {
    const hosts = hostsOf(group);
    const entries = new Map<string, ArchiveCredential>();
    for (const collected of machines.filter(({ machine }) => group.vms.includes(machine.source.name))) {
      for (const entry of await entriesOf(collected)) {
        if (hosts.has(hostOf(entry)) && !entries.has(entry.machine)) entries.set(entry.machine, entry);
      }
    }
    if (entries.size > 0) found.set(group.id, aptAuth([...entries.values()]));
  }
  return found;
}

/** The plan whose installations see the secret. */
export function withCredentials(plan: Plan, credentials: Credentials): Plan {
  const marked = (group: GroupPlan): GroupPlan => ({
    ...group,
    layers: group.layers.map((layer) =>
      layer.install?.manager === 'dpkg' && layer.install.sources !== null
        ? { ...layer, install: { ...layer.install, hasCredentials: true } }
        : layer,
    ),
  });
  return { ...plan, groups: plan.groups.map((group) => (credentials.has(group.id) ? marked(group) : group)) };
}

/** Writes the secrets for the engine. @returns the file of each group. */
export async function placeCredentials(credentials: Credentials, folder: string): Promise<Map<string, string>> {
  const files = new Map<string, string>();
  for (const [group, text] of credentials) {
    const file = join(folder, `credentials-${files.size}`);
    await writeFile(file, text, { mode: 0o600 });
    files.set(group, file);
  }
  return files;
}

function hostsOf({ base, layers }: GroupPlan): Set<string> {
  const lines = [...(base.bootstrap?.sources ?? []), ...layers.flatMap(({ install }) => install?.sources ?? [])];
  const hosts = lines.map((line) => /\bhttps?:\/\/([^\s/:]+)/i.exec(line)?.[1]?.toLowerCase());
  return new Set(hosts.filter((host) => host !== undefined));
}

async function entriesOf({ machine, spool }: CollectedMachine): Promise<ArchiveCredential[]> {
  const entries: ArchiveCredential[] = [];
  if (spool === null) return entries;
  for (const [path, { entry }] of machine.files.records) {
    if (!FILES.test(path) || entry.type !== 'file' || entry.size > MAX_BYTES || !spool.has(entry)) continue;
    const parts: Buffer[] = [];
    for await (const { data } of spool.read(entry)) parts.push(Buffer.from(data));
    entries.push(...parseAptAuth(Buffer.concat(parts).toString('utf8')));
  }
  return entries;
}
