import type { ExactPackage, PackageManager } from './package-manager.js';
import { overRpm } from './rpm-query.js';
import { isSuse } from './systems.js';

/** zypper: openSUSE and SUSE Linux Enterprise. */
export const zypper: PackageManager = {
  ...overRpm,
  name: 'zypper',
  serves: isSuse,
  spell,
  takesVersions: true,
  install: (packages) => [
    'zypper',
    '--non-interactive',
    'install',
    '--no-recommends',
    '--oldpackage',
    '--auto-agree-with-licenses',
    ...packages.map(spell),
  ],
  dependencies: (item) => ['zypper', '--non-interactive', 'info', '--requires', item.name],
};

/** `name[.architecture][=edition]`: zypper(8), "Package specification". */
function spell({ name, version, architecture }: ExactPackage): string {
  return `${name}${architecture === null ? '' : `.${architecture}`}${version === null ? '' : `=${version}`}`;
}
