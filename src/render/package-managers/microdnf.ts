import type { PackageManager } from './package-manager.js';
import { installedRequirements, nevra, overRpm, parseNevra } from './rpm-query.js';

/** microdnf: what minimal images of the dnf family have instead of dnf. No machine has it, only bases do. */
export const microdnf: PackageManager = {
  ...overRpm,
  name: 'microdnf',
  serves: () => false,
  spell: nevra,
  takesVersions: true,
  install: (packages) => [
    'microdnf',
    '-y',
    '--setopt=tsflags=',
    '--setopt=install_weak_deps=0',
    'install',
    ...packages.map(nevra),
  ],
  dependencies: installedRequirements,
  available: (names) => ['microdnf', 'repoquery', '--available', ...names],
  parseAvailable: (output) => output.split('\n').flatMap(parseNevra),
};
