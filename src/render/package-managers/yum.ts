import type { PackageManager } from './package-manager.js';
import { nevra, overRpm } from './rpm-query.js';
import { isSuse, isUrpmi, usesYum } from './systems.js';

/** yum 2 and 3: Red Hat and its rebuilds until 7, Fedora until 21, Amazon Linux 1 and 2. It knows no weak dependencies. */
export const yum: PackageManager = {
  ...overRpm,
  name: 'yum',
  serves: (os) => !isSuse(os) && !isUrpmi(os) && usesYum(os),
  spell: nevra,
  takesVersions: true,
  install: (packages) => ['yum', '-y', '--setopt=tsflags=', 'install', ...packages.map(nevra)],
  // `repoquery` of the thesis is an extra package; this one is yum's own.
  dependencies: (item) => ['yum', '-q', 'deplist', nevra(item)],
};
