import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { appendFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { openSource } from '../../src/disk/open-source.js';
import { openDiskView } from '../../src/disk/views/open-view.js';
import type { AppError } from '../../src/errors.js';
import type { DiskImage } from '../../src/model/machine.js';
import {
  contentOf,
  digestOf,
  fingerprint,
  MIB,
  nodesOf,
  qemuImg,
  SAMPLE_BYTES,
  temporaryFolder,
  writeSampleDisk,
} from './sample.js';
import { cowdExtent, grainsOf, seSparseExtent, withFooter, writeDescriptor } from './vmdk-writer.js';

const options = { allowDirs: [] };

interface Case {
  readonly file: string;
  readonly convert: readonly string[];
  readonly format: string;
  readonly subformat?: string;
  /** Only QEMU reads it. */
  readonly declined?: boolean;
}

const CASES: readonly Case[] = [
  { file: 'a.qcow2', convert: ['-O', 'qcow2'], format: 'qcow2' },
  { file: 'a.qcow2', convert: ['-c', '-O', 'qcow2'], format: 'qcow2' },
  { file: 'a.qcow2', convert: ['-O', 'qcow2', '-o', 'compat=0.10'], format: 'qcow2' },
  {
    file: 'a.qcow2',
    convert: ['-O', 'qcow2', '-o', 'extended_l2=on,cluster_size=64k'],
    format: 'qcow2',
    declined: true,
  },
  { file: 'a.qcow2', convert: ['-O', 'qcow2', '-o', 'cluster_size=512'], format: 'qcow2' },
  { file: 'a.qcow2', convert: ['-O', 'qcow2', '-o', 'data_file=a.data'], format: 'qcow2', declined: true },
  {
    file: 'a.vmdk',
    convert: ['-O', 'vmdk', '-o', 'subformat=monolithicSparse'],
    format: 'vmdk',
    subformat: 'monolithicSparse',
  },
  {
    file: 'a.vmdk',
    convert: ['-O', 'vmdk', '-o', 'subformat=monolithicFlat'],
    format: 'vmdk',
    subformat: 'monolithicFlat',
  },
  {
    file: 'a.vmdk',
    convert: ['-O', 'vmdk', '-o', 'subformat=twoGbMaxExtentSparse'],
    format: 'vmdk',
    subformat: 'twoGbMaxExtentSparse',
  },
  {
    file: 'a.vmdk',
    convert: ['-O', 'vmdk', '-o', 'subformat=twoGbMaxExtentFlat'],
    format: 'vmdk',
    subformat: 'twoGbMaxExtentFlat',
  },
  {
    file: 'a.vmdk',
    convert: ['-O', 'vmdk', '-o', 'subformat=streamOptimized'],
    format: 'vmdk',
    subformat: 'streamOptimized',
  },
  { file: 'a.vhdx', convert: ['-O', 'vhdx'], declined: true, format: 'vhdx' },
  { file: 'a.vhdx', convert: ['-O', 'vhdx', '-o', 'subformat=fixed'], declined: true, format: 'vhdx' },
  { file: 'a.vdi', convert: ['-O', 'vdi'], declined: true, format: 'vdi', subformat: 'dynamic' },
  { file: 'a.vdi', convert: ['-O', 'vdi', '-o', 'static=on'], declined: true, format: 'vdi', subformat: 'fixed' },
  { file: 'a.vhd', convert: ['-O', 'vpc', '-o', 'force_size=on'], declined: true, format: 'vpc', subformat: 'dynamic' },
  {
    file: 'a.vhd',
    convert: ['-O', 'vpc', '-o', 'force_size=on,subformat=fixed'],
    declined: true,
    format: 'vpc',
    subformat: 'fixed',
  },
];

const readsTheSame = test.macro({
  title: (_, given: Case) => `a disk reads the same after: convert ${given.convert.join(' ')}`,
  async exec(t, given: Case) {
    const folder = await temporaryFolder(t);
    const raw = join(folder, 'sample.raw');
    await writeSampleDisk(raw);
    const path = join(folder, given.file);
    // A data file's name is stored as it is given.
    const convert = given.convert.map((word) => word.replace('a.data', join(folder, 'a.data')));
    await qemuImg('convert', '-f', 'raw', ...convert, raw, path);
    const before = await fingerprint(path);

    const source = await openSource(path, options);
    const [disk] = source.disks;
    t.is(disk!.format, given.format as never);
    t.is(disk!.subformat, given.subformat);
    t.is(disk!.virtualSize, SAMPLE_BYTES);
    t.is(disk!.files[0], path);
    t.true(disk!.allocatedSize > 2 * MIB);
    t.deepEqual(source.problems, []);
    for (const node of nodesOf(disk!.node)) {
      t.truthy(node.driver);
      t.is(node['read-only'], true);
    }
    t.is(await contentOf(disk!.node, folder), await digestOf(raw));
    if (given.declined === true) t.throws(() => openDiskView(disk!), { name: 'Declined' });
    else t.is(ownContentOf(disk!), await digestOf(raw));
    await source.release();
    t.is(await fingerprint(path), before);
  },
});

/** SHA-256 of what our own views read. */
function ownContentOf(disk: DiskImage): string {
  const opened = openDiskView(disk);
  const bytes = Buffer.alloc(opened.view.size);
  opened.view.read(bytes, 0, bytes.length, 0);
  opened.close();
  return createHash('sha256').update(bytes).digest('hex');
}

for (const given of CASES) test(readsTheSame, given);

test('a raw disk is read as raw, and its bytes and times stay', async (t) => {
  const folder = await temporaryFolder(t);
  const raw = join(folder, 'sample.img');
  await writeSampleDisk(raw);
  const before = await fingerprint(raw);
  const source = await openSource(raw, options);
  t.is(source.disks[0]!.format, 'raw');
  t.is(await contentOf(source.disks[0]!.node, folder), await digestOf(raw));
  t.is(await fingerprint(raw), before);
});

test('the format is told by content, whatever the file is called', async (t) => {
  const folder = await temporaryFolder(t);
  const raw = join(folder, 'sample.raw');
  await writeSampleDisk(raw);
  const path = join(folder, 'really-qcow2.vmdk');
  await qemuImg('convert', '-f', 'raw', '-O', 'qcow2', raw, path);
  t.is((await openSource(path, options)).disks[0]!.format, 'qcow2');
});

test('a disk of several extents is put together in their order', async (t) => {
  const folder = await temporaryFolder(t);
  for (const subformat of ['twoGbMaxExtentSparse', 'twoGbMaxExtentFlat']) {
    const path = join(folder, `${subformat}.vmdk`);
    await qemuImg('create', '-q', '-f', 'vmdk', '-o', `subformat=${subformat}`, path, '5G');
    const source = await openSource(path, options);
    t.is(source.disks[0]!.virtualSize, 5 * 1024 ** 3);
    t.is(source.disks[0]!.files.length, 4);
    await source.release();
  }
});

test('a VMFS disk reads its -flat file, from the offset and in the order that the descriptor says', async (t) => {
  const folder = await temporaryFolder(t);
  const raw = join(folder, 'disk-flat.vmdk');
  await writeSampleDisk(raw);
  const sectors = SAMPLE_BYTES / 512;
  await writeDescriptor(join(folder, 'vmfs.vmdk'), {
    createType: 'vmfs',
    extents: [`RW ${sectors} VMFS "disk-flat.vmdk"`],
  });
  const whole = await openSource(join(folder, 'vmfs.vmdk'), options);
  t.is(await contentOf(whole.disks[0]!.node, folder), await digestOf(raw));

  // The same file as two extents, in its own order: QEMU's parser would take the blank line for a third.
  await writeDescriptor(join(folder, 'two.vmdk'), {
    createType: 'custom',
    extents: [`RW 2048 FLAT "disk-flat.vmdk" 0`, '', `RDONLY ${sectors - 2048} FLAT "disk-flat.vmdk" 2048`],
  });
  const two = await openSource(join(folder, 'two.vmdk'), options);
  t.is(await contentOf(two.disks[0]!.node, folder), await digestOf(raw));
  await two.release();
});

test('vmfsSparse and seSparse disks read what stands in their grains', async (t) => {
  const folder = await temporaryFolder(t);
  const raw = join(folder, 'sample.raw');
  await writeSampleDisk(raw);
  const content = await readFile(raw);
  const sectors = SAMPLE_BYTES / 512;
  await writeFile(join(folder, 'cowd-extent.vmdk'), cowdExtent(sectors, 8, grainsOf(content, 4096)));
  await writeDescriptor(join(folder, 'cowd.vmdk'), {
    createType: 'vmfsSparse',
    extents: [`RW ${sectors} VMFSSPARSE "cowd-extent.vmdk"`],
  });
  await writeFile(join(folder, 'se-sesparse.vmdk'), seSparseExtent(sectors, grainsOf(content, 4096)));
  await writeDescriptor(join(folder, 'se.vmdk'), {
    createType: 'seSparse',
    extents: [`RW ${sectors} SESPARSE "se-sesparse.vmdk"`],
  });
  for (const name of ['cowd.vmdk', 'se.vmdk']) {
    const source = await openSource(join(folder, name), options);
    t.is(source.disks[0]!.virtualSize, SAMPLE_BYTES);
    t.is(await contentOf(source.disks[0]!.node, folder), await digestOf(raw), name);
    await source.release();
  }
});

for (const kind of ['SPARSE', 'VMFSSPARSE', 'SESPARSE'] as const) {
  test(`a snapshot (${kind}) shows its own grains over those of its parent`, async (t) => {
    const folder = await temporaryFolder(t);
    const raw = join(folder, 'base-flat.vmdk');
    await writeSampleDisk(raw);
    const sectors = SAMPLE_BYTES / 512;
    await writeDescriptor(join(folder, 'base.vmdk'), {
      cid: 'aabbccdd',
      createType: 'vmfs',
      extents: [`RW ${sectors} VMFS "base-flat.vmdk"`],
    });
    const changed = Buffer.alloc(4096, 'changed ');
    const delta =
      kind === 'SESPARSE'
        ? seSparseExtent(sectors, new Map([[300, changed]]))
        : cowdExtent(sectors, 8, new Map([[300, changed]]));
    await writeFile(join(folder, 'snap-delta.vmdk'), delta);
    await writeDescriptor(join(folder, 'snap.vmdk'), {
      parentCid: 'aabbccdd',
      parentHint: 'base.vmdk',
      createType: kind === 'SESPARSE' ? 'seSparse' : 'vmfsSparse',
      extents: [`RW ${sectors} ${kind} "snap-delta.vmdk"`],
    });
    const source = await openSource(join(folder, 'snap.vmdk'), options);
    const expected = join(folder, 'expected.raw');
    const content = await readFile(raw);
    changed.copy(content, 300 * 4096);
    await writeFile(expected, content);
    t.is(await contentOf(source.disks[0]!.node, folder), await digestOf(expected));
    t.deepEqual(source.disks[0]!.files.map((file) => file.slice(folder.length + 1)).sort(), [
      'base-flat.vmdk',
      'base.vmdk',
      'snap-delta.vmdk',
      'snap.vmdk',
    ]);
    await source.release();
  });
}

const CHAINS = [
  { format: 'qcow2', base: [], above: [] },
  { format: 'vmdk', base: [], above: [] },
  { format: 'vmdk', base: ['-o', 'subformat=monolithicFlat'], above: [] },
  { format: 'vmdk', base: ['-o', 'subformat=twoGbMaxExtentSparse'], above: ['-o', 'subformat=twoGbMaxExtentSparse'] },
] as const;

for (const { format, base, above } of CHAINS) {
  test(`a chain is followed to its base: ${[format, ...base, ...above].join(' ')}`, async (t) => {
    const folder = await temporaryFolder(t);
    const raw = join(folder, 'sample.raw');
    await writeSampleDisk(raw);
    const paths = ['top', 'middle', 'base'].map((name) => join(folder, `${name}.${format}`));
    await qemuImg('convert', '-f', 'raw', '-O', format, ...base, raw, paths[2]!);
    await qemuImg('create', '-q', '-f', format, ...above, '-b', paths[2]!, '-F', format, paths[1]!);
    await qemuImg('create', '-q', '-f', format, ...above, '-b', paths[1]!, '-F', format, paths[0]!);
    const source = await openSource(paths[0]!, options);
    t.is(await contentOf(source.disks[0]!.node, folder), await digestOf(raw));
    t.deepEqual(
      source.disks[0]!.files.filter((file) => paths.includes(file)),
      paths,
    );
    await source.release();
  });
}

test('a parent that moved is found by its name beside the snapshot, if its content ID is the right one', async (t) => {
  const folder = await temporaryFolder(t);
  await writeSampleDisk(join(folder, 'base-flat.vmdk'));
  const sectors = SAMPLE_BYTES / 512;
  await writeDescriptor(join(folder, 'base.vmdk'), {
    cid: 'aabbccdd',
    createType: 'vmfs',
    extents: [`RW ${sectors} VMFS "base-flat.vmdk"`],
  });
  await writeFile(join(folder, 'snap-delta.vmdk'), cowdExtent(sectors, 8, new Map()));
  const snapshot = {
    parentHint: '/vmfs/volumes/5f0e/box/base.vmdk',
    createType: 'vmfsSparse',
    extents: [`RW ${sectors} VMFSSPARSE "snap-delta.vmdk"`],
  };
  await writeDescriptor(join(folder, 'snap.vmdk'), { ...snapshot, parentCid: 'aabbccdd' });
  const source = await openSource(join(folder, 'snap.vmdk'), options);
  t.is(await contentOf(source.disks[0]!.node, folder), await digestOf(join(folder, 'base-flat.vmdk')));
  await source.release();

  await writeDescriptor(join(folder, 'stale.vmdk'), { ...snapshot, parentCid: '00000001' });
  const error = await t.throwsAsync(openSource(join(folder, 'stale.vmdk'), options));
  t.like(error, { code: 'input-corrupt' });
  t.regex(error!.message, /00000001.*aabbccdd/);
});

test('a streamOptimized disk that ends with a footer, as VMware exports it, reads the same', async (t) => {
  const folder = await temporaryFolder(t);
  const raw = join(folder, 'sample.raw');
  const path = join(folder, 'a.vmdk');
  await writeSampleDisk(raw);
  await qemuImg('convert', '-f', 'raw', '-O', 'vmdk', '-o', 'subformat=streamOptimized', raw, path);
  await writeFile(path, withFooter(await readFile(path)));
  const source = await openSource(path, options);
  t.is(await contentOf(source.disks[0]!.node, folder), await digestOf(raw));
});

test('a raw disk whose size is no number of sectors is read to its end', async (t) => {
  const folder = await temporaryFolder(t);
  const raw = join(folder, 'sample.img');
  await writeSampleDisk(raw);
  await appendFile(raw, Buffer.alloc(100));
  t.is((await openSource(raw, options)).disks[0]!.virtualSize, SAMPLE_BYTES + 512);
});

test('a disk that a machine is using is refused', async (t) => {
  const folder = await temporaryFolder(t);
  const path = join(folder, 'a.qcow2');
  await qemuImg('create', '-q', '-f', 'qcow2', path, '16M');
  const machine = spawn('qemu-io', ['-f', 'qcow2', path], { stdio: ['pipe', 'pipe', 'ignore'] });
  t.teardown(() => machine.kill());
  machine.stdin.write('length\n');
  await new Promise((resolve) => machine.stdout.once('data', resolve));
  const error = await t.throwsAsync<AppError>(openSource(path, options));
  t.is(error.code, 'input-unreadable');
  t.regex(error.message, /in use/);
});
