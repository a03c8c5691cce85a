/** pacman's record files: `%FIELD%`, its values a line each, an empty line. Values by field; lines without one are counted. */
export interface Blocks {
  readonly fields: ReadonlyMap<string, readonly string[]>;
  /** Lines, counted from 1, that belong to no field. */
  readonly stray: readonly number[];
}

const MAX_LINE = 16_384;
const MAX_STRAY = 10;

export function parseBlocks(text: string): Blocks {
  const fields = new Map<string, string[]>();
  const stray: number[] = [];
  let values: string[] | undefined;
  for (const [index, line] of text.split('\n').entries()) {
    const header = /^%([A-Z0-9_]{1,64})%$/.exec(line.slice(0, 80));
    if (header !== null) {
      values = fields.get(header[1]!) ?? [];
      fields.set(header[1]!, values);
    } else if (line === '') {
      values = undefined;
    } else if (values !== undefined && line.length <= MAX_LINE) {
      values.push(line);
    } else if (stray.length < MAX_STRAY) {
      stray.push(index + 1);
    }
  }
  return { fields, stray };
}

export function firstValue(blocks: Blocks, field: string): string | undefined {
  return blocks.fields.get(field)?.[0];
}

export function valuesOf(blocks: Blocks, field: string): readonly string[] {
  return blocks.fields.get(field) ?? [];
}
