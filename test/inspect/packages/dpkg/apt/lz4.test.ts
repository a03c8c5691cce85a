import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import fc from 'fast-check';
import { lz4Blocks } from '../../../../../src/inspect/packages/dpkg/apt/lz4.js';
import { run } from '../../../../../src/tools/run.js';

/** A frame with 64 KiB blocks, linked, without sizes and checksums: LZ4 Frame Format, "Frame Header". */
function frame(...blocks: Buffer[]): Buffer {
  return Buffer.concat([
    Buffer.from([0x04, 0x22, 0x4d, 0x18, 0x40, 0x40, 0x00]),
    ...blocks.flatMap((block) => [lengthOf(block.length), block]),
    lengthOf(0),
  ]);
}

function lengthOf(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value >>> 0);
  return bytes;
}

function decoded(data: Buffer): string {
  return Buffer.concat([...lz4Blocks(data)].map((piece) => Buffer.from(piece))).toString('latin1');
}

test('literals, a match that repeats itself, and the last literals', (t) => {
  // Token 0x32: 3 literals, match of 2 + 4 bytes, 2 back; then 0x20: 2 literals.
  const block = Buffer.concat([Buffer.from([0x32]), Buffer.from('xab'), Buffer.from([2, 0, 0x20]), Buffer.from('yz')]);
  t.is(decoded(frame(block)), 'xababababyz');
});

test('long lengths take more bytes', (t) => {
  const literals = Buffer.alloc(300, 'q');
  t.is(decoded(frame(Buffer.concat([Buffer.from([0xf0, 255, 30]), literals]))), literals.toString());
});

test('a match may reach back into the block before', (t) => {
  const first = Buffer.concat([Buffer.from([0x40]), Buffer.from('abcd')]);
  const second = Buffer.concat([Buffer.from([0x10]), Buffer.from('-'), Buffer.from([5, 0, 0x10]), Buffer.from('.')]);
  t.is(decoded(frame(first, second)), 'abcd-abcd.');
});

test('blocks that did not compress are stored as they are', (t) => {
  const data = Buffer.concat([
    Buffer.from([0x04, 0x22, 0x4d, 0x18, 0x40, 0x40, 0x00]),
    lengthOf(0x80000003),
    Buffer.from('abc'),
    lengthOf(0),
  ]);
  t.is(decoded(data), 'abc');
});

test('a skippable frame is skipped, and frames may follow each other', (t) => {
  const skipped = Buffer.concat([Buffer.from([0x51, 0x2a, 0x4d, 0x18]), lengthOf(2), Buffer.from('??')]);
  const block = Buffer.concat([Buffer.from([0x10]), Buffer.from('a')]);
  t.is(decoded(Buffer.concat([skipped, frame(block), frame(block)])), 'aa');
});

const refuses = test.macro({
  exec: (t, data: Buffer) => {
    t.throws(() => void decoded(data), { instanceOf: RangeError });
  },
  title: (given) => `${given} is refused`,
});

test('something else', refuses, Buffer.from('Package: x\n'));
test('a frame that is cut', refuses, frame(Buffer.from([0x10, 0x61])).subarray(0, 12));
test('a match before the beginning', refuses, frame(Buffer.from([0x10, 0x61, 9, 0, 0x00])));
test('a match of distance zero', refuses, frame(Buffer.from([0x10, 0x61, 0, 0, 0x00])));
test('literals beyond the block', refuses, frame(Buffer.from([0xf0, 0xff, 0xff, 0x01, 0x61])));
test(
  'an output beyond the size of a block',
  refuses,
  frame(Buffer.concat([Buffer.from([0x1f, 0x61, 1, 0]), Buffer.alloc(400, 255), Buffer.from([0])])),
);

test('no input makes it hang or fail otherwise', (t) => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      try {
        decoded(frame(Buffer.from(bytes)));
      } catch (error) {
        return error instanceof RangeError;
      }
      return true;
    }),
  );
  t.pass();
});

const LISTS = '/var/lib/apt/lists';
const compressed = existsSync(LISTS)
  ? readdirSync(LISTS)
      .filter((name) => name.endsWith('.lz4'))
      .map((name) => join(LISTS, name))
      .sort((a, b) => statSync(a).size - statSync(b).size)
  : [];
const withIndex = compressed.length > 0 && existsSync('/usr/lib/apt/apt-helper') ? test : test.skip;

withIndex('an index of this host reads as apt reads it (needs compressed lists of apt)', async (t) => {
  const options = { timeoutMs: 60_000, maxBuffer: 256 * 1024 * 1024 };
  const expected = await run('/usr/lib/apt/apt-helper', ['cat-file', compressed[0]!], options);
  const actual = createHash('sha256');
  for (const piece of lz4Blocks(readFileSync(compressed[0]!))) actual.update(piece);
  t.is(actual.digest('hex'), createHash('sha256').update(expected.stdout).digest('hex'));
});
