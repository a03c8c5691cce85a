import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { CallOptions, Engine } from '../engine/index.js';
import { AppError } from '../errors.js';
import { openSavedImage } from './build-saved-image.js';

/**
 * Writes the root of a base that the engine has of an earlier run: its one layer, uncompressed. Made again it would have
 * other times and caches, and the deltas of this run would not fit onto it.
 * @throws AppError `image-invalid`, and those of `Engine.save`.
 */
export async function restoreRoot(
  engine: Engine,
  tag: string,
  target: string,
  { workFolder, ...options }: CallOptions & { readonly workFolder: string },
): Promise<void> {
  await mkdir(dirname(target), { recursive: true });
  const folder = await mkdtemp(join(workFolder, 'base-'));
  const partial = `${target}.part`;
  try {
    const image = await openSavedImage(await engine.save(tag, folder, options));
    const [root, ...others] = image.layers;
    if (root === undefined || others.length > 0) throw unusable(engine, tag, 'is not of one layer');
    const hash = createHash('sha256');
    const hashed = async function* (): AsyncGenerator<Buffer> {
      for await (const chunk of root.open()) {
        hash.update(chunk);
        yield chunk;
      }
    };
    await pipeline(Readable.from(hashed()), createWriteStream(partial), { signal: options.signal });
    if (`sha256:${hash.digest('hex')}` !== root.digest) throw unusable(engine, tag, 'has a layer that is damaged');
    await rename(partial, target);
  } finally {
    await rm(folder, { recursive: true, force: true });
    await rm(partial, { force: true });
  }
}

function unusable(engine: Engine, tag: string, what: string): AppError {
  return new AppError('image-invalid', `${tag} ${what}, and is no base that this tool built`, {
    todo: `Remove ${tag} from ${engine.name}, and run the command again.`,
  });
}
