import type { GuestFs } from '../../model/guest-fs.js';
import type { PackageDatabase } from '../../model/packages.js';
import { apk } from './apk/index.js';
import { dpkg } from './dpkg/index.js';
import type { PackageInspector, PackageOptions } from './package-inspector.js';
import { pacman } from './pacman/index.js';
import { rpm } from './rpm/index.js';

/**
 * Every manager that is read. A machine may carry the tools of a second one (`rpm` on Debian for `alien`, `dpkg` on Fedora
 * for building), whose database names no package: the first that names one counts.
 */
export const PACKAGE_INSPECTORS: readonly PackageInspector[] = [dpkg, rpm, apk, pacman];

/** What every inspector wants fetched in bulk before it reads. */
export const PACKAGE_PATHS: readonly string[] = PACKAGE_INSPECTORS.flatMap((inspector) => inspector.prefetch);

/** The package database of the guest; null when there is none that anybody reads. */
export async function inspectPackages(
  fs: GuestFs,
  options: PackageOptions = { archiveIndexes: true },
): Promise<PackageDatabase | null> {
  let found: PackageDatabase | null = null;
  for (const inspector of PACKAGE_INSPECTORS) {
    if (inspector.find(fs).length === 0) continue;
    const database = await inspector.inspect(fs, options);
    if (database.packages.length > 0) return database;
    found ??= database;
  }
  return found;
}
