import { lstat, realpath } from 'node:fs/promises';
import { basename, dirname, join, parse } from 'node:path';
import { AppError } from '../errors.js';
import type { Problem } from '../model/evidence.js';
import type { DiskImage, Hardware, MachineSource } from '../model/machine.js';
import { type Progress, silentProgress } from '../model/progress.js';
import type { DescribedDisk, DescribedMachine } from './descriptors/described-machine.js';
import { readLibvirtDomain } from './descriptors/libvirt.js';
import { hasDigest, MAX_MANIFEST_BYTES, parseManifest } from './descriptors/manifest.js';
import { decoded, type OvaOptions, openOva, unpackDisk } from './descriptors/ova.js';
import { readOvf } from './descriptors/ovf.js';
import { MAX_VMX_BYTES, readVmx } from './descriptors/vmx.js';
import { invalidDescriptor, MAX_XML_BYTES } from './descriptors/xml.js';
import { detect } from './detect.js';
import { excerpt, notADisk, unsupported } from './failures.js';
import { type HostFile, lookAt, openHostFile } from './host-file.js';
import { marksOfUse } from './in-use.js';
import { nameOfPath, slugOf, splitDisks, splitName, unique } from './names.js';
import { openImage, openImageFile } from './open-image.js';
import { openReference } from './references.js';
import { contentOfGzippedTar, contentOfTar, requireRootFolder } from './root-tree.js';
import { createScratch, type Scratch } from './scratch.js';

export interface SourceOptions {
  /** Folders, beside that of a disk itself, in which files that it refers to may lie. */
  readonly allowDirs: readonly string[];
  /** Names and slugs that other machines of the run have. */
  readonly takenNames?: ReadonlySet<string>;
  readonly takenSlugs?: ReadonlySet<string>;
  readonly signal?: AbortSignal;
  readonly progress?: Progress;
  /** Where temporary folders are made; the system's own place otherwise. */
  readonly temporaryFolder?: string;
}

/**
 * Understands one argument of the command line: which machine it is, and which disks (or which root) it has. Every file
 * that is opened is a regular one, inside of the folder of the disk or of one that is allowed, and only read.
 * @throws AppError `input-*`, `descriptor-invalid`, `disk-space`, `usage`, `program-*`; nothing is left behind then.
 */
export async function openSource(argument: string, options: SourceOptions): Promise<MachineSource> {
  const scratch = createScratch(options.temporaryFolder);
  try {
    const { name: givenName, paths } = await understand(argument);
    const name = unique(givenName ?? nameOfPath(paths[0]!), options.takenNames ?? new Set());
    const slug = unique(slugOf(name), options.takenSlugs ?? new Set());
    const allowDirs = await realFolders(options.allowDirs);
    const problems: Problem[] = [];
    const report = (problem: Problem): void => {
      // A descriptor and each of its disks may see the same mark.
      if (!problems.some(({ code, reason }) => code === problem.code && reason === problem.reason))
        problems.push(problem);
    };
    const opening: Opening = {
      allowDirs,
      scratch,
      scratchFolder: () => scratch.folder(),
      report,
      machine: name,
      progress: options.progress ?? silentProgress,
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    };
    const found =
      paths.length === 1
        ? await openOne(paths[0]!, opening)
        : { disks: await openSeveral(paths, opening), hardware: {} };
    return {
      name,
      slug,
      argument,
      disks: found.disks,
      ...(found.root === undefined ? {} : { root: found.root }),
      hardware: found.hardware,
      problems,
      release: () => scratch.remove(),
    };
  } catch (error) {
    await scratch.remove();
    throw interruption(error, options.signal);
  }
}

type Opening = OvaOptions & { readonly scratch: Scratch };

interface Found {
  readonly disks: readonly DiskImage[];
  readonly root?: { readonly kind: 'folder' | 'tar'; readonly path: string };
  readonly hardware: Hardware;
}

/** An existing file of the literal name wins over `NAME=` and `+`. */
async function understand(argument: string): Promise<{ name?: string; paths: string[] }> {
  if (argument === '')
    throw new AppError('usage', 'A machine is named by an empty argument', {
      todo: 'Name a disk image, a descriptor, or a folder or tar of a root.',
    });
  if (await exists(argument)) return { paths: [argument] };
  const named = splitName(argument);
  const rest = named?.rest ?? argument;
  const paths = (await exists(rest)) ? [rest] : await splitDisks(rest, exists);
  const empty = paths.includes('');
  if (empty)
    throw new AppError('usage', `${argument} joins disks with +, and one of them has no name`, {
      todo: 'Write root.qcow2+data.qcow2.',
    });
  return named === null ? { paths } : { name: named.name, paths };
}

async function openOne(path: string, opening: Opening): Promise<Found> {
  const { realPath, stats } = await lookAt(path);
  if (stats.isDirectory()) {
    await requireRootFolder(realPath, path);
    return { disks: [], root: { kind: 'folder', path: realPath }, hardware: {} };
  }
  const file = await openHostFile(path);
  try {
    const content = await detect(file);
    switch (content.kind) {
      case 'disk':
        return { disks: [await openImageFile(file, path, opening)], hardware: {} };
      case 'vmx':
        return await openDescribed(file, path, readVmx(await whole(file, path, MAX_VMX_BYTES), path), 'vmx', opening);
      case 'ovf':
        return await openDescribed(file, path, readOvf(await whole(file, path, MAX_XML_BYTES), path), 'ovf', opening);
      case 'libvirt':
        return await openDescribed(
          file,
          path,
          readLibvirtDomain(await whole(file, path, MAX_XML_BYTES), path),
          'libvirt',
          opening,
        );
      case 'tar':
        return await openTar(file, path, opening);
      case 'gzip':
        return await openGzip(file, path, opening);
      case 'foreign':
        throw unsupported(path, `it is ${content.name}`, content.todo);
    }
  } finally {
    await file.close();
  }
}

/** Several disks of one machine; each must be a disk. */
async function openSeveral(paths: readonly string[], opening: Opening): Promise<DiskImage[]> {
  const disks: DiskImage[] = [];
  for (const path of paths) {
    const { stats } = await lookAt(path);
    if (stats.isDirectory())
      throw notADisk(
        path,
        'is a folder, and only disk images can be joined with +',
        'Name disk images, or the folder alone.',
      );
    disks.push(await openImage(path, opening));
  }
  return disks;
}

async function openTar(file: HostFile, path: string, opening: Opening): Promise<Found> {
  const content = await contentOfTar(file, path);
  if (content === 'root') return { disks: [], root: { kind: 'tar', path: file.realPath }, hardware: {} };
  if (content === 'else')
    throw notADisk(
      path,
      'is an archive with neither a machine (.ovf) nor the root of a system in it',
      'Unpack it and name the disk in it.',
    );
  const { machine, disks } = await openOva(file, path, opening);
  return withDescription(machine, disks, path, opening);
}

async function openGzip(file: HostFile, path: string, opening: Opening): Promise<Found> {
  const content = await contentOfGzippedTar(file, path, opening.signal);
  if (content === 'root') return { disks: [], root: { kind: 'tar', path: file.realPath }, hardware: {} };
  throw unsupported(
    path,
    content === 'ova' ? 'it is an OVA packed with gzip' : 'it is packed with gzip, and not a tar of a root',
    'Unpack it first: gunzip -k FILE, then name the result.',
  );
}

/** Opens the disks that a descriptor names, each in an allowed folder or in that of the descriptor. */
async function openDescribed(
  file: HostFile,
  path: string,
  machine: DescribedMachine,
  kind: 'vmx' | 'ovf' | 'libvirt',
  opening: Opening,
): Promise<Found> {
  const own = dirname(file.realPath);
  const allowed = { own, named: opening.allowDirs };
  // The folder of the descriptor is the machine's, also for what its disks refer to.
  const inside = own === parse(own).root ? opening.allowDirs : [...opening.allowDirs, own];
  if (kind === 'vmx') for (const problem of await marksOfUse(file.realPath, path)) opening.report(problem);
  const manifest = kind === 'ovf' ? await readManifest(file, path, opening) : null;
  const disks: DiskImage[] = [];
  for (const disk of machine.disks) {
    const text = kind === 'ovf' ? await existingHref(disk.file, own) : disk.file;
    const shown = excerpt(disk.file);
    const part = await openReference(
      { role: 'disk', text, disk: path, holder: file.realPath, orBaseName: kind === 'vmx' },
      allowed,
    );
    try {
      const line = manifest?.get(disk.file);
      if (line !== undefined && !(await hasDigest(part, line, opening)))
        opening.report({
          code: 'manifest-mismatch',
          path: shown,
          reason: `its ${line.algorithm} is not the one in the manifest: the file was changed or damaged after the export`,
        });
      disks.push(await openDescribedDisk(part, disk, shown, { ...opening, allowDirs: inside }));
    } finally {
      await part.close();
    }
  }
  return withDescription(machine, disks, path, opening);
}

async function openDescribedDisk(
  part: HostFile,
  disk: DescribedDisk,
  shown: string,
  opening: Opening,
): Promise<DiskImage> {
  const image = { ...opening, ...(disk.format === undefined ? {} : { declared: disk.format }) };
  if (disk.compression === undefined) return openImageFile(part, shown, image);
  return openImage(await unpackDisk(part, disk, shown, opening), { ...image, allowDirs: [] }, shown);
}

function withDescription(
  machine: DescribedMachine,
  disks: readonly DiskImage[],
  path: string,
  opening: Opening,
): Found {
  for (const problem of machine.problems) opening.report(problem);
  if (disks.length === 0) throw invalidDescriptor(path, 'it names no disk');
  return { disks, hardware: machine.hardware };
}

async function existingHref(href: string, folder: string): Promise<string> {
  return (await exists(join(folder, href))) ? href : decoded(href);
}

async function readManifest(
  file: HostFile,
  shown: string,
  opening: Opening,
): Promise<ReturnType<typeof parseManifest> | null> {
  const path = join(dirname(file.realPath), `${basename(file.realPath).replace(/\.ovf$/i, '')}.mf`);
  if (!(await exists(path))) return null;
  const manifest = await openHostFile(path);
  try {
    if (manifest.size > MAX_MANIFEST_BYTES) return null;
    const lines = parseManifest(await manifest.read(0, manifest.size));
    const line = lines.get(basename(file.realPath));
    if (line !== undefined && !(await hasDigest(file, line))) {
      opening.report({
        code: 'manifest-mismatch',
        path: shown,
        reason: `its ${line.algorithm} is not the one in the manifest: the descriptor was changed after the export`,
      });
    }
    return lines;
  } finally {
    await manifest.close();
  }
}

async function whole(file: HostFile, path: string, limit: number): Promise<Buffer> {
  if (file.size > limit) throw invalidDescriptor(path, `it has ${file.size} bytes`);
  return file.read(0, file.size);
}

async function realFolders(folders: readonly string[]): Promise<string[]> {
  return Promise.all(
    folders.map((folder) =>
      realpath(folder).catch((cause: unknown) => {
        throw new AppError('usage', `--allow-dir ${folder} is no folder`, {
          where: { path: folder },
          todo: 'Name a folder that exists.',
          cause,
        });
      }),
    ),
  );
}

async function exists(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}

function interruption(error: unknown, signal: AbortSignal | undefined): unknown {
  if (signal?.aborted !== true || error instanceof AppError) return error;
  return new AppError('interrupted', 'Opening the disks was stopped', { todo: 'Run the command again.' });
}
