import type { ExactPackage, PackageManager } from './package-manager.js';
import { nevra, overRpm } from './rpm-query.js';
import { isSuse, isUrpmi, usesYum } from './systems.js';

/** yum 3 mentions that it does not know it; where yum is a link to dnf, it counts. */
const WEAK = '--setopt=install_weak_deps=False';

/** yum 2 and 3: Red Hat and its rebuilds until 7, Fedora until 21, Amazon Linux 1 and 2. It knows no weak dependencies. */
export const yum: PackageManager = {
  ...overRpm,
  name: 'yum',
  serves: (os) => !isSuse(os) && !isUrpmi(os) && usesYum(os),
  spell: nevra,
  takesVersions: true,
  install: (packages) => ['yum', '-y', '--setopt=tsflags=', WEAK, 'install', ...packages.map(nevra)],
  // `repoquery` of the thesis is an extra package; this one is yum's own.
  dependencies: (item) => ['yum', '-q', 'deplist', nevra(item)],
  available: (names) => ['yum', '-q', '--showduplicates', 'list', 'available', ...names],
  parseAvailable: parseColumns,
};

/**
 * `name.architecture version repository` below a heading. Long ones are continued on the next line, so words count and
 * lines do not.
 */
function parseColumns(output: string): ExactPackage[] {
  const table = /^Available Packages$([\s\S]*)/m.exec(output)?.[1] ?? '';
  const words = table.split(/\s+/).filter((word) => word !== '');
  const found: ExactPackage[] = [];
  for (let at = 0; at + 2 < words.length; at += 3) {
    const dot = words[at]!.lastIndexOf('.');
    if (dot < 1) break;
    found.push({
      name: words[at]!.slice(0, dot),
      architecture: words[at]!.slice(dot + 1),
      version: words[at + 1]!.replace(/^0+:/, ''),
    });
  }
  return found;
}
