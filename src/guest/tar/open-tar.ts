import { createReadStream, createWriteStream } from 'node:fs';
import { type FileHandle, mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { AppError } from '../../errors.js';
import type { Entry } from '../../model/entry.js';
import type { Problem } from '../../model/evidence.js';
import { ancestors, baseName, displayPath, joinPath, normalizePath, parentPath } from '../../model/path.js';
import { startGuard } from '../../tools/guard.js';
import type { Guest } from '../guest.js';
import { Tree } from '../tree.js';
import { attributesOf } from './pax.js';
import { readTar, type TarMember } from './read-tar.js';
import { type StoredFile, TarGuestFs } from './tar-guest-fs.js';

const MAX_MEMBERS = 10_000_000;

/**
 * A tar archive, plain or packed with gzip, as the root of a machine. A packed one is unpacked into a temporary file, since
 * nothing in it could be found again otherwise.
 * @throws AppError `input-corrupt`, `input-truncated`, `input-unsupported`, `disk-space`.
 */
export async function openTar(path: string, options: { readonly signal?: AbortSignal } = {}): Promise<Guest> {
  const source = await open(path, 'r');
  const closers: (() => Promise<void>)[] = [() => source.close()];
  const close = async (): Promise<void> => {
    for (const closer of closers.splice(0).reverse()) await closer();
  };
  try {
    const archive = (await isGzip(source, path)) ? await unpack(path, closers, options.signal) : source;
    const problems: Problem[] = [];
    const { entries, stored } = await indexArchive(archive, problems);
    const fs = new TarGuestFs(archive, new Tree(entries), stored);
    return { fs, filesystems: [], problems, reader: 'tar', close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function isGzip(file: FileHandle, path: string): Promise<boolean> {
  const { buffer } = await file.read(Buffer.alloc(6), 0, 6, 0);
  const magic = buffer.toString('hex');
  const packer = magic.startsWith('28b52ffd')
    ? 'zstd'
    : magic === 'fd377a585a00'
      ? 'xz'
      : magic.startsWith('425a68')
        ? 'bzip2'
        : null;
  if (packer !== null) {
    throw new AppError('input-unsupported', `${path} is packed with ${packer}`, {
      where: { path },
      todo: `Unpack it first: ${packer === 'zstd' ? 'zstd -d' : packer === 'xz' ? 'xz -dk' : 'bunzip2 -k'} ${path}`,
    });
  }
  return magic.startsWith('1f8b');
}

async function unpack(path: string, closers: (() => Promise<void>)[], signal?: AbortSignal): Promise<FileHandle> {
  const guard = startGuard();
  closers.push(() => guard.close());
  const folder = await mkdtemp(join(tmpdir(), 'vm2docker-tar-'));
  guard.registerFolder(folder);
  closers.push(() => rm(folder, { recursive: true, force: true }));
  const unpacked = join(folder, 'root.tar');
  try {
    const to = createWriteStream(unpacked, { mode: 0o600 });
    await pipeline(createReadStream(path), createGunzip(), to, signal === undefined ? {} : { signal });
  } catch (error) {
    throw unpackError(error as NodeJS.ErrnoException, path);
  }
  const file = await open(unpacked, 'r');
  closers.push(() => file.close());
  return file;
}

async function indexArchive(
  archive: FileHandle,
  problems: Problem[],
): Promise<{ entries: Entry[]; stored: Map<string, StoredFile> }> {
  const found = new Map<string, { entry: Entry; file: StoredFile }>();
  for await (const member of readTar(chunksOf(archive))) {
    if (found.size >= MAX_MEMBERS)
      throw new AppError('input-unsupported', 'The archive has too many members', {
        todo: 'Name an archive of one machine.',
      });
    const path = placeOf(member.name, found, problems);
    if (path === null) continue;
    if (member.isUnreadable === true) {
      const reason = 'the program that made the archive could not read it';
      problems.push({ code: 'file-unreadable', path: displayPath(path), reason });
      continue;
    }
    const original = member.type === 'hardlink' ? found.get(normalizePath(member.linkName)) : undefined;
    if (member.type === 'hardlink' && original === undefined) {
      problems.push({
        code: 'broken-link',
        path: displayPath(path),
        reason: `hard link to ${displayPath(member.linkName)}`,
      });
      continue;
    }
    if (original === undefined) found.set(path, toStored(path, member));
    else found.set(path, { entry: { ...original.entry, path }, file: original.file });
  }
  return countLinks(found);
}

/** Not `createReadStream`, which closes the file at its end. */
async function* chunksOf(file: FileHandle): AsyncGenerator<Buffer> {
  for (let position = 0; ; ) {
    const { buffer, bytesRead } = await file.read(Buffer.allocUnsafe(1024 * 1024), 0, 1024 * 1024, position);
    if (bytesRead === 0) return;
    yield buffer.subarray(0, bytesRead);
    position += bytesRead;
  }
}

/**
 * Path of a member in the guest, as if the archive were unpacked from its beginning: what comes before it may be a link.
 * Null for names that lead out of the archive.
 */
function placeOf(name: string, found: ReadonlyMap<string, { entry: Entry }>, problems: Problem[]): string | null {
  const path = normalizePath(name);
  if (name.split('/').includes('..')) {
    problems.push({ code: 'path-refused', path: displayPath(name), reason: 'the name leads out of the archive' });
    return null;
  }
  const link = ancestors(path).find((folder) => found.get(folder)?.entry.type === 'symlink');
  if (link === undefined) return path;
  const folder = new Tree([...found.values()].map(({ entry }) => entry)).stat(parentPath(path));
  if (folder?.type === 'directory') return joinPath(folder.path, baseName(path));
  problems.push({ code: 'path-refused', path: displayPath(path), reason: `${displayPath(link)} is a link` });
  return null;
}

function toStored(path: string, member: TarMember): { entry: Entry; file: StoredFile } {
  const { type, mode, uid, gid, mtime, mtimeNanoseconds, device, position } = member;
  const entry: Entry = {
    path,
    type: type === 'hardlink' ? 'file' : type,
    ...{ mode, uid, gid, mtime, mtimeNanoseconds },
    size: type === 'file' ? member.size : 0,
    allocated: type === 'file' ? Math.ceil(member.storedSize / 512) * 512 : 0,
    links: 1,
    fileId: `tar:${position}`,
    ...(type === 'symlink' ? { target: member.linkName } : {}),
    ...(type === 'character' || type === 'block' ? { device } : {}),
  };
  const segments = member.segments ?? [{ offset: 0, length: member.size }];
  return { entry, file: { position, segments, attributes: attributesOf(member.records) } };
}

function countLinks(found: ReadonlyMap<string, { entry: Entry; file: StoredFile }>): {
  entries: Entry[];
  stored: Map<string, StoredFile>;
} {
  const links = new Map<string, number>();
  for (const { entry } of found.values()) links.set(entry.fileId, (links.get(entry.fileId) ?? 0) + 1);
  const entries: Entry[] = [];
  const stored = new Map<string, StoredFile>();
  for (const { entry, file } of found.values()) {
    entries.push({ ...entry, links: links.get(entry.fileId)! });
    stored.set(entry.fileId, file);
  }
  return { entries, stored };
}

function unpackError(error: NodeJS.ErrnoException, path: string): AppError {
  if (error.name === 'AbortError')
    return new AppError('interrupted', 'Unpacking was stopped', { todo: 'Run the command again.' });
  if (error.code === 'ENOSPC') {
    return new AppError('disk-space', `There is no room to unpack ${path}`, {
      where: { path },
      todo: `Free some space in ${tmpdir()}, or name another folder with TMPDIR.`,
      cause: error,
    });
  }
  return new AppError('input-corrupt', `${path} cannot be unpacked: ${error.message}`, {
    where: { path },
    todo: 'Make the archive again.',
    cause: error,
  });
}
