import { createHash } from 'node:crypto';
import { lstatSync, readdirSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';

const MAX_ENTRIES = 2_000_000;
/** Folders between two looks at what else there is to do. */
const PIECE = 256;

/**
 * A digest of all that the host tells of the files in a folder without reading them: names, kinds, sizes, and the times
 * of their last change, which no program can set back (`st_ctime`).
 * @returns null for a folder with a mount below it, of whose changes nothing is known, and for one that is too large.
 */
export async function folderState(folder: string): Promise<string | null> {
  const hash = createHash('sha256');
  const root = lstatSync(folder, { bigint: true });
  const pending: Buffer[] = [Buffer.from(folder)];
  let entries = 0;
  for (let visited = 0; pending.length > 0; visited += 1) {
    if (visited % PIECE === 0) await setImmediate();
    const place = pending.pop()!;
    for (const name of readdirSync(place, { encoding: 'buffer' }).sort(Buffer.compare)) {
      const path = Buffer.concat([place, Buffer.from('/'), name]);
      const stats = lstatSync(path, { bigint: true });
      entries += 1;
      if (stats.dev !== root.dev || entries > MAX_ENTRIES) return null;
      const { mode, uid, gid, rdev, ino, nlink, size, blocks, mtimeNs, ctimeNs } = stats;
      hash.update(path).update(`\0${[mode, uid, gid, rdev, ino, nlink, size, blocks, mtimeNs, ctimeNs].join()}\0`);
      if (stats.isDirectory()) pending.push(path);
    }
  }
  return hash.digest('hex');
}
