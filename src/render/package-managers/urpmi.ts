import type { ExactPackage, PackageManager } from './package-manager.js';
import { overRpm, withoutEpoch } from './rpm-query.js';
import { isUrpmi } from './systems.js';

/** urpmi: Mageia and Mandriva. It matches whole names without epochs. */
export const urpmi: PackageManager = {
  ...overRpm,
  name: 'urpmi',
  serves: isUrpmi,
  spell,
  takesVersions: true,
  install: (packages) => ['urpmi', '--auto', '--no-recommends', '--downgrade', ...packages.map(spell)],
  dependencies: (item) => ['urpmq', '--requires', item.name],
  available: null,
  parseAvailable: () => [],
};

function spell({ name, version, architecture }: ExactPackage): string {
  if (version === null) return name;
  return `${name}-${withoutEpoch(version)}${architecture === null ? '' : `.${architecture}`}`;
}
