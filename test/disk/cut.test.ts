import { copyFile, cp, open, readFile, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { openSource } from '../../src/disk/open-source.js';
import { AppError } from '../../src/errors.js';
import { MIB, noise, qemuImg, SAMPLE_BYTES, temporaryFolder, writeSampleDisk } from './sample.js';
import { cowdExtent, grainsOf, seSparseExtent, withFooter, writeDescriptor } from './vmdk-writer.js';

interface Case {
  /** Makes the disk in the folder, and gives the file to name and the file to cut. */
  make(folder: string, raw: string): Promise<{ name: string; cut: string }>;
}

const converted = (name: string, ...words: string[]): Case => ({
  async make(folder, raw) {
    await qemuImg('convert', '-f', 'raw', ...words, raw, join(folder, name));
    return { name, cut: name };
  },
});

const extent = (subformat: string, cut: string): Case => ({
  async make(folder, raw) {
    await qemuImg('convert', '-f', 'raw', '-O', 'vmdk', '-o', `subformat=${subformat}`, raw, join(folder, 'a.vmdk'));
    return { name: 'a.vmdk', cut };
  },
});

const sectors = SAMPLE_BYTES / 512;

const CASES: Readonly<Record<string, Case>> = {
  qcow2: converted('a.qcow2', '-O', 'qcow2'),
  'zstd qcow2': converted('a.qcow2', '-c', '-O', 'qcow2', '-o', 'compression_type=zstd'),
  'compressed qcow2': converted('a.qcow2', '-c', '-O', 'qcow2'),
  'qcow2 with subclusters': converted('a.qcow2', '-O', 'qcow2', '-o', 'extended_l2=on,cluster_size=64k'),
  'preallocated qcow2': converted('a.qcow2', '-O', 'qcow2', '-o', 'preallocation=metadata'),
  'monolithicSparse VMDK': converted('a.vmdk', '-O', 'vmdk', '-o', 'subformat=monolithicSparse'),
  'streamOptimized VMDK': converted('a.vmdk', '-O', 'vmdk', '-o', 'subformat=streamOptimized'),
  'streamOptimized VMDK with a footer': {
    async make(folder, raw) {
      const path = join(folder, 'a.vmdk');
      await qemuImg('convert', '-f', 'raw', '-O', 'vmdk', '-o', 'subformat=streamOptimized', raw, path);
      await writeFile(path, withFooter(await readFile(path)));
      return { name: 'a.vmdk', cut: 'a.vmdk' };
    },
  },
  'monolithicFlat VMDK': extent('monolithicFlat', 'a-flat.vmdk'),
  'twoGbMaxExtentFlat VMDK': extent('twoGbMaxExtentFlat', 'a-f001.vmdk'),
  'twoGbMaxExtentSparse VMDK': extent('twoGbMaxExtentSparse', 'a-s001.vmdk'),
  'vmfs VMDK': {
    async make(folder, raw) {
      await copyFile(raw, join(folder, 'a-flat.vmdk'));
      await writeDescriptor(join(folder, 'a.vmdk'), {
        createType: 'vmfs',
        extents: [`RW ${sectors} VMFS "a-flat.vmdk"`],
      });
      return { name: 'a.vmdk', cut: 'a-flat.vmdk' };
    },
  },
  'vmfsSparse VMDK': {
    async make(folder, raw) {
      await writeFile(join(folder, 'a-delta.vmdk'), cowdExtent(sectors, 8, grainsOf(await readFile(raw), 4096)));
      await writeDescriptor(join(folder, 'a.vmdk'), {
        createType: 'vmfsSparse',
        extents: [`RW ${sectors} VMFSSPARSE "a-delta.vmdk"`],
      });
      return { name: 'a.vmdk', cut: 'a-delta.vmdk' };
    },
  },
  'seSparse VMDK': {
    async make(folder, raw) {
      await writeFile(join(folder, 'a-sesparse.vmdk'), seSparseExtent(sectors, grainsOf(await readFile(raw), 4096)));
      await writeDescriptor(join(folder, 'a.vmdk'), {
        createType: 'seSparse',
        extents: [`RW ${sectors} SESPARSE "a-sesparse.vmdk"`],
      });
      return { name: 'a.vmdk', cut: 'a-sesparse.vmdk' };
    },
  },
  'base of a qcow2 snapshot': {
    async make(folder, raw) {
      await qemuImg('convert', '-f', 'raw', '-O', 'qcow2', raw, join(folder, 'base.qcow2'));
      await qemuImg('create', '-q', '-f', 'qcow2', '-F', 'qcow2', '-b', 'base.qcow2', join(folder, 'top.qcow2'));
      return { name: 'top.qcow2', cut: 'base.qcow2' };
    },
  },
  VHDX: converted('a.vhdx', '-O', 'vhdx'),
  'fixed VHDX': converted('a.vhdx', '-O', 'vhdx', '-o', 'subformat=fixed'),
  VDI: converted('a.vdi', '-O', 'vdi'),
  'fixed VDI': converted('a.vdi', '-O', 'vdi', '-o', 'static=on'),
  VHD: converted('a.vhd', '-O', 'vpc'),
  'fixed VHD': converted('a.vhd', '-O', 'vpc', '-o', 'subformat=fixed,force_size=on'),
  raw: {
    async make(folder, raw) {
      await copyFile(raw, join(folder, 'a.img'));
      return { name: 'a.img', cut: 'a.img' };
    },
  },
};

/** A little less, too: what is missing then is the end of the last data that the sample holds. */
const CUTS: Readonly<Record<string, (size: number) => number>> = {
  'at 1 %': (size) => Math.floor(size * 0.01),
  'at 50 %': (size) => Math.floor(size * 0.5),
  'at 99 %': (size) => Math.floor(size * 0.99),
  'by 700 bytes': (size) => size - 700,
  'by 100 bytes': (size) => size - 100,
};

const refusesCut = test.macro({
  title: (_, name: string) => `a ${name} that is cut is refused or reported, wherever it is cut`,
  async exec(t, name: string) {
    const folder = await temporaryFolder(t);
    await writeSampleDisk(join(folder, 'sample.raw'));
    const whole = await CASES[name]!.make(folder, join(folder, 'sample.raw'));
    await (await openSource(join(folder, whole.name), { allowDirs: [] })).release();
    const intact = join(folder, 'intact');
    await cp(join(folder, whole.cut), intact);
    const { size } = await stat(intact);
    for (const [where, lengthOf] of Object.entries(CUTS)) {
      await cp(intact, join(folder, whole.cut));
      await truncate(join(folder, whole.cut), lengthOf(size));
      await isRefused(t, join(folder, whole.name), where);
    }
  },
});

async function attempt(path: string): Promise<{ error?: unknown; problems: string[] }> {
  try {
    const source = await openSource(path, { allowDirs: [] });
    await source.release();
    return { problems: source.problems.map((problem) => problem.code) };
  } catch (error) {
    return { error, problems: [] };
  }
}

async function isRefused(t: ExecutionContext, path: string, where: string): Promise<void> {
  const { error, problems } = await attempt(path);
  // A fixed VHD that lost a part of its footer is a raw disk with all of its data.
  if (problems.length > 0) {
    t.deepEqual(problems, ['disk-odd-size'], where);
    return;
  }
  t.true(error instanceof AppError, where);
  t.true(
    ['input-truncated', 'input-corrupt', 'input-not-a-disk'].includes((error as AppError).code),
    `${where}: ${(error as AppError).code}`,
  );
  t.truthy((error as AppError).todo);
}

for (const name of Object.keys(CASES)) test(refusesCut, name);

test('a VMDK descriptor that is cut is refused or reported', async (t) => {
  const folder = await temporaryFolder(t);
  await writeSampleDisk(join(folder, 'a-flat.vmdk'));
  await writeDescriptor(join(folder, 'a.vmdk'), {
    createType: 'custom',
    extents: ['RW 2048 FLAT "a-flat.vmdk" 0', `RW ${sectors - 2048} FLAT "a-flat.vmdk" 2048`],
  });
  const text = await readFile(join(folder, 'a.vmdk'), 'latin1');
  const database = text.indexOf('ddb.');
  for (let length = 0; length < database; length += 1) {
    await writeFile(join(folder, 'cut.vmdk'), text.slice(0, length));
    try {
      const source = await openSource(join(folder, 'cut.vmdk'), { allowDirs: [] });
      t.deepEqual(
        source.problems.map((problem) => problem.code),
        ['disk-descriptor-incomplete'],
        `${length}`,
      );
      await source.release();
    } catch (error) {
      t.true(error instanceof AppError && error.code.startsWith('input-'), `${length}: ${String(error)}`);
    }
  }
});

test('an OVA that is cut is refused', async (t) => {
  const folder = await temporaryFolder(t);
  const { writeOva } = await import('./ova-writer.js');
  const path = await writeOva(folder);
  const { size } = await stat(path);
  for (const [where, lengthOf] of Object.entries(CUTS)) {
    await cp(path, join(folder, 'cut.ova'));
    // The last two blocks are the end mark; a cut inside of them takes nothing away.
    await truncate(join(folder, 'cut.ova'), Math.min(lengthOf(size), size - 1600));
    const error = await t.throwsAsync(openSource(join(folder, 'cut.ova'), { allowDirs: [] }), undefined, where);
    t.true(error instanceof AppError, where);
  }
});

const losesItsEnd = test.macro({
  title: (_, compression: string) =>
    `a qcow2 whose last cluster, packed with ${compression}, lost a few bytes is refused`,
  async exec(t, compression: string) {
    const folder = await temporaryFolder(t);
    const raw = join(folder, 'sample.raw');
    await writeSampleDisk(raw);
    // Base64 packs to three quarters, so that every cluster is stored compressed.
    const text = Buffer.from(noise('text', MIB).toString('base64'));
    const handle = await open(raw, 'r+');
    await handle.write(text, 0, text.length, SAMPLE_BYTES - text.length);
    await handle.close();
    const path = join(folder, 'a.qcow2');
    const option = `compression_type=${compression}`;
    await qemuImg('convert', '-c', '-f', 'raw', '-O', 'qcow2', '-o', option, raw, path);
    // Some versions of QEMU fill the last sector and some do not: the data alone is whole, three bytes less are not.
    const end = (await readFile(path)).findLastIndex((byte) => byte !== 0) + 2;
    await truncate(path, end);
    t.not(end % 512, 0, 'the file ends inside of a sector, so that sectors do not tell');
    await (await openSource(path, { allowDirs: [] })).release();
    await truncate(path, end - 5);
    await isRefused(t, path, 'by a few bytes');
  },
});

test(losesItsEnd, 'zlib');
test(losesItsEnd, 'zstd');
