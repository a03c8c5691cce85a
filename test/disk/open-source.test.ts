import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { openSource } from '../../src/disk/open-source.js';
import type { AppError } from '../../src/errors.js';
import { writeOva, writeOvfFiles } from './ova-writer.js';
import {
  contentOf,
  digestOf,
  fingerprint,
  MIB,
  qemuImg,
  SAMPLE_BYTES,
  temporaryFolder,
  writeSampleDisk,
} from './sample.js';
import { writeDescriptor } from './vmdk-writer.js';

const options = { allowDirs: [] };

test('a machine is called by NAME=, or by its file, and its slug is unique in the run', async (t) => {
  const folder = await temporaryFolder(t);
  const path = join(folder, 'Web 01.img');
  await writeSampleDisk(path);
  const plain = await openSource(path, options);
  t.like(plain, { name: 'Web 01', slug: 'web-01', argument: path });
  const named = await openSource(`shop=${path}`, options);
  t.like(named, { name: 'shop', slug: 'shop' });
  const again = await openSource(path, {
    ...options,
    takenNames: new Set(['Web 01']),
    takenSlugs: new Set(['web-01', 'web-01-2']),
  });
  t.like(again, { name: 'Web 01-2', slug: 'web-01-2-2' });
});

test('an existing file of the literal name wins over NAME= and +', async (t) => {
  const folder = await temporaryFolder(t);
  for (const name of ['a=b.img', 'c+d.img']) {
    await writeSampleDisk(join(folder, name));
    const source = await openSource(join(folder, name), options);
    t.is(source.disks.length, 1);
    t.is(source.name, name.slice(0, -4));
  }
});

test('+ joins the disks of one machine, in the order given', async (t) => {
  const folder = await temporaryFolder(t);
  await writeSampleDisk(join(folder, 'root.img'));
  await writeSampleDisk(join(folder, 'data.img'), 8 * MIB);
  const source = await openSource(`box=${join(folder, 'root.img')}+${join(folder, 'data.img')}`, options);
  t.is(source.name, 'box');
  t.deepEqual(
    source.disks.map((disk) => disk.virtualSize),
    [SAMPLE_BYTES, 8 * MIB],
  );
});

test('a blank disk is a disk', async (t) => {
  const folder = await temporaryFolder(t);
  await qemuImg('create', '-q', '-f', 'raw', join(folder, 'blank.img'), '16M');
  t.is((await openSource(join(folder, 'blank.img'), options)).disks[0]!.format, 'raw');
});

test('a folder that holds a system is a root', async (t) => {
  const folder = await temporaryFolder(t);
  for (const name of ['etc', 'usr', 'var']) await mkdir(join(folder, 'box', name), { recursive: true });
  const source = await openSource(join(folder, 'box'), options);
  t.deepEqual(source.root, { kind: 'folder', path: join(folder, 'box') });
  t.deepEqual(source.disks, []);
});

for (const [ending, flags] of [
  ['tar', '-cf'],
  ['tar.gz', '-czf'],
] as const) {
  test(`a .${ending} that holds a system is a root, and another is not`, async (t) => {
    const folder = await temporaryFolder(t);
    for (const name of ['boot', 'etc', 'usr']) await mkdir(join(folder, 'box', name), { recursive: true });
    await writeFile(join(folder, 'box', 'boot', 'initrd'), Buffer.alloc(3 * MIB));
    const root = join(folder, `box.${ending}`);
    execFileSync('tar', ['-C', join(folder, 'box'), flags, root, '.']);
    t.deepEqual((await openSource(root, options)).root, { kind: 'tar', path: root });
    const other = join(folder, `other.${ending}`);
    execFileSync('tar', ['-C', join(folder, 'box'), flags, other, './boot']);
    const error = await t.throwsAsync<AppError>(openSource(other, options));
    t.regex(error.code, /^input-(?:not-a-disk|unsupported)$/);
  });
}

test('an OVA is read where it stands: disks in order, hardware, and the bytes of each', async (t) => {
  const folder = await temporaryFolder(t);
  const path = await writeOva(folder);
  const before = await fingerprint(path);
  const temporary = join(folder, 'temporary');
  await mkdir(temporary);
  const source = await openSource(path, { ...options, temporaryFolder: temporary });
  t.deepEqual(
    source.disks.map((disk) => [disk.path, disk.subformat, disk.virtualSize]),
    [
      [`${path}/root.vmdk`, 'streamOptimized', SAMPLE_BYTES],
      [`${path}/data.vmdk`, 'streamOptimized', 8 * MIB],
    ],
  );
  t.like(source.hardware, { cpus: 4, memory: 2048 * MIB, hypervisor: 'vmware' });
  t.deepEqual(source.problems, []);
  t.is(await contentOf(source.disks[0]!.node, folder), await digestOf(join(folder, 'root.raw')));
  t.is(await contentOf(source.disks[1]!.node, folder), await digestOf(join(folder, 'data.raw')));
  t.deepEqual(await readdir(temporary), []);
  t.is(await fingerprint(path), before);
});

test('an OVA with packed disks is unpacked into a private folder, which release removes', async (t) => {
  const folder = await temporaryFolder(t);
  const path = await writeOva(folder, { gzip: true });
  const temporary = join(folder, 'temporary');
  await mkdir(temporary);
  const source = await openSource(path, { ...options, temporaryFolder: temporary });
  t.is(await contentOf(source.disks[0]!.node, folder), await digestOf(join(folder, 'root.raw')));
  t.is((await readdir(temporary)).length, 1);
  await source.release();
  await source.release();
  t.deepEqual(await readdir(temporary), []);
});

test('a digest that does not hold is reported', async (t) => {
  const folder = await temporaryFolder(t);
  const source = await openSource(await writeOva(folder, { breakManifest: true }), options);
  t.deepEqual(
    source.problems.map((problem) => [problem.code, problem.path]),
    [['manifest-mismatch', `${join(folder, 'box.ova')}/root.vmdk`]],
  );
});

test('an .ovf finds its disks beside it', async (t) => {
  const folder = await temporaryFolder(t);
  for (const [name, content] of await writeOvfFiles(folder, { breakManifest: true }))
    await writeFile(join(folder, name), content);
  const source = await openSource(join(folder, 'box.ovf'), options);
  t.deepEqual(
    source.disks.map((disk) => disk.realPath),
    [join(folder, 'root.vmdk'), join(folder, 'data.vmdk')],
  );
  t.deepEqual(
    source.problems.map((problem) => problem.code),
    ['manifest-mismatch'],
  );
});

test('a .vmx finds its disks beside it, and tells of a lock and of a suspended machine', async (t) => {
  const folder = await temporaryFolder(t);
  await writeSampleDisk(join(folder, 'box-flat.vmdk'));
  await writeDescriptor(join(folder, 'box.vmdk'), {
    createType: 'vmfs',
    extents: [`RW ${SAMPLE_BYTES / 512} VMFS "box-flat.vmdk"`],
  });
  await writeFile(
    join(folder, 'box.vmx'),
    'config.version = "8"\nscsi0:0.fileName = "/vmfs/volumes/1234/box/box.vmdk"\nmemsize = "1024"\n',
  );
  await mkdir(join(folder, 'box.vmdk.lck'));
  await writeFile(join(folder, 'box-9f1c.vmss'), '');
  const source = await openSource(join(folder, 'box.vmx'), options);
  t.deepEqual(
    source.disks.map((disk) => disk.subformat),
    ['vmfs'],
  );
  t.is(source.hardware.memory, 1024 * MIB);
  t.deepEqual(source.problems.map((problem) => problem.code).sort(), ['disk-locked', 'machine-suspended']);
});

test('a libvirt domain finds its disks, and those outside of its folder only with --allow-dir', async (t) => {
  const folder = await temporaryFolder(t);
  const images = join(folder, 'images');
  const definitions = join(folder, 'qemu');
  await mkdir(images);
  await mkdir(definitions);
  await writeSampleDisk(join(images, 'box.raw'));
  await qemuImg('convert', '-f', 'raw', '-O', 'qcow2', join(images, 'box.raw'), join(images, 'box.qcow2'));
  const xml = `<domain type='kvm'><vcpu>1</vcpu><devices><disk type='file'><driver type='qcow2'/><source file='${join(images, 'box.qcow2')}'/><target dev='vda'/></disk></devices></domain>`;
  await writeFile(join(definitions, 'box.xml'), xml);
  const error = await t.throwsAsync<AppError>(openSource(join(definitions, 'box.xml'), options));
  t.is(error.code, 'input-refused-reference');
  const source = await openSource(join(definitions, 'box.xml'), { allowDirs: [images] });
  t.is(source.disks[0]!.format, 'qcow2');
  t.like(source.hardware, { cpus: 1, hypervisor: 'kvm' });
});

test('an interrupted opening ends at once and leaves nothing', async (t) => {
  const temporary = await mkdtemp(join(tmpdir(), 'interrupt-'));
  t.teardown(() => rm(temporary, { recursive: true, force: true }));
  const folder = await temporaryFolder(t);
  await writeSampleDisk(join(folder, 'box.raw'));
  await qemuImg('convert', '-f', 'raw', '-O', 'qcow2', join(folder, 'box.raw'), join(folder, 'box.qcow2'));
  const error = await t.throwsAsync<AppError>(
    openSource(join(folder, 'box.qcow2'), { ...options, signal: AbortSignal.abort(), temporaryFolder: temporary }),
  );
  t.is(error.code, 'interrupted');
  t.deepEqual(await readdir(temporary), []);
});
