import type { InstalledPackage, Relation, Requirement } from '../../../model/packages.js';

/** How one family's package managers decide what satisfies a dependency, and which of several packages they take. */
export interface ResolverRules {
  /** Whether the package that has the relation's name satisfies it, as far as versions go. */
  satisfiedByName(relation: Relation, candidate: InstalledPackage): boolean;
  /** Whether a capability of the relation's name does. */
  satisfiedByCapability(relation: Relation, provided: Relation): boolean;
  /** Whether packages of these architectures may depend on each other. */
  fits(dependent: InstalledPackage, relation: Relation, candidate: InstalledPackage): boolean;
  /** Whether a name that begins with a slash is satisfied by whoever owns that file. */
  readonly byFile: boolean;
  /**
   * Whether the resolver, left alone with a dependency, certainly takes one of the packages that satisfy it here:
   * nothing in an archive could satisfy it otherwise, or comes first.
   * @param satisfiers Of all alternatives; at least one.
   */
  isSettled(dependent: InstalledPackage, requirement: Requirement, satisfiers: readonly Satisfier[]): boolean;
}

export interface Satisfier {
  readonly item: InstalledPackage;
  /** The alternative that it satisfies first. */
  readonly relation: Relation;
  /** `name`: it has the name itself. `ghost`: it owns the file without bringing it. */
  readonly how: 'name' | 'capability' | 'file' | 'ghost';
}

/** Compares a version with the one of a relation; true for a relation without a version. */
export function versionHolds(
  relation: Relation,
  version: string | undefined,
  compare: (a: string, b: string) => number,
): boolean {
  if (relation.operator === undefined || relation.version === undefined) return true;
  if (version === undefined) return false;
  const order = compare(version, relation.version);
  switch (relation.operator) {
    case '<':
      return order < 0;
    case '<=':
      return order <= 0;
    case '=':
      return order === 0;
    case '>=':
      return order >= 0;
    case '>':
      return order > 0;
  }
}

/**
 * Whether a package declares that another one would do in its place: it refuses one in whatever version, as variants of
 * one program refuse each other (`libcurl-minimal` and `libcurl`). Its capabilities are then no proof of a choice.
 */
export function hasRivals(item: InstalledPackage): boolean {
  return item.conflicts.some(
    ({ name, operator }) => operator === undefined && name !== item.name && !name.startsWith('/'),
  );
}
