import type { OperatingSystem } from '../../model/os.js';
import type { PackageManagerName } from '../../model/packages.js';
import { apk } from './apk.js';
import { apt } from './apt.js';
import { dnf } from './dnf.js';
import { microdnf } from './microdnf.js';
import type { PackageManager } from './package-manager.js';
import { pacman } from './pacman.js';
import { urpmi } from './urpmi.js';
import { yum } from './yum.js';
import { zypper } from './zypper.js';

export type { Command, ExactPackage, PackageManager } from './package-manager.js';

/** All that are known, in no order that matters. */
export const PACKAGE_MANAGERS: readonly PackageManager[] = [apt, dnf, yum, microdnf, zypper, urpmi, apk, pacman];

/** The manager above a database that a system's administrators use. */
export function managerOf(database: PackageManagerName, os: OperatingSystem): PackageManager {
  return PACKAGE_MANAGERS.find((manager) => manager.database === database && manager.serves(os))!;
}
