import type { Problem } from '../../../../model/evidence.js';
import type { GuestFs } from '../../../../model/guest-fs.js';
import type { Archive, InstalledPackage } from '../../../../model/packages.js';
import { comparePaths, displayPath, joinPath } from '../../../../model/path.js';

const TRUSTED = '/etc/apt/trusted.gpg.d';
const OLD_TRUSTED = '/etc/apt/trusted.gpg';
const MAX_KEYRING = 64 * 1024;
const MAX_KEYRINGS = 50;

/**
 * The keyrings that the machine's archives are signed with and that no package brought: those of packages (the
 * distribution's own) are in every base of the release.
 */
export async function readKeyrings(
  fs: GuestFs,
  archives: readonly Archive[],
  packages: readonly InstalledPackage[],
  problems: Problem[],
): Promise<Map<string, Buffer>> {
  const trusted = fs
    .list(TRUSTED)
    .filter((name) => /^[A-Za-z0-9_.-]+\.(?:gpg|asc)$/.test(name))
    .map((name) => joinPath(TRUSTED, name));
  const wanted = new Set([OLD_TRUSTED, ...trusted, ...archives.flatMap(({ signedBy }) => signedBy)]);
  for (const { files } of packages) for (const { path } of files) wanted.delete(path);
  const found = new Map<string, Buffer>();
  for (const path of [...wanted].sort(comparePaths)) {
    const entry = fs.stat(path);
    if (entry?.type !== 'file' || entry.size === 0 || found.size >= MAX_KEYRINGS) continue;
    if (entry.size > MAX_KEYRING) {
      problems.push({
        code: 'file-too-large',
        path: displayPath(path),
        reason: 'No keyring of an archive is so large.',
      });
      continue;
    }
    found.set(path, await fs.readFile(path, { maxBytes: MAX_KEYRING }));
  }
  return found;
}
