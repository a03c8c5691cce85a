/** An NDB database of headers, numbered from 1, with one page of slots. */
export function ndb(blobs: readonly Buffer[]): Buffer {
  const slots = Buffer.alloc(4096);
  slots.write('RpmP', 0, 'latin1');
  slots.writeUInt32LE(1, 8);
  slots.writeUInt32LE(1, 12);
  slots.writeUInt32LE(blobs.length + 1, 16);
  const parts = [slots];
  let block = 4096 / 16;
  for (let slot = 0; slot < 254; slot += 1) {
    const at = 32 + slot * 16;
    slots.write('Slot', at, 'latin1');
    const blob = blobs[slot];
    if (blob === undefined) continue;
    const blocks = Math.ceil((16 + blob.length + 12) / 16);
    const content = Buffer.alloc(blocks * 16);
    content.write('BlbS', 0, 'latin1');
    content.writeUInt32LE(slot + 1, 4);
    content.writeUInt32LE(1, 8);
    content.writeUInt32LE(blob.length, 12);
    blob.copy(content, 16);
    const tail = content.length - 12;
    content.writeUInt32LE(adler32(content.subarray(0, tail)), tail);
    content.writeUInt32LE(blob.length, tail + 4);
    content.write('BlbE', tail + 8, 'latin1');
    slots.writeUInt32LE(slot + 1, at + 4);
    slots.writeUInt32LE(block, at + 8);
    slots.writeUInt32LE(blocks, at + 12);
    parts.push(content);
    block += blocks;
  }
  return Buffer.concat(parts);
}

function adler32(bytes: Buffer): number {
  let first = 1;
  let second = 0;
  for (const byte of bytes) {
    first = (first + byte) % 65521;
    second = (second + first) % 65521;
  }
  return second * 65536 + first;
}
