const PAGE = 4096;

/** A Berkeley DB hash of headers, numbered from 1, as libdb lays it out: one pair a page, large values on overflow pages. */
export function berkeleyHash(blobs: readonly Buffer[], order: 'little' | 'big' = 'little'): Buffer {
  const pages: Buffer[] = [Buffer.alloc(PAGE)];
  const word = (page: Buffer, value: number, at: number) =>
    order === 'little' ? page.writeUInt32LE(value, at) : page.writeUInt32BE(value, at);
  const half = (page: Buffer, value: number, at: number) =>
    order === 'little' ? page.writeUInt16LE(value, at) : page.writeUInt16BE(value, at);
  const newPage = (type: number): Buffer => {
    const page = Buffer.alloc(PAGE);
    word(page, pages.length, 8);
    page[25] = type;
    pages.push(page);
    return page;
  };
  for (const [index, blob] of blobs.entries()) {
    const page = newPage(13);
    const key = Buffer.alloc(5);
    key[0] = 1;
    word(key, index + 1, 1);
    let value = Buffer.concat([Buffer.from([1]), blob]);
    if (blob.length > PAGE / 4) {
      value = Buffer.alloc(12);
      value[0] = 3;
      word(value, pages.length, 4);
      word(value, blob.length, 8);
      for (let at = 0; at < blob.length; at += PAGE - 26) {
        const overflow = newPage(7);
        const bytes = blob.copy(overflow, 26, at, at + PAGE - 26);
        half(overflow, bytes, 22);
        if (at + bytes < blob.length) word(overflow, pages.length, 16);
      }
    }
    key.copy(page, PAGE - key.length);
    value.copy(page, PAGE - key.length - value.length);
    half(page, 2, 20);
    half(page, PAGE - key.length, 26);
    half(page, PAGE - key.length - value.length, 28);
  }
  const meta = pages[0]!;
  word(meta, 0x061561, 12);
  word(meta, 9, 16);
  word(meta, PAGE, 20);
  meta[25] = 8;
  word(meta, pages.length - 1, 32);
  return Buffer.concat(pages);
}
