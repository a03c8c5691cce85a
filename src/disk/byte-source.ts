/** Bytes at offsets: a file of the host, or a window of one. */
export interface ByteSource {
  readonly size: number;
  /** The bytes from `offset`, at most `length`; fewer at the end, none beyond it. */
  read(offset: number, length: number): Promise<Buffer>;
}

/** The part of a source from `offset`, `size` bytes long at most. */
export function windowOf(source: ByteSource, offset: number, size: number): ByteSource {
  const usable = Math.max(0, Math.min(size, source.size - offset));
  return {
    size: usable,
    read: (at, length) =>
      at >= usable ? Promise.resolve(Buffer.alloc(0)) : source.read(offset + at, Math.min(length, usable - at)),
  };
}

/** Bytes in memory as a source. */
export function sourceOf(bytes: Buffer): ByteSource {
  return { size: bytes.length, read: async (offset, length) => bytes.subarray(offset, offset + length) };
}

/**
 * A source that reads ahead in pieces of `pieceSize`, for tables that are read entry by entry. Only the latest piece is
 * kept.
 */
export function readingAhead(source: ByteSource, pieceSize = 256 * 1024): ByteSource {
  let pieceStart = -1;
  let piece: Buffer = Buffer.alloc(0);
  return {
    size: source.size,
    async read(offset, length) {
      if (length > pieceSize) return source.read(offset, length);
      if (pieceStart < 0 || offset < pieceStart || offset + length > pieceStart + piece.length) {
        pieceStart = offset;
        piece = await source.read(offset, pieceSize);
      }
      return piece.subarray(offset - pieceStart, offset - pieceStart + length);
    },
  };
}

/** A 64-bit number, or null when it is beyond what a number holds exactly. */
export function safeNumber(value: bigint): number | null {
  return value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : null;
}
