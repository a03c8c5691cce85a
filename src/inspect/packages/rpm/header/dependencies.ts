import type { Relation } from '../../../../model/packages.js';
import { headerNumbers, headerStrings, type RpmHeader } from './header.js';
import { type DependencyTags, SENSE } from './tags.js';

/** One line of a dependency list as the header has it. */
export interface RpmDependency {
  /** A capability, a path, or a rich dependency in parentheses. */
  readonly name: string;
  readonly flags: number;
  /** Empty when any version will do. */
  readonly version: string;
}

/** The largest packages have a few thousand. */
const MAX_DEPENDENCIES = 100_000;

/** A list of dependencies, in the order of the header. Lists without flags or versions are those of old packages. */
export function headerDependencies(header: RpmHeader, tags: DependencyTags): RpmDependency[] {
  if ((header.entries.get(tags.names)?.count ?? 0) > MAX_DEPENDENCIES) return [];
  const flags = headerNumbers(header, tags.flags);
  const versions = headerStrings(header, tags.versions);
  return headerStrings(header, tags.names).map((name, index) => ({
    name,
    flags: flags[index] ?? 0,
    version: versions[index] ?? '',
  }));
}

export function isRich(dependency: RpmDependency): boolean {
  return dependency.name.startsWith('(');
}

/** `rpmlib(…)` asks for abilities of rpm itself, never for a package. */
export function asksForRpm(dependency: RpmDependency): boolean {
  return (dependency.flags & SENSE.rpmlib) !== 0 || dependency.name.startsWith('rpmlib(');
}

export function toRelation({ name, flags, version }: RpmDependency): Relation {
  const operator = OPERATORS[flags & (SENSE.less | SENSE.greater | SENSE.equal)];
  return operator === undefined || version === '' ? { name } : { name, operator, version };
}

const OPERATORS: Readonly<Record<number, NonNullable<Relation['operator']>>> = {
  [SENSE.less]: '<',
  [SENSE.less | SENSE.equal]: '<=',
  [SENSE.equal]: '=',
  [SENSE.greater | SENSE.equal]: '>=',
  [SENSE.greater]: '>',
};
