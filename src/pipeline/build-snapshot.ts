import { applyLayer, EMPTY_IMAGE } from '../diff/apply-layer.js';
import type { Snapshot } from '../diff/snapshot.js';
import { readTar } from '../guest/tar/read-tar.js';
import type { Progress } from '../model/progress.js';
import type { SavedImage } from './build-saved-image.js';

/** The tree that the layers of an image make, and what each layer holds. */
export interface ImageSnapshot {
  readonly tree: Snapshot;
  readonly layers: readonly MeasuredLayer[];
}

export interface MeasuredLayer {
  /** Digest of the uncompressed layer. */
  readonly digest: string;
  /** Bytes of regular files, and of the uncompressed archive. */
  readonly size: number;
  readonly tar: number;
}

export const EMPTY_SNAPSHOT: ImageSnapshot = { tree: EMPTY_IMAGE, layers: [] };

/**
 * Reads the layers of an image.
 * @param known A snapshot of the same or another image: layers that it begins with too are not read again.
 */
export async function snapshotOf(
  image: Pick<SavedImage, 'layers'>,
  { known, machine, progress, signal }: SnapshotOptions,
): Promise<ImageSnapshot> {
  const isAbove = known.layers.every(({ digest }, number) => image.layers[number]?.digest === digest);
  let { tree, layers } = isAbove ? known : EMPTY_SNAPSHOT;
  for (const layer of image.layers.slice(layers.length)) {
    signal.throwIfAborted();
    progress.step(machine, `reading layer ${layers.length + 1} of ${image.layers.length}`);
    let tar = 0;
    const applied = await applyLayer(
      tree,
      readTar(
        counted(layer.open(), (bytes) => {
          signal.throwIfAborted();
          tar += bytes;
        }),
        { onEnd: drain },
      ),
      layers.length,
    );
    tree = applied.snapshot;
    layers = [...layers, { digest: layer.digest, size: applied.size, tar }];
  }
  return { tree, layers };
}

export interface SnapshotOptions {
  readonly known: ImageSnapshot;
  /** Whose image it is, for the progress. */
  readonly machine: string;
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

async function* counted(chunks: AsyncIterable<Buffer>, count: (bytes: number) => void): AsyncGenerator<Buffer> {
  for await (const chunk of chunks) {
    count(chunk.length);
    yield chunk;
  }
}

async function drain(rest: AsyncIterable<Buffer>): Promise<void> {
  for await (const _ of rest);
}
