import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import fc from 'fast-check';
import { Declined } from '../../../src/disk/views/faults.js';
import { openRawFile } from '../../../src/disk/views/raw-file.js';
import { readBytes } from '../../../src/disk/views/view.js';
import { readContent } from '../../../src/guest/native/content.js';
import { openVfat } from '../../../src/guest/native/vfat/open-vfat.js';
import { walkFileSystem } from '../../../src/guest/native/walk.js';
import { command, emptyImage, scratch } from './images.js';

const why = whyNoTools();
const check = why === null ? test : test.skip;
const note = why === null ? '' : ` (${why})`;
const MIB = 2 ** 20;
const LONG = 'a name of more than thirteen units, ünïcode.conf';
const BIG = Buffer.from(Array.from({ length: 300_000 }, (_, index) => (index * 7 + (index >> 8)) & 255));

/** Made with mkfs.vfat and mtools: short, lower-case and long names, a deleted one, a read-only one, pieces. */
function fat(name: string, bytes: number, bits: string): string {
  const image = emptyImage(`vfat-${name}`, bytes);
  command('mkfs.vfat', '-F', bits, '-n', 'ESP', '-i', '12345678', image);
  const put = (content: Buffer | string, to: string): void => {
    const from = join(scratch, `vfat-${name}.content`);
    writeFileSync(from, content);
    command('touch', '-d', '2024-02-29 12:34:56', from);
    command('env', 'TZ=UTC', 'LC_ALL=C.UTF-8', 'mcopy', '-m', '-o', '-i', image, from, `::${to}`);
  };
  command('mmd', '-i', image, '::EFI', '::EFI/debian');
  put('short', 'EFI/SHIM.EFI');
  put('lower', 'EFI/grub.cfg');
  put('long', `EFI/debian/${LONG}`);
  put('gone', 'EFI/gone.txt');
  put(BIG.subarray(0, 5000), 'first');
  command('mdel', '-i', image, '::EFI/gone.txt');
  put(BIG, 'big.bin');
  put('', 'empty');
  command('mattrib', '-i', image, '+r', '::EFI/SHIM.EFI');
  const many = join(scratch, `vfat-${name}`, 'many');
  mkdirSync(many, { recursive: true });
  for (let index = 0; index < 100; index += 1)
    writeFileSync(join(many, `a file with a long name ${index}`), `${index}`);
  command('mcopy', '-s', '-i', image, many, '::');
  return image;
}

const reads = test.macro(async (t, bytes: number, bits: string) => {
  const file = openRawFile(fat(bits, bytes, bits));
  t.teardown(() => file.close());
  const fs = openVfat(file);
  const entries = [...walkFileSystem(fs, { mountpoint: '/', root: fs.root, covered: new Set() })];
  const byPath = new Map(entries.map(({ path, node }) => [path, node]));
  const text = (path: string): string => readContent(fs, byPath.get(path)!).toString();

  t.is(byPath.size, 1 + 3 + 2 + 1 + 3 + 100);
  t.is(text('/EFI/SHIM.EFI'), 'short');
  t.is(text('/EFI/grub.cfg'), 'lower');
  t.is(text(`/EFI/debian/${LONG}`), 'long');
  t.deepEqual(readContent(fs, byPath.get('/big.bin')!), BIG);
  t.is(byPath.get('/empty')!.size, 0);
  t.is(text('/many/a file with a long name 99'), '99');
  t.is(byPath.get('/EFI/SHIM.EFI')!.mode, 0o555);
  t.is(byPath.get('/EFI/grub.cfg')!.mode, 0o755);
  t.is(byPath.get('/EFI/grub.cfg')!.mtime, Date.UTC(2024, 1, 29, 12, 34, 56) / 1000);
  t.is(byPath.get('/EFI')!.links, 3);
  t.is(byPath.get('/')!.links, 4);
});

for (const [bits, bytes] of [
  ['12', 4 * MIB],
  ['16', 32 * MIB],
  ['32', 64 * MIB],
] as const) {
  check(`FAT${bits} shows names, content, times and modes${note}`, reads, bytes, bits);
}

check(`a file whose chain runs in a ring, or into another file, is declined${note}`, (t) => {
  const file = openRawFile(fat('ring', 4 * MIB, '12'));
  t.teardown(() => file.close());
  const bytes = readBytes(file, 0, file.size);
  const tableAt = bytes.readUInt16LE(14) * bytes.readUInt16LE(11);
  // Every cluster is followed by the third.
  for (let at = 3; at < 1500; at += 3) bytes.writeUIntLE(0x003003, tableAt + at, 3);
  const fs = openVfat(viewOf(bytes));
  const error = t.throws(() => [...walkFileSystem(fs, { mountpoint: '/', root: fs.root, covered: new Set() })], {
    instanceOf: Declined,
  });
  t.regex(error.message, /two files/);
});

check(`a FAT that is changed at random is read or declined, soon${note}`, (t) => {
  const file = openRawFile(fat('mutants', 4 * MIB, '12'));
  t.teardown(() => file.close());
  const intact = readBytes(file, 0, file.size);
  const change = fc.tuple(fc.integer({ min: 0, max: 64 * 1024 - 1 }), fc.integer({ min: 0, max: 255 }));
  let declined = 0;
  fc.assert(
    fc.property(fc.array(change, { minLength: 1, maxLength: 40 }), (changes) => {
      const bytes = Buffer.from(intact);
      for (const [at, value] of changes) bytes[at] = value;
      const started = performance.now();
      try {
        const fs = openVfat(viewOf(bytes));
        for (const { node } of walkFileSystem(fs, { mountpoint: '/', root: fs.root, covered: new Set() })) {
          if (node.type === 'file') fs.extents(node);
        }
      } catch (error) {
        if (!(error instanceof Declined)) throw error;
        declined += 1;
      }
      return performance.now() - started < 2000;
    }),
    { numRuns: 300 },
  );
  t.true(declined > 0);
});

function viewOf(bytes: Buffer) {
  return {
    size: bytes.length,
    read(target: Uint8Array, at: number, length: number, offset: number) {
      if (offset < 0 || offset + length > bytes.length) throw new Declined('damaged', 'outside');
      target.set(bytes.subarray(offset, offset + length), at);
    },
  };
}

function whyNoTools(): string | null {
  for (const program of ['mkfs.vfat', 'mcopy']) {
    try {
      command('which', program);
    } catch {
      return `needs ${program}`;
    }
  }
  return null;
}
