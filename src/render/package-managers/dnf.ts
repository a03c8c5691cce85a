import type { PackageManager } from './package-manager.js';
import { nevra, overRpm } from './rpm-query.js';
import { isSuse, isUrpmi, usesYum } from './systems.js';

/** dnf 1 to 5: Fedora since 22, Red Hat and its rebuilds since 8, Amazon Linux 2023, and whoever is unknown. */
export const dnf: PackageManager = {
  ...overRpm,
  name: 'dnf',
  serves: (os) => !isSuse(os) && !isUrpmi(os) && !usesYum(os),
  spell: nevra,
  takesVersions: true,
  install: (packages) => [
    'dnf',
    '-y',
    '--setopt=tsflags=',
    '--setopt=install_weak_deps=False',
    '--allowerasing',
    'install',
    ...packages.map(nevra),
  ],
  dependencies: (item) => ['dnf', '-q', 'repoquery', '--requires', '--resolve', nevra(item)],
  available: (names) => [
    'dnf',
    '-q',
    'repoquery',
    '--available',
    '--queryformat',
    '%{name}\\t%{epoch}:%{version}-%{release}\\t%{arch}\\n',
    ...names,
  ],
  parseAvailable: overRpm.parseList,
};
