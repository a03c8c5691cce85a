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
  available: (names) => [
    'zypper',
    '--non-interactive',
    'search',
    '--details',
    '--type',
    'package',
    '--match-exact',
    ...names,
  ],
  // `S | Name | Type | Version | Arch | Repository`; what is installed and in no archive has a repository in brackets.
  parseAvailable: (output) =>
    output.split('\n').flatMap((line) => {
      const [, name, type, version, architecture, repository] = line.split('|').map((column) => column.trim());
      if (type !== 'package' || !name || !version || !architecture || repository?.startsWith('(') !== false) return [];
      return [{ name, version: version.replace(/^0+:/, ''), architecture }];
    }),
};

/** `name[.architecture][=edition]`: zypper(8), "Package specification". */
function spell({ name, version, architecture }: ExactPackage): string {
  return `${name}${architecture === null ? '' : `.${architecture}`}${version === null ? '' : `=${version}`}`;
}
