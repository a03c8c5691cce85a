import { damaged } from './faults.js';

/**
 * Bytes that can be read at any offset: a disk, a partition, a logical volume. Synchronous, because parsers ask for
 * thousands of small pieces and run in a worker of their own.
 */
export interface BlockView {
  /** Bytes. */
  readonly size: number;
  /** Fills `length` bytes of `target` from `at` with those at `offset`. Throws when any lies outside of the view. */
  read(target: Uint8Array, at: number, length: number, offset: number): void;
}

/** A stretch of another view, of a mapped one. */
export interface Piece {
  /** Null reads as zeros. */
  readonly view: BlockView | null;
  readonly offset: number;
  readonly length: number;
}

export function readBytes(view: BlockView, offset: number, length: number): Buffer {
  const bytes = Buffer.allocUnsafeSlow(length);
  view.read(bytes, 0, length, offset);
  return bytes;
}

/** As {@link readBytes}, but what lies beyond the end is left away. */
export function readUpTo(view: BlockView, offset: number, length: number): Buffer {
  if (offset >= view.size) return Buffer.alloc(0);
  return readBytes(view, offset, Math.max(0, Math.min(length, view.size - offset)));
}

/** Part of a view; what would lie beyond its end is cut off. */
export function sliceView(view: BlockView, offset: number, length: number): BlockView {
  return mappedView([{ view, offset, length: Math.max(0, Math.min(length, view.size - offset)) }]);
}

/** Pieces one after the other. */
export function mappedView(pieces: readonly Piece[]): BlockView {
  const starts: number[] = [];
  let size = 0;
  for (const { length } of pieces) {
    starts.push(size);
    size += length;
  }
  return {
    size,
    read(target, at, length, offset) {
      checkRange(offset, length, size);
      let index = lastAtOrBelow(starts, offset);
      for (let done = 0; done < length; index += 1) {
        const piece = pieces[index]!;
        const inside = offset + done - starts[index]!;
        const count = Math.min(length - done, piece.length - inside);
        if (count <= 0) continue;
        if (piece.view === null) target.fill(0, at + done, at + done + count);
        else piece.view.read(target, at + done, count, piece.offset + inside);
        done += count;
      }
    },
  };
}

/**
 * A view with blocks laid over it (a replayed journal).
 * @param blocks Block number → its bytes, or the offset in `base` where they are.
 */
export function overlayView(
  base: BlockView,
  blockSize: number,
  blocks: ReadonlyMap<number, number | Uint8Array>,
): BlockView {
  const numbers = [...blocks.keys()].sort((a, b) => a - b);
  if (numbers.length === 0) return base;
  return {
    size: base.size,
    read(target, at, length, offset) {
      base.read(target, at, length, offset);
      const end = offset + length;
      let index = Math.max(0, lastAtOrBelow(numbers, Math.floor(offset / blockSize)));
      for (; index < numbers.length; index += 1) {
        const start = numbers[index]! * blockSize;
        if (start >= end) break;
        const from = Math.max(start, offset);
        const to = Math.min(start + blockSize, end);
        if (to <= from) continue;
        const source = blocks.get(numbers[index]!)!;
        if (typeof source === 'number') base.read(target, at + from - offset, to - from, source + from - start);
        else target.set(source.subarray(from - start, to - start), at + from - offset);
      }
    },
  };
}

export function checkRange(offset: number, length: number, size: number): void {
  if (!(offset >= 0 && length >= 0 && offset + length <= size)) {
    throw damaged(`${length} bytes at ${offset} lie outside of ${size}`);
  }
}

/** Index of the last value that is not above `wanted`, in rising values; -1 when all are. */
export function lastAtOrBelow(rising: readonly number[], wanted: number): number {
  let low = 0;
  let high = rising.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (rising[middle]! <= wanted) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
