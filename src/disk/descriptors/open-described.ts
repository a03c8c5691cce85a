import { lstat } from 'node:fs/promises';
import { basename, dirname, join, parse } from 'node:path';
import type { DiskImage } from '../../model/machine.js';
import { excerpt } from '../failures.js';
import { type HostFile, openHostFile } from '../host-file.js';
import { marksOfUse } from '../in-use.js';
import { openImage, openImageFile } from '../open-image.js';
import { openReference } from '../references.js';
import type { DescribedDisk, DescribedMachine } from './described-machine.js';
import { hasDigest, MAX_MANIFEST_BYTES, type ManifestLine, parseManifest } from './manifest.js';
import { decoded, type OpeningOptions, unpackDisk } from './unpack-disk.js';

export type DescriptorKind = 'vmx' | 'ovf' | 'libvirt';

/** Opens the disks that a descriptor names, each in the folder of the descriptor or in one that is allowed. */
export async function openDescribedDisks(
  file: HostFile,
  shown: string,
  machine: DescribedMachine,
  kind: DescriptorKind,
  options: OpeningOptions,
): Promise<DiskImage[]> {
  const own = dirname(file.realPath);
  const allowed = { own, named: options.allowDirs };
  // The folder of the descriptor is the machine's, also for what its disks refer to.
  const inside = own === parse(own).root ? options.allowDirs : [...options.allowDirs, own];
  if (kind === 'vmx') for (const problem of await marksOfUse(file.realPath, shown)) options.report(problem);
  const manifest = kind === 'ovf' ? await readManifest(file, shown, options) : new Map<string, ManifestLine>();
  const disks: DiskImage[] = [];
  for (const disk of machine.disks) {
    const text = kind === 'ovf' ? await existingHref(disk.file, own) : disk.file;
    const reference = { role: 'disk', text, disk: shown, holder: file.realPath, orBaseName: kind === 'vmx' };
    const part = await openReference(reference, allowed);
    try {
      await checkDigest(part, manifest.get(disk.file), excerpt(disk.file), options);
      disks.push(await openPart(part, disk, { ...options, allowDirs: inside }));
    } finally {
      await part.close();
    }
  }
  return disks;
}

async function openPart(part: HostFile, disk: DescribedDisk, options: OpeningOptions): Promise<DiskImage> {
  const shown = excerpt(disk.file);
  const image = { ...options, ...(disk.format === undefined ? {} : { declared: disk.format }) };
  if (disk.compression === undefined) return openImageFile(part, shown, image);
  return openImage(await unpackDisk(part, disk, shown, options), { ...image, allowDirs: [] }, shown);
}

/** The manifest beside a descriptor, its line on the descriptor checked at once. */
async function readManifest(
  file: HostFile,
  shown: string,
  options: OpeningOptions,
): Promise<Map<string, ManifestLine>> {
  const name = basename(file.realPath);
  const path = join(dirname(file.realPath), `${name.replace(/\.ovf$/i, '')}.mf`);
  if (!(await exists(path))) return new Map();
  const manifest = await openHostFile(path, shown);
  try {
    if (manifest.size > MAX_MANIFEST_BYTES) return new Map();
    const lines = parseManifest(await manifest.read(0, manifest.size));
    await checkDigest(file, lines.get(name), shown, options);
    return lines;
  } finally {
    await manifest.close();
  }
}

async function checkDigest(
  file: HostFile,
  line: ManifestLine | undefined,
  shown: string,
  options: OpeningOptions,
): Promise<void> {
  if (line === undefined) return;
  options.progress.step(options.machine, `checking ${shown}`, file.size, 'bytes');
  const advance = (done: number): void => options.progress.advance(options.machine, done);
  if (await hasDigest(file, line, { ...options, advance })) return;
  options.report({
    code: 'manifest-mismatch',
    path: shown,
    reason: `its ${line.algorithm} is not the one in the manifest: the file was changed or damaged after the export`,
  });
}

async function existingHref(href: string, folder: string): Promise<string> {
  return (await exists(join(folder, href))) ? href : decoded(href);
}

async function exists(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}
