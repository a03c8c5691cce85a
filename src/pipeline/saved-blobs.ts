import { createReadStream } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { posix } from 'node:path';
import { createGunzip } from 'node:zlib';
import { AppError } from '../errors.js';
import { readTar } from '../guest/tar/read-tar.js';
import { unpackZstd } from '../tools/zstd.js';

/** A place in a file: a whole blob, or a member of an archive. */
export interface Blob {
  readonly file: string;
  readonly start: number;
  readonly length: number;
}

const MAX_JSON_BYTES = 8 * 1024 * 1024;
const MAX_MEMBERS = 100_000;
const MAX_LINKS = 10;
const GZIP = Buffer.from([0x1f, 0x8b]);
const ZSTD = Buffer.from([0x28, 0xb5, 0x2f, 0xfd]);

/** @throws AppError `image-invalid`; the file system's error when there is no such file. */
export async function wholeFile(file: string): Promise<Blob> {
  const found = await stat(file);
  if (!found.isFile()) throw invalidImage(file, 'it is no file');
  return { file, start: 0, length: found.size };
}

/**
 * The members of an archive, read where they lie: nothing is unpacked.
 * @returns finds a member by name; null when there is none.
 * @throws AppError `image-invalid`, and what the reader of archives throws.
 */
export async function archiveMembers(file: string): Promise<(name: string) => Blob | null> {
  const members = new Map<string, Blob | { readonly link: string }>();
  const { size } = await stat(file);
  for await (const member of readTar(createReadStream(file, { highWaterMark: 1024 * 1024 }))) {
    if (members.size >= MAX_MEMBERS) throw invalidImage(file, 'it has more members than any image');
    const name = posix.normalize(member.name);
    if (member.type === 'file') members.set(name, { file, start: member.position, length: member.storedSize });
    if (member.type === 'hardlink') members.set(name, { link: posix.normalize(member.linkName) });
    if (member.type === 'symlink') members.set(name, { link: posix.join(posix.dirname(name), member.linkName) });
  }
  return (name) => {
    let found = members.get(posix.normalize(name));
    for (let hops = 0; found !== undefined && 'link' in found && hops < MAX_LINKS; hops += 1) {
      found = members.get(found.link);
    }
    return found === undefined || 'link' in found || found.start + found.length > size ? null : found;
  };
}

export async function readJson({ file, start, length }: Blob): Promise<unknown> {
  if (length > MAX_JSON_BYTES) throw invalidImage(file, 'a description in it is too large');
  return JSON.parse((await readSome(file, start, length)).toString('utf8'));
}

/** A layer as a plain archive, whatever it is packed with. */
export async function* uncompressed({ file, start, length }: Blob): AsyncGenerator<Buffer> {
  if (length === 0) return;
  const head = await readSome(file, start, Math.min(4, length));
  const raw = createReadStream(file, { start, end: start + length - 1, highWaterMark: 1024 * 1024 });
  if (head.equals(ZSTD) || isSkippable(head)) {
    yield* unpackZstd(raw);
    return;
  }
  if (!head.subarray(0, 2).equals(GZIP)) {
    yield* raw;
    return;
  }
  const gunzip = createGunzip({ chunkSize: 1024 * 1024 });
  raw.on('error', (error) => gunzip.destroy(error));
  try {
    yield* raw.pipe(gunzip);
  } finally {
    raw.destroy();
    gunzip.destroy();
  }
}

/** Frames of zstd that a decoder passes over may come first (RFC 8878, 3.1.2). */
function isSkippable(head: Buffer): boolean {
  return head.length === 4 && (head.readUInt32LE(0) & 0xfffffff0) >>> 0 === 0x184d2a50;
}

async function readSome(file: string, start: number, length: number): Promise<Buffer> {
  const handle = await open(file, 'r');
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, start);
    return buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}

export function invalidImage(path: string, reason: string, cause?: unknown): AppError {
  return new AppError('image-invalid', `the image ${path} cannot be read: ${reason}`, {
    where: { path },
    todo: 'Save the image again.',
    cause,
  });
}
