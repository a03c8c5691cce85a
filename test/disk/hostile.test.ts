import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import fc from 'fast-check';
import { sourceOf } from '../../src/disk/byte-source.js';
import { detect } from '../../src/disk/detect.js';
import { openQcow2 } from '../../src/disk/formats/qcow2.js';
import { openRaw } from '../../src/disk/formats/raw.js';
import { openVdi } from '../../src/disk/formats/vdi.js';
import { openVhdx } from '../../src/disk/formats/vhdx.js';
import { openVmdk } from '../../src/disk/formats/vmdk.js';
import { parseVmdkDescriptor } from '../../src/disk/formats/vmdk-descriptor.js';
import { checkSeSparseExtent } from '../../src/disk/formats/vmdk-sesparse.js';
import { checkSparseExtent } from '../../src/disk/formats/vmdk-sparse.js';
import { openVpc } from '../../src/disk/formats/vpc.js';
import type { Layer, LayerContext } from '../../src/disk/layer.js';
import { contentOfGzippedTar, contentOfTar } from '../../src/disk/root-tree.js';
import { AppError } from '../../src/errors.js';
import { endsSoon } from '../patience.js';
import { MIB, partitionTable, qemuImg, temporaryFolder } from './sample.js';
import { cowdExtent, descriptorText, seSparseExtent } from './vmdk-writer.js';

/** A context in which nothing can be reached beside the bytes themselves. */
function contextOf(bytes: Buffer): LayerContext {
  const nothing = (): never => {
    throw new AppError('input-missing-reference', 'nothing is there', { todo: 'Nothing.' });
  };
  return {
    disk: 'x',
    shown: 'x',
    source: sourceOf(bytes),
    protocolNode: { driver: 'file', filename: 'x' },
    openPart: async () => nothing(),
    openBelow: async () => nothing(),
    scratchFolder: async () => nothing(),
    report() {},
  };
}

const readers: Readonly<Record<string, (bytes: Buffer) => Promise<unknown>>> = {
  qcow2: (bytes) => openQcow2(contextOf(bytes)),
  vmdk: (bytes) => openVmdk(contextOf(bytes), 'top'),
  vhdx: (bytes) => openVhdx(contextOf(bytes)),
  vdi: (bytes) => openVdi(contextOf(bytes)),
  vpc: (bytes) => openVpc(contextOf(bytes)),
  raw: (bytes) => openRaw(contextOf(bytes), 'top'),
  sparse: (bytes) => checkSparseExtent(sourceOf(bytes), { shown: 'x', unfinished() {} }),
  seSparse: (bytes) => checkSeSparseExtent(sourceOf(bytes), { shown: 'x', unfinished() {} }),
  tar: (bytes) => contentOfTar(sourceOf(bytes), 'x'),
  gzip: (bytes) => contentOfGzippedTar(sourceOf(bytes), 'x'),
  any: (bytes) => detect(sourceOf(bytes)),
};

/** Small images that are right, to be made wrong; converted from a blank disk of 4 MiB with one partition. */
async function seeds(t: ExecutionContext): Promise<Record<string, Buffer>> {
  const folder = await temporaryFolder(t);
  const raw = join(folder, 'raw');
  await writeFile(raw, Buffer.concat([partitionTable(4 * MIB), Buffer.alloc(4 * MIB - 512)]));
  const converted = async (name: string, ...words: string[]): Promise<Buffer> => {
    await qemuImg('convert', '-f', 'raw', ...words, raw, join(folder, name));
    return readFile(join(folder, name));
  };
  return {
    qcow2: await converted('qcow2', '-O', 'qcow2', '-o', 'cluster_size=4k'),
    vmdk: await converted('sparse.vmdk', '-O', 'vmdk'),
    vhdx: await converted('vhdx', '-O', 'vhdx'),
    vdi: await converted('vdi', '-O', 'vdi'),
    vpc: await converted('vpc', '-O', 'vpc'),
    raw: await readFile(raw),
    sparse: cowdExtent(8192, 8, new Map([[3, Buffer.alloc(4096, 1)]])),
    seSparse: seSparseExtent(8192, new Map([[3, Buffer.alloc(4096, 1)]])),
  };
}

async function endsWell(read: () => Promise<unknown>): Promise<boolean> {
  try {
    await read();
    return true;
  } catch (error) {
    if (error instanceof AppError && (error.code.startsWith('input-') || error.code === 'descriptor-invalid'))
      return false;
    throw error;
  }
}

for (const [name, read] of Object.entries(readers)) {
  test(`random bytes end well: ${name}`, async (t) => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 5000 }), async (bytes) => {
        await endsWell(() => read(Buffer.from(bytes)));
      }),
      { numRuns: 300 },
    );
    t.pass();
  });
}

/** Values that headers get wrong: nothing, one, the most, the sign bit, what overflows when it is multiplied. */
const number = fc.oneof(
  fc.constantFrom(0n, 1n, 0xffn, 0xffffn, 0x7fffffffn, 0x80000000n, 0xffffffffn, 2n ** 53n, 2n ** 63n, 2n ** 64n - 1n),
  fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
);
/** Where the formats keep their headers and tables; VHDX has them at 64 KiB and beyond. */
const STRUCTURES = [0, 512, 1024, 1536, 2048, 4096, 65536, 131072, 196608, 262144, MIB, 2 * MIB, 3 * MIB];
const change = fc.record({
  position: fc.tuple(fc.constantFrom(...STRUCTURES), fc.nat({ max: 600 })).map(([start, offset]) => start + offset),
  bytes: fc.constantFrom(1, 2, 4, 8),
  value: number,
  bigEndian: fc.boolean(),
});

test('headers and tables that were changed end well, and soon', async (t) => {
  const images = await seeds(t);
  for (const [name, seed] of Object.entries(images)) {
    t.true(await endsWell(() => readers[name]!(seed)), `${name} is right to begin with`);
    let refusals = 0;
    const mutants = fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 4 }), async (changes) => {
      if (!(await endsWell(() => readers[name]!(mutated(seed, changes))))) refusals += 1;
    });
    await endsSoon(t, () => fc.assert(mutants, { numRuns: 400, endOnFailure: true }));
    t.true(refusals > 0, `${name}: no change was noticed`);
  }
});

function mutated(
  seed: Buffer,
  changes: readonly { position: number; bytes: number; value: bigint; bigEndian: boolean }[],
): Buffer {
  const image = Buffer.from(seed);
  for (const { position, bytes, value, bigEndian } of changes) {
    for (let index = 0; index < bytes && position + index < image.length; index += 1) {
      const shift = BigInt(8 * (bigEndian ? bytes - 1 - index : index));
      image[position + index] = Number((value >> shift) & 0xffn);
    }
  }
  return image;
}

test('VMDK descriptors made of likely pieces end well', async (t) => {
  const pieces = [
    '\n',
    'RW',
    ' ',
    '2048',
    'FLAT',
    '"a"',
    '"',
    '=',
    'CID',
    'parentCID',
    'createType',
    'version=1',
    '#',
    'ffffffff',
    '\0',
    '\\',
    'ddb.x',
    '999999999999999999999',
  ];
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...pieces), { maxLength: 60 }), (words) => {
      try {
        parseVmdkDescriptor(Buffer.from(words.join('')), 'x');
      } catch (error) {
        if (!(error instanceof AppError)) throw error;
      }
    }),
    { numRuns: 3000 },
  );
  t.pass();
});

test('a line without end in a VMDK descriptor costs no time', async (t) => {
  for (const line of [
    `RW${' '.repeat(1_000_000)}`,
    `RW 1 FLAT "${'a'.repeat(1_000_000)}`,
    `${'a'.repeat(1_000_000)}`,
    ' '.repeat(1_000_000),
  ]) {
    const text = descriptorText({ createType: 'vmfs', extents: [line] });
    await endsSoon(t, () => {
      try {
        parseVmdkDescriptor(Buffer.from(text), 'x');
      } catch (error) {
        t.true(error instanceof AppError);
      }
    });
  }
});

test('a table that is referred to a million times is read once', async (t) => {
  // qcow2: clusters of 512 bytes, and the largest L1 table there may be, all of whose entries name one L2 table.
  const entries = (32 * MIB) / 8;
  const l2 = 512 + entries * 8;
  const image = Buffer.alloc(l2 + 512);
  image.writeUInt32BE(0x514649fb, 0);
  image.writeUInt32BE(3, 4);
  image.writeUInt32BE(9, 20);
  image.writeBigUInt64BE(BigInt(entries * 64 * 512), 24);
  image.writeUInt32BE(entries, 36);
  image.writeBigUInt64BE(512n, 40);
  image.writeUInt32BE(104, 100);
  for (let index = 0; index < entries; index += 1) image.writeUInt32BE(l2, 512 + index * 8 + 4);
  const source = sourceOf(image);
  let reads = 0;
  const counted = {
    ...source,
    read(offset: number, length: number): Promise<Buffer> {
      reads += 1;
      return source.read(offset, length);
    },
  };
  const layer: Layer = await openQcow2({ ...contextOf(image), source: counted });
  t.is(layer.virtualSize, entries * 64 * 512);
  t.true(reads < 10, `${reads} reads`);
});
