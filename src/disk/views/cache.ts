import { damaged } from './faults.js';
import { type BlockView, checkRange } from './view.js';

const CHUNK = 64 * 1024;
const MAX_CHUNKS = 96;

/** A view whose small reads come from aligned chunks of 64 KiB, the oldest of 96 (6 MiB) thrown away first. */
export interface BlockCache {
  readonly view: BlockView;
  /**
   * `length` bytes at `offset`. The result may share the cache's memory: it must not be written to, and who keeps it
   * keeps 64 KiB.
   */
  bytes(offset: number, length: number): Buffer;
}

export function blockCache(view: BlockView): BlockCache {
  const chunks = new Map<number, Buffer>();

  const chunkAt = (index: number): Buffer => {
    const known = chunks.get(index);
    if (known !== undefined) return known;
    const chunk = Buffer.allocUnsafeSlow(Math.min(CHUNK, view.size - index * CHUNK));
    view.read(chunk, 0, chunk.length, index * CHUNK);
    if (chunks.size >= MAX_CHUNKS) chunks.delete(chunks.keys().next().value!);
    chunks.set(index, chunk);
    return chunk;
  };

  return {
    view,
    bytes(offset, length) {
      if (!Number.isSafeInteger(offset)) throw damaged(`offset ${offset}`);
      checkRange(offset, length, view.size);
      const first = Math.floor(offset / CHUNK);
      const inside = offset - first * CHUNK;
      if (inside + length <= CHUNK) return chunkAt(first).subarray(inside, inside + length);
      const joined = Buffer.allocUnsafeSlow(length);
      for (let done = 0; done < length; ) {
        const index = Math.floor((offset + done) / CHUNK);
        const start = offset + done - index * CHUNK;
        done += chunkAt(index).copy(joined, done, start, Math.min(CHUNK, start + length - done));
      }
      return joined;
    },
  };
}
