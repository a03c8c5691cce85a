import { createReadStream } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { join, posix } from 'node:path';
import { createGunzip } from 'node:zlib';
import type { SavedPlace } from '../engine/index.js';
import { AppError } from '../errors.js';
import { readTar } from '../guest/tar/read-tar.js';

/** An image outside of any engine: its layers, the lowest first. */
export interface SavedImage {
  readonly layers: readonly SavedLayer[];
}

export interface SavedLayer {
  /** Digest of the uncompressed layer, as the image's configuration has it. */
  readonly digest: string;
  /** The uncompressed archive. */
  open(): AsyncIterable<Buffer>;
}

/** A place in a file: a whole blob, or a member of an archive. */
interface Blob {
  readonly file: string;
  readonly start: number;
  readonly length: number;
}

const MAX_JSON_BYTES = 8 * 1024 * 1024;
const MAX_MEMBERS = 100_000;
const MAX_LINKS = 10;
const DIGEST = /^sha256:[0-9a-f]{64}$/;
const GZIP = Buffer.from([0x1f, 0x8b]);
const ZSTD = Buffer.from([0x28, 0xb5, 0x2f, 0xfd]);

/**
 * Opens a folder in OCI layout (image specification, "Image Layout") or an archive of `docker save`, old form and new.
 * @throws AppError `image-missing`, `image-invalid`.
 */
export async function openSavedImage(place: SavedPlace): Promise<SavedImage> {
  try {
    return place.kind === 'oci' ? await openLayout(place.path, place.name) : await openArchive(place.path);
  } catch (error) {
    if (error instanceof AppError) throw error;
    const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    throw isMissing ? missing(place.path, error) : invalid(place.path, (error as Error).message, error);
  }
}

interface Descriptor {
  readonly mediaType?: string;
  readonly digest: string;
  readonly annotations?: Readonly<Record<string, string>>;
}

async function openLayout(folder: string, name: string | null): Promise<SavedImage> {
  const blobOf = async ({ digest }: Descriptor): Promise<Blob> => {
    if (typeof digest !== 'string' || !DIGEST.test(digest)) throw invalid(folder, 'a digest is none');
    return await wholeFile(join(folder, 'blobs', 'sha256', digest.slice('sha256:'.length)));
  };
  const index = (await readJson(await wholeFile(join(folder, 'index.json')))) as { manifests?: Descriptor[] };
  const named = (index.manifests ?? []).filter(
    ({ annotations }) => name === null || annotations?.['org.opencontainers.image.ref.name'] === name,
  );
  if (named.length === 0) throw missing(name === null ? folder : `${folder}:${name}`);
  if (named.length > 1) throw invalid(folder, 'it holds several images: name one as oci:FOLDER:NAME');
  let descriptor = named[0]!;
  for (let depth = 0; descriptor.mediaType?.includes('index') || descriptor.mediaType?.includes('list'); depth += 1) {
    const inner = (await readJson(await blobOf(descriptor))) as { manifests?: Descriptor[] };
    if (depth > 2 || inner.manifests?.[0] === undefined) throw invalid(folder, 'its index leads to no image');
    descriptor = inner.manifests[0];
  }
  const manifest = (await readJson(await blobOf(descriptor))) as { config: Descriptor; layers: Descriptor[] };
  const layers: Blob[] = [];
  for (const layer of manifest.layers) layers.push(await blobOf(layer));
  return withDigests(folder, layers, await readJson(await blobOf(manifest.config)));
}

/** The archive is not unpacked: its members are read where they lie. */
async function openArchive(file: string): Promise<SavedImage> {
  const members = new Map<string, Blob | { readonly link: string }>();
  const { size } = await stat(file);
  for await (const member of readTar(createReadStream(file, { highWaterMark: 1024 * 1024 }))) {
    if (members.size >= MAX_MEMBERS) throw invalid(file, 'it has more members than any image');
    const name = posix.normalize(member.name);
    if (member.type === 'file') members.set(name, { file, start: member.position, length: member.storedSize });
    if (member.type === 'hardlink') members.set(name, { link: posix.normalize(member.linkName) });
    if (member.type === 'symlink') members.set(name, { link: posix.join(posix.dirname(name), member.linkName) });
  }
  const find = (name: string): Blob => {
    let found = members.get(posix.normalize(name));
    for (let hops = 0; found !== undefined && 'link' in found && hops < MAX_LINKS; hops += 1) {
      found = members.get(found.link);
    }
    if (found === undefined || 'link' in found || found.start + found.length > size) {
      throw invalid(file, `${name} is missing in it`);
    }
    return found;
  };
  const images = (await readJson(find('manifest.json'))) as { Config: string; Layers: string[] }[];
  if (images.length !== 1) throw invalid(file, `it holds ${images.length} images; save the one that is meant`);
  const [image] = images;
  return withDigests(file, image!.Layers.map(find), await readJson(find(image!.Config)));
}

function withDigests(place: string, blobs: readonly Blob[], config: unknown): SavedImage {
  const digests = (config as { rootfs?: { diff_ids?: unknown } }).rootfs?.diff_ids;
  if (!Array.isArray(digests) || digests.length !== blobs.length) {
    throw invalid(place, 'its configuration and its layers do not agree');
  }
  return {
    layers: blobs.map((blob, number) => ({ digest: String(digests[number]), open: () => uncompressed(blob) })),
  };
}

async function* uncompressed({ file, start, length }: Blob): AsyncGenerator<Buffer> {
  if (length === 0) return;
  const head = await readSome(file, start, Math.min(4, length));
  if (head.equals(ZSTD)) throw invalid(file, 'its layers are compressed with zstd, which is not read');
  const raw = createReadStream(file, { start, end: start + length - 1, highWaterMark: 1024 * 1024 });
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

async function wholeFile(file: string): Promise<Blob> {
  const found = await stat(file);
  if (!found.isFile()) throw invalid(file, 'it is no file');
  return { file, start: 0, length: found.size };
}

async function readJson({ file, start, length }: Blob): Promise<unknown> {
  if (length > MAX_JSON_BYTES) throw invalid(file, 'a description in it is too large');
  return JSON.parse((await readSome(file, start, length)).toString('utf8'));
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

function missing(path: string, cause?: unknown): AppError {
  return new AppError('image-missing', `there is no image ${path}`, {
    where: { path },
    todo: 'Name an image of the engine, oci:FOLDER, or docker-archive:FILE as docker save writes it.',
    cause,
  });
}

function invalid(path: string, reason: string, cause?: unknown): AppError {
  return new AppError('image-invalid', `the image ${path} cannot be read: ${reason}`, {
    where: { path },
    todo: 'Save the image again.',
    cause,
  });
}
