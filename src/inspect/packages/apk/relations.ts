import type { Relation } from '../../../model/packages.js';

/** A list of dependencies of apk: words, `!` before what conflicts (apk-package(5)). */
export interface ApkRelations {
  readonly wanted: readonly Relation[];
  readonly refused: readonly Relation[];
}

export function parseApkRelations(text: string): ApkRelations {
  const wanted: Relation[] = [];
  const refused: Relation[] = [];
  for (const word of text.split(/\s+/)) {
    if (word === '' || word === '!') continue;
    const relation = parseRelation(word.startsWith('!') ? word.slice(1) : word);
    if (relation !== null) (word.startsWith('!') ? refused : wanted).push(relation);
  }
  return { wanted, refused };
}

/** `~` accepts every version that begins so; a tag `@edge` says where from, not what. */
function parseRelation(word: string): Relation | null {
  const match = /^([^<>=~@]{1,255})(?:@[^<>=~]{1,64})?(?:(><|[<>]?=?~?=?)([^<>=~].{0,254}))?$/.exec(word);
  if (match === null) return null;
  const [, name, sign = '', version] = match;
  if (version === undefined || sign === '' || sign === '><') return { name: name! };
  if (sign.includes('~')) return { name: name!, operator: '>=', version, prefix: true };
  return { name: name!, operator: sign as NonNullable<Relation['operator']>, version };
}
