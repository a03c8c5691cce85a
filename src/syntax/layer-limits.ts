import type { Entry } from '../model/entry.js';
import { baseName, displayPath, encodePath } from '../model/path.js';

/** What a disk may hold and no image layer can, with the reason. */

/**
 * Bytes of a path. A program names at most 4,095 (PATH_MAX), and engines put the folder of their own storage before the
 * path: a longer one is left out of the layer without a word.
 */
const MAX_PATH = 3840;

/**
 * Why an image layer cannot hold the entry, or null: sockets have no tar type, `.wh.` names mean deletion
 * (OCI image specification, layer.md, "Whiteouts"), a character device 0:0 is overlayfs' own whiteout.
 */
export function tarRefusal(entry: Entry): string | null {
  if (entry.type === 'socket') return 'tar has no type for sockets; programs make them when they start';
  const isMarked = entry.path.includes('/.wh.');
  if (isMarked && baseName(entry.path).startsWith('.wh.'))
    return 'names that begin with .wh. mean a deletion in image layers';
  if (entry.type === 'character' && entry.device?.major === 0 && entry.device.minor === 0) {
    return 'a character device 0:0 means a deletion to the storage of engines';
  }
  if (entry.path.length > MAX_PATH / 3 && encodePath(entry.path).length > MAX_PATH) {
    return `paths of more than ${MAX_PATH} bytes are too long behind the folder of an engine's storage`;
  }
  return isMarked ? `${displayPath(entry.path)} lies in a folder named .wh.*` : null;
}

/** Of an entry that is older than the epoch. */
export const EARLY_TIME = 'Docker sets times before 1970 to 1970 when it adds an archive';

/** Why an attribute gets lost in an image, or null for one that engines keep when they add an archive. */
export function attributeRefusal(name: string, value: Buffer): string | null {
  if (name === 'security.capability' || name.startsWith('user.')) {
    if (name.includes('=')) return `an archive ends the name of an attribute at its first = (${displayPath(name)})`;
    // pax(1): a record without a value takes back what an earlier one said.
    return value.length === 0 ? `an archive cannot hold an attribute without a value (${displayPath(name)})` : null;
  }
  if (name === 'system.posix_acl_access' || name === 'system.posix_acl_default') {
    return `engines drop access control lists (${name}); the group bits, until now their mask, then hold for the group`;
  }
  return `engines drop the attribute ${displayPath(name)}`;
}

/** The names of symbolic links beyond the first of each: an image has links of their own there (`isHardLinked`). */
export function* partedLinks(entries: Iterable<Entry>): Generator<{ path: string; reason: string }> {
  const first = new Map<string, string>();
  for (const { type, links, fileId, path } of entries) {
    if (type !== 'symlink' || links === 1) continue;
    const known = first.get(fileId);
    if (known === undefined) first.set(fileId, path);
    else {
      const reason = `another name of the symbolic link ${displayPath(known)}: builders cannot link to one`;
      yield { path, reason: `${reason}, so it becomes a link of its own` };
    }
  }
}
