import { execFileSync } from 'node:child_process';
import {
  closeSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import fc from 'fast-check';
import { AppError } from '../../../src/errors.js';
import { attributesOf, decodePaxRecords, encodePaxRecords } from '../../../src/guest/tar/pax.js';
import { readTar } from '../../../src/guest/tar/read-tar.js';

async function* inPieces(bytes: Uint8Array, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield Buffer.from(bytes.subarray(at, at + size));
}

test('records of any bytes survive there and back, a capability and \\xe9 among them', (t) => {
  const capability = Buffer.from('01000002c0000000000000000000000000000000', 'hex');
  const known = new Map([
    ['path', Buffer.from('caf\xe9', 'latin1')],
    ['SCHILY.xattr.security.capability', capability],
  ]);
  t.deepEqual(decodePaxRecords(encodePaxRecords(known)), known);
  t.deepEqual(attributesOf(known).get('security.capability'), capability);
  const key = fc.stringMatching(/^[A-Za-z.]{1,40}$/).filter((name) => !name.startsWith('GNU.sparse'));
  fc.assert(
    fc.property(fc.dictionary(key, fc.uint8Array({ maxLength: 300 }), { noNullPrototype: true }), (records) => {
      const map = new Map(Object.entries(records).map(([name, value]) => [name, Buffer.from(value)]));
      t.deepEqual(decodePaxRecords(encodePaxRecords(map)), map);
    }),
  );
});

test('any bytes are an archive or an AppError, soon', async (t) => {
  const block = fc.uint8Array({ minLength: 0, maxLength: 3000 });
  await fc.assert(
    fc.asyncProperty(block, fc.integer({ min: 1, max: 700 }), async (bytes, size) => {
      try {
        for await (const member of readTar(inPieces(bytes, size))) for await (const _ of member.content);
      } catch (error) {
        if (!(error instanceof AppError)) throw error;
      }
    }),
  );
  t.pass();
});

test('a file whose holes GNU tar could not find is no file of holes', async (t) => {
  const records = encodePaxRecords([
    ['GNU.sparse.major', Buffer.from('1')],
    ['GNU.sparse.minor', Buffer.from('0')],
    ['GNU.sparse.name', Buffer.from('./broken')],
    ['GNU.sparse.realsize', Buffer.from('163840')],
  ]);
  const padded = (bytes: Uint8Array): Buffer => Buffer.concat([bytes, Buffer.alloc(512 - (bytes.length % 512))]);
  const archive = Buffer.concat([
    header('x', './pax', records.length),
    padded(records),
    // As GNU tar 1.34 left it on an ext4 whose block of extents was overwritten: 511 bytes, of a map of 512.
    header('0', './GNUSparseFile.1/broken', 511),
    padded(Buffer.from('1\n0\n0\n')),
    header('0', './next', 3),
    padded(Buffer.from('abc')),
    Buffer.alloc(1024),
  ]);
  const found: [string, boolean | undefined][] = [];
  for await (const { name, isUnreadable } of readTar(inPieces(archive, 300))) found.push([name, isUnreadable]);
  t.deepEqual(found, [
    ['./broken', true],
    ['./next', undefined],
  ]);
});

const FORMATS = [
  '--format=gnu',
  '--format=posix',
  '--format=posix --sparse-version=0.0',
  '--format=posix --sparse-version=0.1',
];

for (const format of FORMATS) {
  test(`holes and long names of GNU tar ${format} are read, in pieces of any size`, async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'read-tar-'));
    t.teardown(() => rmSync(folder, { recursive: true, force: true }));
    const long = 'n'.repeat(200);
    writeFileSync(join(folder, long), 'long');
    // More segments than fit into a header of the old form, or into one block of a map.
    const sparse = join(folder, 'sparse');
    const file = openSync(sparse, 'w');
    for (let at = 0; at < 60; at += 1) writeSync(file, String(at).padStart(3, '0'), at * 1_000_000);
    closeSync(file);
    truncateSync(sparse, 99_999_999);
    const tar = join(folder, 'x.tar');
    execFileSync('tar', [...format.split(' '), '-S', '-C', folder, '-cf', tar, long, 'sparse']);
    const bytes = readFileSync(tar);
    for (const size of [511, 65536]) {
      const seen = new Map<string, string>();
      for await (const member of readTar(inPieces(bytes, size))) {
        let text = '';
        let last = -1;
        for await (const { offset, data } of member.content) {
          t.true(offset > last, 'offsets rise');
          last = offset;
          if (member.name === long) text += data.toString();
          for (let at = 0; member.name === 'sparse' && at < data.length; at += 1) {
            if ((offset + at) % 1_000_000 === 0 && data.length - at >= 3)
              text += `${data.toString('latin1', at, at + 3)},`;
          }
        }
        if (member.name === 'sparse') t.is(member.size, 99_999_999);
        seen.set(member.name, text);
      }
      t.is(seen.get(long), 'long');
      t.regex(seen.get('sparse')!, /^000,.*,030,.*059,$/);
    }
    const cut = inPieces(bytes.subarray(0, bytes.length * 0.6), 4096);
    await t.throwsAsync(
      async () => {
        for await (const member of readTar(cut)) for await (const _ of member.content);
      },
      { instanceOf: AppError },
    );
  });
}

function header(type: string, name: string, size: number): Buffer {
  const block = Buffer.alloc(512);
  block.write(name, 0);
  block.write('0000644\0', 100);
  block.write(`${size.toString(8).padStart(11, '0')}\0`, 124);
  block.write('        ', 148);
  block.write(type, 156);
  block.write('ustar\u000000', 257, 'latin1');
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return block;
}
