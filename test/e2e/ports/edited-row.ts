import { ROWS, type Row } from './rows.js';

/** A daemon as it is started in `ROWS`, after somebody changed its files. */
export function changed(unit: string, edits: NonNullable<Row['edits']>): Row {
  const row = ROWS.find((each) => each.unit === unit);
  if (row === undefined) throw new Error(`${unit} has no row`);
  return { ...row, edits: { ...row.edits, ...edits } };
}

export const append =
  (text: string) =>
  (old: string): string =>
    `${old}\n${text}\n`;

export const only = (text: string) => (): string => text;
