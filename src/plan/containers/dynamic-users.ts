import { createHash } from 'node:crypto';
import type { RuntimeFacts } from '../../model/containers.js';
import type { Service } from '../../model/services.js';
import type { ImageFiles } from './image-files.js';

/** systemd takes dynamic users out of this range (systemd.exec(5), DynamicUser=). */
const FIRST = 61_184;
const LAST = 65_519;

/**
 * The number of each dynamic user, by its name: the one that its folders on the disk have, as systemd itself would go
 * on with, or else one that its name decides. The same machine gets the same numbers.
 */
export function dynamicUsers(
  services: readonly Service[],
  image: ImageFiles,
  users: RuntimeFacts['users'] | null,
): ReadonlyMap<string, number> {
  const taken = new Set([...(users ?? new Map<string, { uid: number }>()).values()].map(({ uid }) => uid));
  const found = new Map<string, number>();
  const dynamic = services.filter(({ dynamicUser }) => dynamicUser === true);
  const give = (name: string, uid: number): void => {
    found.set(name, uid);
    taken.add(uid);
  };
  for (const { user, directories } of dynamic) {
    const owner = directories
      .map(({ path }) => image.find(path)?.entry.uid)
      .find((uid) => uid !== undefined && isOurs(uid));
    if (owner !== undefined && !taken.has(owner) && !found.has(user)) give(user, owner);
  }
  for (const { user } of dynamic) {
    if (found.has(user)) continue;
    let uid = FIRST + (createHash('sha256').update(user).digest().readUInt32BE(0) % (LAST - FIRST + 1));
    while (taken.has(uid)) uid = uid === LAST ? FIRST : uid + 1;
    give(user, uid);
  }
  return found;
}

function isOurs(uid: number): boolean {
  return uid >= FIRST && uid <= LAST;
}
