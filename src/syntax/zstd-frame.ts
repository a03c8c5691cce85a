const MAGIC = 0xfd2fb528;

/**
 * The length of the zstd frame that begins a buffer, read from its headers alone (RFC 8878, section 3.1.1): the length
 * of the frame's header follows from its first byte, that of each block from the block's own header.
 * @returns Bytes; null when no frame begins there, or when it does not end inside of the buffer.
 */
export function zstdFrameSize(packed: Buffer): number | null {
  if (packed.length < 5 || packed.readUInt32LE(0) !== MAGIC) return null;
  const descriptor = packed[4]!;
  const isSingleSegment = (descriptor & 0x20) !== 0;
  const dictionaryBytes = [0, 1, 2, 4][descriptor & 3]!;
  const sizeBytes = [isSingleSegment ? 1 : 0, 2, 4, 8][descriptor >> 6]!;
  let at = 5 + (isSingleSegment ? 0 : 1) + dictionaryBytes + sizeBytes;
  for (let isLast = false; !isLast; ) {
    if (at + 3 > packed.length) return null;
    const header = packed.readUIntLE(at, 3);
    isLast = (header & 1) === 1;
    const isRepeated = ((header >> 1) & 3) === 1;
    at += 3 + (isRepeated ? 1 : header >> 3);
  }
  const end = at + ((descriptor & 4) !== 0 ? 4 : 0);
  return end <= packed.length ? end : null;
}
