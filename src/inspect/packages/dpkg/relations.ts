import type { Relation, Requirement } from '../../../model/packages.js';

/** Reads `a (>= 1) | b:any, c`: groups that all must hold, each a list of alternatives; Debian Policy, section 7.1. */
export function parseRequirements(text: string): Requirement[] {
  const groups: Requirement[] = [];
  for (const group of text.split(',')) {
    const alternatives = group.split('|').flatMap(parseRelation);
    if (alternatives.length > 0) groups.push(alternatives);
  }
  return groups;
}

/** A list without alternatives: Provides, Conflicts, Breaks. */
export function parseRelations(text: string): Relation[] {
  return text.split(',').flatMap(parseRelation);
}

/** The single `<` and `>` of old packages mean "or equal": deb-control(5) calls them obsolete for that confusion. */
const OPERATORS: Readonly<Record<string, NonNullable<Relation['operator']>>> = {
  '<<': '<',
  '<': '<=',
  '<=': '<=',
  '=': '=',
  '>=': '>=',
  '>': '>=',
  '>>': '>',
};

/** Architecture and profile restrictions (`[amd64]`, `<!nocheck>`) belong to source packages and are passed over. */
function parseRelation(text: string): Relation[] {
  const match = /^([^\s(:[<]+)(?::([^\s([<]+))?\s*(?:\(\s*(<<|<=|>=|>>|<|>|=)\s*([^\s)]+)\s*\))?/.exec(text.trim());
  if (match === null) return [];
  const [, name, architecture, operator, version] = match;
  return [
    {
      name: name!,
      ...(operator === undefined ? {} : { operator: OPERATORS[operator]!, version: version! }),
      ...(architecture === undefined ? {} : { architecture }),
    },
  ];
}
