import { readFileSync } from 'node:fs';
import test from 'ava';
import { Declined } from '../../../src/disk/views/faults.js';
import { assembleArrays } from '../../../src/disk/views/md.js';
import { readRaidMember } from '../../../src/disk/views/md-super-block.js';
import { type BlockView, checkRange, readBytes } from '../../../src/disk/views/view.js';
import { type RaidRecipe, raidSpace, raidSuperBlock } from '../md-writer.js';

const MIB = 2 ** 20;
const UUID = '00112233445566778899aabbccddeeff';

/** A disk whose bytes tell where they are and on which disk, with pieces of other bytes on it. */
function disk(size: number, seed: number, ...pieces: readonly { at: number; bytes: Buffer }[]): BlockView {
  return {
    size,
    read(target, at, length, offset) {
      checkRange(offset, length, size);
      for (let index = 0; index < length; index += 1) {
        const place = offset + index;
        const piece = pieces.find((each) => place >= each.at && place < each.at + each.bytes.length);
        target[at + index] = piece === undefined ? patternAt(seed, place) : piece.bytes[place - piece.at]!;
      }
    },
  };
}

function patternAt(seed: number, place: number): number {
  return (Math.imul(place, 2654435761) >>> 13) ^ (seed * 91);
}

function pattern(seed: number, offset: number, length: number): Buffer {
  return Buffer.from(Array.from({ length }, (_, index) => patternAt(seed, offset + index) & 255));
}

function members(recipe: RaidRecipe, change: (bytes: Buffer, role: number) => void = () => {}): BlockView[] {
  return Array.from({ length: recipe.disks }, (_, role) => {
    const superBlock = raidSuperBlock(recipe, role);
    change(superBlock.bytes, role);
    return disk(recipe.diskBytes, role, superBlock);
  });
}

function assemble(views: readonly BlockView[]): ReturnType<typeof assembleArrays> {
  return assembleArrays(views.map(readRaidMember).filter((member) => member !== undefined));
}

interface Fixture {
  readonly bytes: number;
  readonly arrays: Readonly<Record<string, readonly (readonly (readonly [number, string])[])[]>>;
}
const fixture = JSON.parse(readFileSync(new URL('fixtures/md.json', import.meta.url), 'utf8')) as Fixture;
/** As `mdadm --examine` and `lsblk` told of them: where data starts, and the bytes of the array. */
const MADE = [
  { key: '1.2 linear', name: 'lin', offset: MIB, size: 98_566_144 },
  { key: '1.2 raid1', name: 'r12', offset: MIB, size: 49_283_072 },
  { key: '1.0 raid1', name: 'r10', offset: 0, size: 50_266_112 },
  { key: '0.90.00 raid1', name: undefined, minor: 7, offset: 0, size: 50_266_112 },
];

for (const { key, name, minor, offset, size } of MADE) {
  test(`two disks of an array that mdadm made are one: ${key}`, (t) => {
    const views = fixture.arrays[key]!.map((blocks, index) => {
      const start = blocks[0]![0];
      const bytes = Buffer.alloc(4096);
      for (const [at, hex] of blocks) bytes.write(hex, at - start, 'hex');
      return disk(fixture.bytes, index, { at: start, bytes });
    });
    // The order in which the user names disks is not that of the array.
    const arrays = assemble(key.endsWith('linear') ? [...views].reverse() : views);
    t.is(arrays.length, 1);
    const [array] = arrays;
    t.is(array!.name, name);
    t.is(array!.minor, minor);
    t.is(array!.view.size, size);
    t.deepEqual(readBytes(array!.view, 12_345, 5000), pattern(0, offset + 12_345, 5000));
    if (!key.endsWith('linear')) return;
    const middle = size / 2;
    const across = readBytes(array!.view, middle - 100, 300);
    t.deepEqual(across.subarray(0, 100), pattern(0, offset + middle - 100, 100));
    t.deepEqual(across.subarray(100), pattern(1, offset, 200));
  });
}

const BASE: RaidRecipe = { version: '1.2', level: 1, disks: 2, uuid: UUID, diskBytes: 4 * MIB };

for (const version of ['0.90', '1.0', '1.1', '1.2'] as const) {
  for (const level of [1, -1]) {
    test(`version ${version}, ${level === 1 ? 'mirrored' : 'three disks in a row'}`, (t) => {
      const recipe = { ...BASE, version, level, disks: level === 1 ? 2 : 3, minor: 3 };
      const { offset, bytes } = raidSpace(recipe);
      const [array] = assemble(members(recipe));
      t.is(array!.view.size, bytes * (level === 1 ? 1 : 3));
      const last = level === 1 ? 0 : 2;
      t.deepEqual(readBytes(array!.view, array!.view.size - 50, 50), pattern(last, offset + bytes - 50, 50));
      t.is(version === '0.90' ? array!.minor : array!.name, version === '0.90' ? 3 : 'array');
    });
  }
}

test('a mirror that knows that its other disk failed is read alone', (t) => {
  const [first] = members({ ...BASE, failed: [1] });
  t.is(assemble([first!]).length, 1);
});

test('a disk that is none of an array is no member, and neither is a short one', (t) => {
  t.is(readRaidMember(disk(4 * MIB, 1)), undefined);
  t.is(readRaidMember(disk(0, 1)), undefined);
  t.is(readRaidMember(disk(1000, 1)), undefined);
});

const refused = test.macro((t, views: () => BlockView[], reason: RegExp) => {
  const error = t.throws(() => assemble(views()), { instanceOf: Declined });
  t.regex(error?.message ?? '', reason);
});

test('a mirror without its other disk is declined', refused, () => members(BASE).slice(1), /lacks a disk/);
test('a row without one disk is declined', refused, () => members({ ...BASE, level: -1 }).slice(1), /lacks a disk/);
test('mirrors that were being written are declined', refused, () => members({ ...BASE, isActive: true }), /may differ/);
test(
  'mirrors of version 0.90 that were being written are declined',
  refused,
  () => members({ ...BASE, version: '0.90', isActive: true }),
  /may differ/,
);
test(
  'mirrors of different age are declined',
  refused,
  () => [members(BASE)[0]!, members({ ...BASE, events: 18 })[1]!],
  /differ in age/,
);
test(
  'disks that contradict each other are declined',
  refused,
  () => [members(BASE)[0]!, members({ ...BASE, level: -1 })[1]!],
  /contradict/,
);
test(
  'two disks in one place are declined',
  refused,
  () => [members(BASE)[0]!, members(BASE)[0]!],
  /two disks in one place/,
);
test('stripes are declined by name', refused, () => members({ ...BASE, level: 5 }), /array of level raid5/);
test('data on the move is declined', refused, () => members({ ...BASE, features: 4 }), /features 0x4/);
for (const version of ['0.90', '1.2'] as const) {
  test(
    `a superblock with a wrong checksum is declined, version ${version}`,
    refused,
    () => members({ ...BASE, version }, (bytes) => bytes.writeUInt8(bytes[24]! ^ 1, 24)),
    /checksum/,
  );
}
test(
  'more devices than a superblock has room for are declined',
  refused,
  () => members(BASE, (bytes) => bytes.writeUInt32LE(0xffff_ffff, 220)),
  /number of devices/,
);
test(
  'an array that reaches beyond its disks is declined',
  refused,
  () => members(BASE).map((view) => ({ ...view, size: view.size - MIB })),
  /beyond the end/,
);
