import { lstat, realpath } from 'node:fs/promises';
import { AppError } from '../errors.js';
import type { Problem } from '../model/evidence.js';
import type { DiskImage, Hardware, MachineSource } from '../model/machine.js';
import { type Progress, silentProgress } from '../model/progress.js';
import type { DescribedMachine } from './descriptors/described-machine.js';
import { readLibvirtDomain } from './descriptors/libvirt.js';
import { type DescriptorKind, openDescribedDisks } from './descriptors/open-described.js';
import { openOva } from './descriptors/ova.js';
import { readOvf } from './descriptors/ovf.js';
import type { OpeningOptions } from './descriptors/unpack-disk.js';
import { MAX_VMX_BYTES, readVmx } from './descriptors/vmx.js';
import { invalidDescriptor, MAX_XML_BYTES } from './descriptors/xml.js';
import { detect } from './detect.js';
import { notADisk, unsupported } from './failures.js';
import { type HostFile, lookAt, openHostFile } from './host-file.js';
import { nameOfPath, slugOf, splitDisks, splitName, unique } from './names.js';
import { openImage, openImageFile } from './open-image.js';
import { contentOfGzippedTar, contentOfTar, requireRootFolder } from './root-tree.js';
import { createScratch } from './scratch.js';

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
  const problems: Problem[] = [];
  try {
    const { name: givenName, paths } = await understand(argument);
    const name = unique(givenName ?? nameOfPath(paths[0]!), options.takenNames ?? new Set());
    const slug = unique(slugOf(name), options.takenSlugs ?? new Set());
    const opening: OpeningOptions = {
      allowDirs: await realFolders(options.allowDirs),
      scratch,
      scratchFolder: () => scratch.folder(),
      report: (problem) => {
        // A descriptor and each of its disks may see the same mark.
        const isKnown = problems.some(({ code, reason }) => code === problem.code && reason === problem.reason);
        if (!isKnown) problems.push(problem);
      },
      machine: name,
      progress: options.progress ?? silentProgress,
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    };
    const found = paths.length === 1 ? await openOne(paths[0]!, opening) : { disks: await openSeveral(paths, opening) };
    return { name, slug, argument, hardware: {}, ...found, problems, release: () => scratch.remove() };
  } catch (error) {
    await scratch.remove();
    throw interruption(error, options.signal);
  }
}

interface Found {
  readonly disks: readonly DiskImage[];
  readonly root?: { readonly kind: 'folder' | 'tar'; readonly path: string };
  readonly archive?: string;
  readonly hardware?: Hardware;
}

/** An existing file of the literal name wins over `NAME=` and `+`. */
async function understand(argument: string): Promise<{ name?: string; paths: string[] }> {
  if (argument === '') {
    throw new AppError('usage', 'A machine is named by an empty argument', {
      todo: 'Name a disk image, a descriptor, or a folder or tar of a root.',
    });
  }
  if (await exists(argument)) return { paths: [argument] };
  const named = splitName(argument);
  const rest = named?.rest ?? argument;
  const paths = (await exists(rest)) ? [rest] : await splitDisks(rest, exists);
  if (paths.includes('')) {
    throw new AppError('usage', `${argument} joins disks with +, and one of them has no name`, {
      todo: 'Write root.qcow2+data.qcow2.',
    });
  }
  return named === null ? { paths } : { name: named.name, paths };
}

async function openOne(path: string, opening: OpeningOptions): Promise<Found> {
  const { realPath, stats } = await lookAt(path);
  if (stats.isDirectory()) {
    await requireRootFolder(realPath, path);
    return { disks: [], root: { kind: 'folder', path: realPath } };
  }
  const file = await openHostFile(path);
  try {
    return await openFile(file, path, opening);
  } finally {
    await file.close();
  }
}

async function openFile(file: HostFile, path: string, opening: OpeningOptions): Promise<Found> {
  const content = await detect(file);
  switch (content.kind) {
    case 'disk':
      return { disks: [await openImageFile(file, path, opening)] };
    case 'vmx':
      return openDescribed(file, path, 'vmx', readVmx(await whole(file, path, MAX_VMX_BYTES), path), opening);
    case 'ovf':
      return openDescribed(file, path, 'ovf', readOvf(await whole(file, path, MAX_XML_BYTES), path), opening);
    case 'libvirt':
      return openDescribed(
        file,
        path,
        'libvirt',
        readLibvirtDomain(await whole(file, path, MAX_XML_BYTES), path),
        opening,
      );
    case 'tar':
      return openTar(file, path, opening);
    case 'gzip':
      return openGzip(file, path, opening);
    case 'foreign':
      throw unsupported(path, `it is ${content.name}`, content.todo);
  }
}

/** Several disks of one machine; each must be a disk. */
async function openSeveral(paths: readonly string[], opening: OpeningOptions): Promise<DiskImage[]> {
  const disks: DiskImage[] = [];
  for (const path of paths) {
    const { stats } = await lookAt(path);
    if (stats.isDirectory()) {
      throw notADisk(
        path,
        'is a folder, and only disk images can be joined with +',
        'Name disk images, or the folder alone.',
      );
    }
    disks.push(await openImage(path, opening));
  }
  return disks;
}

async function openDescribed(
  file: HostFile,
  path: string,
  kind: DescriptorKind,
  machine: DescribedMachine,
  opening: OpeningOptions,
): Promise<Found> {
  return withDescription(machine, await openDescribedDisks(file, path, machine, kind, opening), path, opening);
}

async function openTar(file: HostFile, path: string, opening: OpeningOptions): Promise<Found> {
  const content = await contentOfTar(file, path);
  if (content === 'root') return { disks: [], root: { kind: 'tar', path: file.realPath } };
  if (content === 'else') {
    throw notADisk(
      path,
      'is an archive with neither a machine (.ovf) nor the root of a system in it',
      'Unpack it and name the disk in it.',
    );
  }
  const { machine, disks } = await openOva(file, path, opening);
  return { ...withDescription(machine, disks, path, opening), archive: file.realPath };
}

async function openGzip(file: HostFile, path: string, opening: OpeningOptions): Promise<Found> {
  const content = await contentOfGzippedTar(file, path, opening.signal);
  if (content === 'root') return { disks: [], root: { kind: 'tar', path: file.realPath } };
  const what = content === 'ova' ? 'it is an OVA packed with gzip' : 'it is packed with gzip, and not a tar of a root';
  throw unsupported(path, what, 'Unpack it first: gunzip -k FILE, then name the result.');
}

function withDescription(
  machine: DescribedMachine,
  disks: readonly DiskImage[],
  path: string,
  opening: OpeningOptions,
): Found {
  for (const problem of machine.problems) opening.report(problem);
  if (disks.length === 0) throw invalidDescriptor(path, 'it names no disk');
  return { disks, hardware: machine.hardware };
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
