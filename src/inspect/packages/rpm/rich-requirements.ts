import type { Relation, Requirement } from '../../../model/packages.js';
import type { RichDependency } from './header/rich.js';

/** More alternatives or groups than this are not multiplied out. */
const MAX_GROUPS = 64;

/**
 * What a rich dependency comes to on a machine: groups of alternatives that all must hold. Conditions are decided by what
 * is installed: a package that is not there makes no edge.
 * @returns null when it cannot be said so, or takes too many groups.
 */
export function requirementsOf(
  dependency: RichDependency,
  isInstalled: (relation: Relation) => boolean,
): readonly Requirement[] | null {
  switch (dependency.kind) {
    case 'relation':
      return [[dependency.relation]];
    case 'and': {
      const groups: Requirement[] = [];
      for (const operand of dependency.operands) {
        const part = requirementsOf(operand, isInstalled);
        if (part === null || groups.length + part.length > MAX_GROUPS) return null;
        groups.push(...part);
      }
      return groups;
    }
    case 'or':
      return distribute(dependency.operands.map((operand) => requirementsOf(operand, isInstalled)));
    case 'if':
    case 'unless': {
      const met = holds(dependency.condition, isInstalled) === (dependency.kind === 'if');
      if (met) return requirementsOf(dependency.wanted, isInstalled);
      return dependency.otherwise === undefined ? [] : requirementsOf(dependency.otherwise, isInstalled);
    }
    case 'with':
    case 'without': {
      const relation = constrained(dependency);
      return relation === null ? null : [[relation]];
    }
  }
}

/** Whether the dependency is satisfied by what is installed. */
export function holds(dependency: RichDependency, isInstalled: (relation: Relation) => boolean): boolean {
  switch (dependency.kind) {
    case 'relation':
      return isInstalled(dependency.relation);
    case 'and':
      return dependency.operands.every((operand) => holds(operand, isInstalled));
    case 'or':
      return dependency.operands.some((operand) => holds(operand, isInstalled));
    case 'if':
    case 'unless':
      if (holds(dependency.condition, isInstalled) === (dependency.kind === 'if')) {
        return holds(dependency.wanted, isInstalled);
      }
      return dependency.otherwise === undefined || holds(dependency.otherwise, isInstalled);
    case 'with':
    case 'without': {
      const relation = constrained(dependency);
      return relation !== null && isInstalled(relation);
    }
  }
}

/** (a and b) or c is (a or c) and (b or c). A part without any group holds always, and so does the whole. */
function distribute(parts: readonly (readonly Requirement[] | null)[]): readonly Requirement[] | null {
  let groups: Requirement[] = [[]];
  for (const part of parts) {
    if (part === null) return null;
    if (groups.length * part.length > MAX_GROUPS) return null;
    groups = groups.flatMap((group) => part.map((alternatives) => [...group, ...alternatives]));
    if (groups.some((group) => group.length > MAX_GROUPS)) return null;
  }
  return groups;
}

/** `with` and `without` ask more of one package, and rpm allows nothing but relations and `with` inside of them. */
function constrained(dependency: RichDependency): Relation | null {
  if (dependency.kind === 'relation') return dependency.relation;
  if (dependency.kind !== 'with' && dependency.kind !== 'without') return null;
  const [first, ...rest] = dependency.operands.map(constrained);
  if (first === null || first === undefined) return null;
  const others = rest.filter((relation) => relation !== null);
  if (others.length < rest.length) return null;
  return dependency.kind === 'with'
    ? { ...first, with: [...(first.with ?? []), ...others] }
    : { ...first, without: [...(first.without ?? []), ...others] };
}
