/** Bytes that can be read anywhere without waiting, for readers that follow pointers: a database, a table of slots. */
export interface RandomAccess {
  /** Bytes. */
  readonly size: number;
  /** Those from `offset` on; fewer than `length`, perhaps none, where the bytes end. The caller may keep them. */
  read(offset: number, length: number): Buffer;
}

export function inMemory(bytes: Buffer): RandomAccess {
  return { size: bytes.length, read: (offset, length) => bytes.subarray(offset, offset + length) };
}
