import { AppError } from '../../errors.js';

/** Takes bytes off a stream in the amounts that a format asks for; never holds more than one amount and one chunk. */
export class ByteReader {
  readonly #chunks: AsyncIterator<Uint8Array>;
  #chunk: Buffer = Buffer.alloc(0);
  #position = 0;

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#chunks = source[Symbol.asyncIterator]();
  }

  /** Bytes taken or skipped so far. */
  get position(): number {
    return this.#position;
  }

  /** Exactly `length` bytes; null when the stream has ended. @throws AppError `input-truncated` when it ends within. */
  async take(length: number): Promise<Buffer | null> {
    if (this.#chunk.length >= length) return this.#cut(length);
    const parts: Buffer[] = [];
    for (let missing = length; missing > 0; ) {
      const part = await this.takeSome(missing);
      if (part === null) {
        if (parts.length === 0) return null;
        throw truncated();
      }
      parts.push(part);
      missing -= part.length;
    }
    return Buffer.concat(parts);
  }

  /** Between 1 and `limit` bytes, whatever is at hand; null when the stream has ended. */
  async takeSome(limit: number): Promise<Buffer | null> {
    while (this.#chunk.length === 0) if (!(await this.#refill())) return null;
    return this.#cut(Math.min(limit, this.#chunk.length));
  }

  /** @throws AppError `input-truncated`, `internal` when it would have to go back. */
  async skip(length: number): Promise<void> {
    if (length < 0)
      throw new AppError('input-corrupt', 'The tar archive is damaged: overlapping content', {
        todo: 'Make the archive again.',
      });
    for (let missing = length; missing > 0; ) {
      const part = await this.takeSome(missing);
      if (part === null) throw truncated();
      missing -= part.length;
    }
  }

  async *rest(): AsyncGenerator<Buffer> {
    for (;;) {
      const part = await this.takeSome(Number.MAX_SAFE_INTEGER);
      if (part === null) return;
      yield part;
    }
  }

  async close(): Promise<void> {
    await this.#chunks.return?.();
  }

  async #refill(): Promise<boolean> {
    const { done, value } = await this.#chunks.next();
    if (done === true) return false;
    this.#chunk = Buffer.isBuffer(value) ? value : Buffer.from(value.buffer, value.byteOffset, value.byteLength);
    return true;
  }

  #cut(length: number): Buffer {
    const part = this.#chunk.subarray(0, length);
    this.#chunk = this.#chunk.subarray(length);
    this.#position += length;
    return part;
  }
}

function truncated(): AppError {
  return new AppError('input-truncated', 'The tar archive ends too early', { todo: 'Copy or make the archive again.' });
}
