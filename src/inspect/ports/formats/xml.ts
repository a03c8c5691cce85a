import { XMLParser } from 'fast-xml-parser';

export interface XmlElement {
  readonly name: string;
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: readonly XmlElement[];
  readonly text: string;
  readonly line: number;
}

const MAX_DEPTH = 100;
const ATTRIBUTES = ':@';
const TEXT = '#text';

/** The elements at the top of an XML text, or null when it is none. Entities are not expanded, nothing is fetched. */
export function parseXml(text: string): XmlElement[] | null {
  if (tooDeep(text)) return null;
  try {
    const parser = new XMLParser({
      preserveOrder: true,
      ignoreAttributes: false,
      attributeNamePrefix: '',
      parseTagValue: false,
      parseAttributeValue: false,
      processEntities: false,
      ignoreDeclaration: true,
      ignorePiTags: true,
      captureMetaData: true,
    });
    const starts = lineStarts(text);
    return elements(parser.parse(text), starts, 0);
  } catch {
    return null;
  }
}

/** Every element below the given ones, with the elements above it, outermost first. */
export function* walkXml(
  roots: readonly XmlElement[],
  above: readonly XmlElement[] = [],
): Generator<{ element: XmlElement; above: readonly XmlElement[] }> {
  for (const element of roots) {
    yield { element, above };
    yield* walkXml(element.children, [...above, element]);
  }
}

function elements(nodes: unknown, starts: readonly number[], depth: number): XmlElement[] {
  if (!Array.isArray(nodes) || depth > MAX_DEPTH) return [];
  const result: XmlElement[] = [];
  for (const node of nodes as Record<string, unknown>[]) {
    const name = Object.keys(node).find((key) => key !== ATTRIBUTES);
    if (name === undefined || name === TEXT) continue;
    const children = node[name];
    const attributes = (node[ATTRIBUTES] ?? {}) as Record<string, unknown>;
    const meta = (node as Record<symbol, { startIndex?: number } | undefined>)[
      XMLParser.getMetaDataSymbol() as unknown as symbol
    ];
    result.push({
      name,
      attributes: new Map(Object.entries(attributes).map(([key, value]) => [key, String(value)])),
      children: elements(children, starts, depth + 1),
      text: textOf(children),
      line: lineAt(starts, meta?.startIndex ?? 0),
    });
  }
  return result;
}

function textOf(children: unknown): string {
  if (!Array.isArray(children)) return '';
  return (children as Record<string, unknown>[])
    .map((child) => (child[TEXT] === undefined ? '' : String(child[TEXT])))
    .join('')
    .trim();
}

function lineStarts(text: string): number[] {
  const starts = [0];
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  return starts;
}

function lineAt(starts: readonly number[], offset: number): number {
  let low = 0;
  let high = starts.length;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (starts[middle]! <= offset) low = middle;
    else high = middle;
  }
  return low + 1;
}

function tooDeep(text: string): boolean {
  let depth = 0;
  for (let at = text.indexOf('<'); at !== -1; at = text.indexOf('<', at + 1)) {
    const next = text[at + 1];
    if (next === '/') depth -= 1;
    else if (next !== '!' && next !== '?') {
      const end = text.indexOf('>', at);
      if (end === -1) return false;
      if (text[end - 1] !== '/') depth += 1;
    }
    if (depth > MAX_DEPTH) return true;
  }
  return false;
}
