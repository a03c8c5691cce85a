import type { Relation } from '../../../model/packages.js';

/** `name`, `name>=1.2`, `libfoo.so=1-64` (PKGBUILD(5), depends); optional dependencies go on with `: why`. */
export function parsePacmanRelation(text: string): Relation | null {
  const match = /^([^<>=:\s]{1,255})(?:(<=|>=|<|>|=)([^\s]{1,255}?))?(?::\s.*)?$/.exec(text.slice(0, 4096));
  if (match === null) return null;
  const [, name, operator, version] = match;
  if (operator === undefined || version === undefined) return { name: name! };
  return { name: name!, operator: operator as NonNullable<Relation['operator']>, version };
}

export function parsePacmanRelations(lines: readonly string[]): Relation[] {
  return lines.map(parsePacmanRelation).filter((relation) => relation !== null);
}
