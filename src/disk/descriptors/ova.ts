import type { DiskImage } from '../../model/machine.js';
import { windowOf } from '../byte-source.js';
import { corrupt, excerpt } from '../failures.js';
import type { HostFile } from '../host-file.js';
import { fileNode } from '../layer.js';
import { openEmbeddedImage, openImage } from '../open-image.js';
import { type TarMember, tarMembers } from '../tar-index.js';
import type { DescribedDisk, DescribedMachine } from './described-machine.js';
import { hasDigest, MAX_MANIFEST_BYTES, parseManifest } from './manifest.js';
import { readOvf } from './ovf.js';
import { decoded, type OpeningOptions, unpackDisk } from './unpack-disk.js';
import { invalidDescriptor, MAX_XML_BYTES } from './xml.js';

const MAX_MEMBERS = 10_000;
const SECTOR = 512;

/** An OVA, read where it stands: a disk in it is a window of the archive. Only what is packed again is unpacked. */
export async function openOva(
  file: HostFile,
  shown: string,
  options: OpeningOptions,
): Promise<{ machine: DescribedMachine; disks: DiskImage[] }> {
  const members = await indexMembers(file, shown);
  const descriptor = [...members.values()].find((member) => /\.ovf$/i.test(member.name));
  if (descriptor === undefined) throw invalidDescriptor(shown, 'the archive holds no .ovf');
  if (descriptor.size > MAX_XML_BYTES) throw invalidDescriptor(shown, `its .ovf has ${descriptor.size} bytes`);
  const machine = readOvf(await file.read(descriptor.offset, descriptor.size), `${shown}/${excerpt(descriptor.name)}`);
  const wanted = machine.disks.map((disk) => ({ disk, member: memberOf(disk, members, shown) }));
  await checkManifest(file, members, [descriptor, ...wanted.map(({ member }) => member)], shown, options);
  const disks: DiskImage[] = [];
  for (const { disk, member } of wanted) disks.push(await openMember(file, disk, member, shown, options));
  return { machine, disks };
}

async function indexMembers(file: HostFile, shown: string): Promise<Map<string, TarMember>> {
  const members = new Map<string, TarMember>();
  for await (const member of tarMembers(file, shown)) {
    if (member.type === 'file' && !members.has(member.name)) members.set(member.name, member);
    if (members.size > MAX_MEMBERS) throw corrupt(shown, `more than ${MAX_MEMBERS} files in the archive`);
  }
  return members;
}

function memberOf(disk: DescribedDisk, members: ReadonlyMap<string, TarMember>, shown: string): TarMember {
  const member = members.get(disk.file) ?? members.get(decoded(disk.file));
  if (member === undefined)
    throw invalidDescriptor(shown, `the archive lacks ${excerpt(disk.file)}, a disk of the machine`);
  return member;
}

async function openMember(
  file: HostFile,
  disk: DescribedDisk,
  member: TarMember,
  shown: string,
  options: OpeningOptions,
): Promise<DiskImage> {
  const name = `${shown}/${excerpt(member.name)}`;
  const source = windowOf(file, member.offset, member.size);
  if (disk.compression === undefined && member.size % SECTOR === 0) {
    // The size of a window of QEMU's is a number of sectors.
    const node = {
      driver: 'raw',
      'read-only': true,
      offset: member.offset,
      size: member.size,
      file: fileNode(file.realPath),
    };
    return openEmbeddedImage({ shown: name, file, source, node }, options);
  }
  const path = await unpackDisk(source, disk, name, options);
  return openImage(path, { ...options, allowDirs: [] }, name);
}

/** Reads the whole archive once when it has a manifest; a digest that does not hold is reported, not refused. */
async function checkManifest(
  file: HostFile,
  members: ReadonlyMap<string, TarMember>,
  wanted: readonly TarMember[],
  shown: string,
  options: OpeningOptions,
): Promise<void> {
  const manifest = [...members.values()].find((member) => /\.mf$/i.test(member.name));
  if (manifest === undefined || manifest.size > MAX_MANIFEST_BYTES) return;
  const lines = parseManifest(await file.read(manifest.offset, manifest.size));
  for (const member of wanted) {
    const line = lines.get(member.name);
    if (line === undefined) continue;
    options.progress.step(options.machine, `checking ${member.name}`, member.size, 'bytes');
    const advance = (done: number): void => options.progress.advance(options.machine, done);
    const holds = await hasDigest(windowOf(file, member.offset, member.size), line, {
      advance,
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    });
    if (!holds)
      options.report({
        code: 'manifest-mismatch',
        path: `${shown}/${excerpt(member.name)}`,
        reason: `its ${line.algorithm} is not the one in ${excerpt(manifest.name)}: the file was changed or damaged after the export`,
      });
  }
}
