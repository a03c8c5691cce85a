import type { InstalledPackage, Relation } from '../../../model/packages.js';
import { rpmRangesOverlap } from '../../../syntax/rpm-version.js';
import { hasRivals, type ResolverRules, type Satisfier } from './resolver-rules.js';

/**
 * What rpm takes for satisfied (rpm-dependencies(7)), and what dnf, zypper (libsolv), yum and urpmi choose. libsolv takes
 * providers of one name in the order of their own names, whether one of them has the very name or not; so a name settles
 * a choice only because archives hardly ever have a second package for it, and not where a package says that they do.
 */
export function rpmRules(nativeArchitecture: string | null): ResolverRules {
  const isNative = ({ architecture }: InstalledPackage): boolean =>
    architecture === nativeArchitecture || !is32Bit(architecture) || is32Bit(nativeArchitecture ?? '');
  return {
    // Packages of rpm 3 do not provide themselves.
    satisfiedByName: (relation, { version }) => rpmRangesOverlap({ operator: '=', version }, relation),
    satisfiedByCapability: (relation, provided) => rpmRangesOverlap(provided, relation),
    // Architectures are written into names: `glibc(x86-32)`, `libc.so.6()(64bit)`.
    fits: () => true,
    byFile: true,
    isSettled: (_, requirement, satisfiers) =>
      requirement.length === 1 &&
      satisfiers.every(({ item }) => !hasRivals(item)) &&
      satisfiers.some((satisfier) => isCertain(satisfier, isNative)),
  };
}

function isCertain({ item, relation, how }: Satisfier, isNative: (item: InstalledPackage) => boolean): boolean {
  // Asked for by name or path, a resolver takes the package of the system's own architecture.
  if (how === 'name' || how === 'file') return isNative(item);
  return (
    how === 'capability' && (isSingular(relation) || belongsTo(relation, item) || isPath(relation, item, isNative))
  );
}

/** `glibc(x86-64)`, `config(glibc)`: said of one package by itself. */
function belongsTo({ name }: Relation, item: InstalledPackage): boolean {
  return name.startsWith(`${item.name}(`) || name === `config(${item.name})`;
}

function isPath({ name }: Relation, item: InstalledPackage, isNative: (item: InstalledPackage) => boolean): boolean {
  return name.startsWith('/') && isNative(item);
}

/** Names of which an archive has one provider, because they are made out of what is in the package. */
const NAMESPACES =
  /^(?:perl|python[0-9.]*dist|pkgconfig|pkgconfig32|cmake|rubygem|typelib|mvn|npm|tex|crate|golang|ocaml|ghc-devel|R|php-composer|php-pear|bundled|python\(abi\)|perl\(:MODULE_COMPAT_)/;

function isSingular({ name }: Relation): boolean {
  if (/\.so(?:\.|\(|$)/.test(name)) return true;
  const open = name.indexOf('(');
  return open > 0 && name.endsWith(')') && NAMESPACES.test(name.slice(0, open));
}

function is32Bit(architecture: string): boolean {
  return /^(?:i[3-6]86|athlon|geode|pentium[34]|armv[5-7]h?n?l|ppc|s390)$/.test(architecture);
}
