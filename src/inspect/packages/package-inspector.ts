import type { GuestFs } from '../../model/guest-fs.js';
import type { PackageDatabase, PackageManagerName } from '../../model/packages.js';

/** Reads the database of one package manager. A new manager is a folder and one line in `index.ts`. */
export interface PackageInspector {
  readonly name: PackageManagerName;
  /** Paths of the database in this guest; none when the manager is absent. Metadata alone, no content. */
  find(fs: GuestFs): readonly string[];
  /** Files and folders that {@link PackageInspector.inspect} reads, for `GuestFs.prefetch`. */
  readonly prefetch: readonly string[];
  /**
   * Reads what {@link PackageInspector.find} found. Broken records are `problems` of the result; packages come sorted by
   * name, architecture and version.
   * @throws AppError only for what makes any further reading pointless (the reader is gone, the user stopped it).
   */
  inspect(fs: GuestFs, options: PackageOptions): Promise<PackageDatabase>;
}

export interface PackageOptions {
  /**
   * Whether to read the indexes of the archives (tens of megabytes) that tell which versions can still be fetched.
   * Without them `origin.available` is null.
   */
  readonly archiveIndexes: boolean;
}
