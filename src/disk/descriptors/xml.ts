import { XMLParser } from 'fast-xml-parser';
import { AppError } from '../../errors.js';

/** An XML element; names are without their prefix, attributes too. */
export interface Element {
  readonly name: string;
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: readonly Element[];
  /** Text directly inside, trimmed. */
  readonly text: string;
}

export const MAX_XML_BYTES = 2 * 1024 * 1024;
const MAX_DEPTH = 64;
const MAX_ELEMENTS = 20_000;
const ENTITIES: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };

/**
 * Parses a document without document type: no entity is declared, so none can grow or fetch anything.
 * @throws AppError `descriptor-invalid`.
 */
export function parseXml(bytes: Buffer, shown: string): Element {
  if (bytes.length > MAX_XML_BYTES) throw invalidDescriptor(shown, `it has ${bytes.length} bytes`);
  const text = new TextDecoder().decode(bytes);
  if (/<!(?:DOCTYPE|ENTITY)/i.test(text))
    throw invalidDescriptor(shown, 'it declares a document type, which no real one does');
  if (countOf('<', text) > 2 * MAX_ELEMENTS) throw invalidDescriptor(shown, 'it has too many elements');
  const parser = new XMLParser({
    preserveOrder: true,
    ignoreAttributes: false,
    attributeNamePrefix: '',
    removeNSPrefix: true,
    processEntities: false,
    parseTagValue: false,
    parseAttributeValue: false,
    ignoreDeclaration: true,
    ignorePiTags: true,
    maxNestedTags: MAX_DEPTH,
  });
  let nodes: unknown;
  try {
    nodes = parser.parse(text, true);
  } catch (cause) {
    throw invalidDescriptor(shown, `it is no well-formed XML (${String((cause as Error).message).slice(0, 200)})`);
  }
  const roots = elements(nodes, { left: MAX_ELEMENTS, shown }, 0);
  if (roots.length !== 1) throw invalidDescriptor(shown, 'it is no XML document');
  return roots[0]!;
}

export function childrenNamed(element: Element | undefined, name: string): Element[] {
  return element?.children.filter((child) => child.name === name) ?? [];
}

export function childNamed(element: Element | undefined, name: string): Element | undefined {
  return element?.children.find((child) => child.name === name);
}

/** Text of a child; undefined when there is no such child or nothing in it. */
export function childText(element: Element | undefined, name: string): string | undefined {
  const text = childNamed(element, name)?.text;
  return text === '' ? undefined : text;
}

export function invalidDescriptor(shown: string, what: string): AppError {
  return new AppError('descriptor-invalid', `${shown} is no usable descriptor: ${what}`, {
    where: { disk: shown },
    todo: 'Export the machine again, or name its disk images instead (joined with +).',
  });
}

/** The parser gives a list of `{ NAME: [children], ':@': { attributes } }` and `{ '#text': … }`. */
function elements(nodes: unknown, budget: { left: number; shown: string }, depth: number): Element[] {
  if (!Array.isArray(nodes)) return [];
  if (depth > MAX_DEPTH) throw invalidDescriptor(budget.shown, `its elements are nested more than ${MAX_DEPTH} deep`);
  const found: Element[] = [];
  for (const node of nodes as Record<string, unknown>[]) {
    const name = Object.keys(node).find((key) => key !== ':@');
    if (name === undefined || name.startsWith('#')) continue;
    budget.left -= 1;
    if (budget.left < 0) throw invalidDescriptor(budget.shown, 'it has too many elements');
    const content = node[name];
    found.push({
      name,
      attributes: new Map(
        Object.entries((node[':@'] ?? {}) as Record<string, unknown>).map(([key, value]) => [
          key,
          decodeEntities(String(value)),
        ]),
      ),
      children: elements(content, budget, depth + 1),
      text: textOf(content),
    });
  }
  return found;
}

function countOf(character: string, text: string): number {
  let count = 0;
  for (let at = text.indexOf(character); at !== -1; at = text.indexOf(character, at + 1)) count += 1;
  return count;
}

function textOf(content: unknown): string {
  if (!Array.isArray(content)) return '';
  const pieces = (content as Record<string, unknown>[])
    .filter((node) => '#text' in node)
    .map((node) => String(node['#text']));
  return decodeEntities(pieces.join('')).trim();
}

function decodeEntities(text: string): string {
  return text.replace(
    /&(?:#(\d{1,7})|#x([0-9a-fA-F]{1,6})|(lt|gt|amp|quot|apos));/g,
    (whole, decimal?: string, hex?: string, name?: string) => {
      if (name !== undefined) return ENTITIES[name]!;
      const code = decimal !== undefined ? Number(decimal) : Number.parseInt(hex!, 16);
      return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : whole;
    },
  );
}
