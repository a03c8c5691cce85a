import type { OperatingSystem } from '../../model/os.js';
import type { PackageManagerName } from '../../model/packages.js';

/** Words of one command, the program first; whoever writes it into a script quotes each. */
export type Command = readonly string[];

/** A package as its database writes it. */
export interface ExactPackage {
  readonly name: string;
  /** The manager's full notation (`InstalledPackage.version`); null where any version will do. */
  readonly version: string | null;
  /** The database's own word; null where the name alone must do. */
  readonly architecture: string | null;
}

/**
 * What this tool needs of a package manager: the four commands of the thesis (5.3.1) in one shape. A new manager is one
 * file and one line in `index.ts`. Names and versions must be of the grammar that `isNameable` holds them to: none
 * begins with a dash, so none is taken for an option.
 */
export interface PackageManager {
  readonly name: 'apt' | 'dnf' | 'yum' | 'microdnf' | 'zypper' | 'urpmi' | 'apk' | 'pacman';
  readonly database: PackageManagerName;
  /** Whether it is the one that this system's administrators use; one manager of each family answers yes. */
  serves(os: OperatingSystem): boolean;
  /** 1. Lists what is installed, for {@link PackageManager.parseList}. */
  readonly list: Command;
  /** Reads what `list` prints. Lines that are no package are left out. */
  parseList(output: string): ExactPackage[];
  /** How a package is named to `install`, so that no other version is taken if the manager can be told. */
  spell(item: ExactPackage): string;
  /** Whether `spell` names the version; without it the archive's newest is installed. */
  readonly takesVersions: boolean;
  /**
   * 2. Installs these and what they need, and nothing that is only recommended; documents included, no question asked,
   * older versions taken where they are named.
   */
  install(packages: readonly ExactPackage[]): Command;
  /** 3. Removes exactly these; what needs them stays, because the machine has it so. */
  remove(names: readonly string[]): Command;
  /** 4. Prints what a package needs, as its archive or database says. */
  dependencies(item: ExactPackage): Command;
  /**
   * Lists every version that the archives have of packages of these names (without architectures), for
   * {@link PackageManager.parseAvailable}; null when it cannot be asked for more than the newest.
   */
  readonly available: ((names: readonly string[]) => Command) | null;
  /** Reads what `available` prints; architectures are null where it does not say. */
  parseAvailable(output: string): ExactPackage[];
}

/** Lines of `name<TAB>version<TAB>architecture`, as the queries of dpkg and rpm are told to print. */
export function parseTable(output: string): ExactPackage[] {
  return output.split('\n').flatMap((line) => {
    const [name, version, architecture, ...more] = line.split('\t');
    if (name === undefined || name === '' || !version || !architecture || more.length > 0) return [];
    return [{ name, version, architecture }];
  });
}
