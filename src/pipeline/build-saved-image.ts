import { join } from 'node:path';
import type { SavedPlace } from '../engine/index.js';
import { AppError } from '../errors.js';
import { archiveMembers, type Blob, invalidImage, readJson, uncompressed, wholeFile } from './saved-blobs.js';

/** An image outside of any engine: its layers, the lowest first. */
export interface SavedImage {
  readonly layers: readonly SavedLayer[];
  /** Whether its configuration tells that Docker built it; an image that Docker built need not tell. */
  readonly isOfDocker: boolean;
}

export interface SavedLayer {
  /** Digest of the uncompressed layer, as the image's configuration has it. */
  readonly digest: string;
  /** The uncompressed archive. */
  open(): AsyncIterable<Buffer>;
}

const DIGEST = /^sha256:[0-9a-f]{64}$/;

/**
 * Opens a folder in OCI layout (image specification, "Image Layout"), the same in an archive, or an archive of `docker
 * save`, old form and new. An archive that is both is read as the latter, which names one image.
 * @throws AppError `image-missing`, `image-invalid`.
 */
export async function openSavedImage(place: SavedPlace): Promise<SavedImage> {
  const { path } = place;
  try {
    if (place.kind === 'oci') return await openLayout(path, (name) => wholeFile(join(path, name)), place.name);
    const find = await archiveMembers(path);
    const wanted = (name: string): Blob => {
      const found = find(name);
      if (found === null) throw invalidImage(path, `${name} is missing in it`);
      return found;
    };
    if (place.kind === 'docker-archive') return await openDockerArchive(path, wanted);
    return await openLayout(path, async (name) => wanted(name), place.name);
  } catch (error) {
    if (error instanceof AppError) throw error;
    const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    throw isMissing ? missing(path, error) : invalidImage(path, (error as Error).message, error);
  }
}

interface Descriptor {
  readonly mediaType?: string;
  readonly digest: string;
  readonly annotations?: Readonly<Record<string, string>>;
}

async function openLayout(
  path: string,
  fileOf: (name: string) => Promise<Blob>,
  name: string | null,
): Promise<SavedImage> {
  const blobOf = async ({ digest }: Descriptor): Promise<Blob> => {
    if (typeof digest !== 'string' || !DIGEST.test(digest)) throw invalidImage(path, 'a digest is none');
    return await fileOf(`blobs/sha256/${digest.slice('sha256:'.length)}`);
  };
  const index = (await readJson(await fileOf('index.json'))) as { manifests?: Descriptor[] };
  const named = (index.manifests ?? []).filter(
    ({ annotations }) => name === null || annotations?.['org.opencontainers.image.ref.name'] === name,
  );
  if (named.length === 0) throw missing(name === null ? path : `${path}:${name}`);
  if (named.length > 1) throw invalidImage(path, 'it holds several images: add :NAME of the one that is meant');
  let descriptor = named[0]!;
  for (let depth = 0; descriptor.mediaType?.includes('index') || descriptor.mediaType?.includes('list'); depth += 1) {
    const inner = (await readJson(await blobOf(descriptor))) as { manifests?: Descriptor[] };
    if (depth > 2 || inner.manifests?.[0] === undefined) throw invalidImage(path, 'its index leads to no image');
    descriptor = inner.manifests[0];
  }
  const manifest = (await readJson(await blobOf(descriptor))) as { config: Descriptor; layers: Descriptor[] };
  const layers: Blob[] = [];
  for (const layer of manifest.layers) layers.push(await blobOf(layer));
  return withDigests(path, layers, await readJson(await blobOf(manifest.config)));
}

async function openDockerArchive(file: string, wanted: (name: string) => Blob): Promise<SavedImage> {
  const images = (await readJson(wanted('manifest.json'))) as { Config: string; Layers: string[] }[];
  if (images.length !== 1) throw invalidImage(file, `it holds ${images.length} images; save the one that is meant`);
  const [image] = images;
  return withDigests(file, image!.Layers.map(wanted), await readJson(wanted(image!.Config)));
}

function withDigests(place: string, blobs: readonly Blob[], config: unknown): SavedImage {
  const digests = (config as { rootfs?: { diff_ids?: unknown } }).rootfs?.diff_ids;
  if (!Array.isArray(digests) || digests.length !== blobs.length) {
    throw invalidImage(place, 'its configuration and its layers do not agree');
  }
  return {
    isOfDocker: isOfDocker(config),
    layers: blobs.map((blob, number) => ({ digest: String(digests[number]), open: () => uncompressed(blob) })),
  };
}

/** The classic builder leaves its release, BuildKit a comment beside each instruction; both add with Docker's code. */
function isOfDocker(config: unknown): boolean {
  const { docker_version: release, history } = config as { docker_version?: unknown; history?: unknown };
  const steps = (Array.isArray(history) ? history : []) as readonly { comment?: unknown }[];
  const isOfBuildKit = steps.some(({ comment }) => typeof comment === 'string' && comment.startsWith('buildkit.'));
  return isOfBuildKit || (typeof release === 'string' && release !== '');
}

function missing(path: string, cause?: unknown): AppError {
  return new AppError('image-missing', `there is no image ${path}`, {
    where: { path },
    todo: 'Name an image of the engine, oci:FOLDER, oci-archive:FILE, or docker-archive:FILE as docker save writes it.',
    cause,
  });
}
