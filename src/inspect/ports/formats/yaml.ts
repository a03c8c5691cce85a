import { isAlias, isMap, isScalar, isSeq, LineCounter, type Node, parseAllDocuments } from 'yaml';

/** One scalar of a YAML or JSON text. */
export interface Leaf {
  /** Keys from the root, list positions as numbers: `server.ports.0`. Dots inside of keys are not told apart. */
  readonly key: string;
  readonly value: string;
  readonly line: number;
}

const MAX_DEPTH = 32;
const MAX_LEAVES = 50_000;
/** Nesting that the parser itself would recurse into. */
const MAX_BRACKETS = 200;

/** Every scalar in order; null when the text is not YAML. Aliases are not followed. */
export function parseYaml(text: string): Leaf[] | null {
  if (deepest(text) > MAX_BRACKETS) return null;
  const lines = new LineCounter();
  try {
    const documents = parseAllDocuments(text, {
      lineCounter: lines,
      uniqueKeys: false,
      logLevel: 'silent',
      strict: false,
    });
    if (!Array.isArray(documents)) return [];
    const leaves: Leaf[] = [];
    for (const document of documents) {
      if (document.errors.length > 0) return null;
      collect(document.contents as Node | null, [], 1, lines, leaves);
    }
    return leaves;
  } catch {
    // The library recurses over block nesting, too: a hostile text may exhaust the stack.
    return null;
  }
}

function collect(node: unknown, keys: readonly string[], line: number, lines: LineCounter, leaves: Leaf[]): void {
  if (keys.length > MAX_DEPTH || leaves.length >= MAX_LEAVES) return;
  if (isMap(node)) {
    for (const pair of node.items) {
      const key = isScalar(pair.key) ? String(pair.key.value) : '';
      const at = isScalar(pair.key) && pair.key.range ? lines.linePos(pair.key.range[0]).line : line;
      if (pair.value === null) leaves.push({ key: [...keys, key].join('.'), value: '', line: at });
      else collect(pair.value, [...keys, key], at, lines, leaves);
    }
  } else if (isSeq(node)) {
    for (const [index, item] of node.items.entries()) collect(item, [...keys, String(index)], line, lines, leaves);
  } else if (isScalar(node)) {
    const at = node.range ? lines.linePos(node.range[0]).line : line;
    leaves.push({ key: keys.join('.'), value: node.value === null ? '' : String(node.source ?? node.value), line: at });
  } else if (isAlias(node)) {
    leaves.push({ key: keys.join('.'), value: `*${node.source}`, line });
  }
}

function deepest(text: string): number {
  let depth = 0;
  let most = 0;
  for (const character of text) {
    if (character === '[' || character === '{') depth += 1;
    else if (character === ']' || character === '}') depth -= 1;
    most = Math.max(most, depth);
  }
  return most;
}
