import type { OperatingSystem } from '../../model/os.js';
import type { InstalledPackage, PackageManagerName } from '../../model/packages.js';
import type { PackageIndex } from './package-index.js';

/** `Priority: required` in the archives of every release that dpkg systems of today have. */
const REQUIRED_EVERYWHERE = new Set(['login', 'login.defs', 'mawk', 'mount', 'passwd']);
/** The same for Debian alone (Ubuntu's minimal root has no tzdata), and until Debian 12. */
const REQUIRED_IN_DEBIAN = new Set(['tzdata']);
const REQUIRED_UNTIL_DEBIAN_12 = new Set(['e2fsprogs']);
/** Two ways of saying that /usr is merged; which one a root has depends on the program that made it. */
const MERGE_MARKERS = new Set(['usrmerge', 'usr-is-merged']);

/** What minimal roots of the other families are made of, before closure. */
const CORE_NAMES: Readonly<Record<Exclude<PackageManagerName, 'dpkg'>, readonly string[]>> = {
  rpm: [
    'bash',
    'coreutils',
    'coreutils-single',
    'filesystem',
    'glibc',
    'rpm',
    'setup',
    'yum',
    'dnf',
    'microdnf',
    'zypper',
    'urpmi',
  ],
  apk: ['alpine-baselayout', 'alpine-keys', 'apk-tools', 'busybox', 'musl'],
  pacman: ['bash', 'coreutils', 'filesystem', 'glibc', 'pacman'],
};

/** The base closure by the rules of each family, by number. */
export function baseClosure(index: PackageIndex, manager: PackageManagerName, os: OperatingSystem): Set<number> {
  if (manager === 'dpkg') return dpkgBaseClosure(index, os);
  const core = new Set(CORE_NAMES[manager]);
  const base = new Set<number>();
  const pending = index.packages.flatMap((item, node) => (core.has(item.name) && !item.kernel ? [node] : []));
  while (pending.length > 0) {
    const node = pending.pop()!;
    if (base.has(node)) continue;
    base.add(node);
    const dependent = index.packages[node]!;
    for (const requirement of dependent.depends) {
      const satisfiers = index.satisfiers(dependent, requirement).filter(({ item }) => !item.kernel);
      if (satisfiers.length !== 1 || !index.rules.isSettled(dependent, requirement, satisfiers)) continue;
      pending.push(satisfiers[0]!.node);
    }
  }
  return base;
}

/**
 * The packages of a machine that a minimal root of its release certainly has too, by number: Essential ones, the
 * package manager, and what they need. Naming one of them again would do no harm while leaving one out would, so doubt
 * keeps a package out: only certain choices are followed, and a `Priority: required` in the status file, which an
 * archive may have overridden, counts for nothing by itself.
 */
function dpkgBaseClosure(index: PackageIndex, os: OperatingSystem): Set<number> {
  const { packages } = index;
  const base = new Set<number>();
  const pending: number[] = [];
  const add = (node: number): void => {
    if (base.has(node) || packages[node]!.kernel) return;
    base.add(node);
    pending.push(node);
  };
  packages.forEach((item, node) => {
    if (item.essential || item.name === 'apt' || (item.priority === 'required' && isRequired(item.name, os))) {
      add(node);
    }
  });
  while (pending.length > 0) {
    const dependent = packages[pending.pop()!]!;
    for (const requirement of dependent.depends) {
      const first = requirement[0];
      if (first === undefined || MERGE_MARKERS.has(first.name)) continue;
      // The resolver takes the first alternative when it is a real package, and so it did for the minimal root.
      const real = index.satisfiers(dependent, [first]).filter(({ how }) => how === 'name');
      const sameArchitecture = real.find(({ item }) => fitsArchitecture(item, dependent));
      if (sameArchitecture !== undefined) add(sameArchitecture.node);
    }
  }
  return base;
}

function isRequired(name: string, os: OperatingSystem): boolean {
  if (REQUIRED_EVERYWHERE.has(name)) return true;
  if (os.id !== 'debian') return false;
  const release = Number(os.versionId ?? Number.POSITIVE_INFINITY);
  return REQUIRED_IN_DEBIAN.has(name) || (release <= 12 && REQUIRED_UNTIL_DEBIAN_12.has(name));
}

function fitsArchitecture(item: InstalledPackage, dependent: InstalledPackage): boolean {
  return (
    item.architecture === dependent.architecture || item.architecture === 'all' || dependent.architecture === 'all'
  );
}
