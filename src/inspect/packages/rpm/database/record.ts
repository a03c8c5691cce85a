/** One header as stored, with the number rpm gave it. */
export interface HeaderRecord {
  readonly number: number;
  readonly blob: Buffer;
}

/** Says what is wrong with a part of the database: `header 12`, `page 7`, … */
export type Report = (record: string, reason: string) => void;

/** Why nothing of a database can be read. */
export class DatabaseError extends Error {}
