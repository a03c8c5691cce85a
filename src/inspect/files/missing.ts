import type { Problem } from '../../model/evidence.js';
import type { MissingFile } from '../../model/files.js';
import type { GuestFs } from '../../model/guest-fs.js';
import { comparePaths } from '../../model/path.js';
import type { Claim } from './ownership.js';
import { pathFilter } from './path-filters.js';

/** Folders that are empty on a disk whatever packages put there: the system fills them when it starts. */
const FILLED_AT_START = /^\/(?:proc|sys|dev|run)(?:\/|$)/;

/**
 * Recorded by a package and absent from the disk, sorted. What may be absent (obsolete, ghost, missing-ok), and what would be left out
 * of the images if it were there, is not missing.
 */
export async function missingFiles(
  fs: GuestFs,
  claims: ReadonlyMap<string, Claim>,
  isLeftOut: (path: string, claim: Claim) => boolean,
  problems: Problem[],
): Promise<MissingFile[]> {
  const wasFiltered = await pathFilter(fs, problems);
  const missing: MissingFile[] = [];
  for (const [path, claim] of claims) {
    if (claim.ghost || claim.missingOk || FILLED_AT_START.test(path) || fs.lstat(path) !== undefined) continue;
    if (isLeftOut(path, claim)) continue;
    const reason = wasFiltered(path);
    missing.push({
      path,
      owner: claim.owners[0]!,
      configuration: claim.configuration,
      ...(reason === undefined ? {} : { reason }),
    });
  }
  return missing.sort((a, b) => comparePaths(a.path, b.path));
}
