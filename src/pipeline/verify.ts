import { machineSnapshot } from '../diff/machine-snapshot.js';
import { createScratch } from '../disk/scratch.js';
import { type EngineName, findEngine, type SavedPlace } from '../engine/index.js';
import { AppError } from '../errors.js';
import type { RunContext } from './analyze.js';
import { openSavedImage } from './build-saved-image.js';
import { EMPTY_SNAPSHOT, snapshotOf } from './build-snapshot.js';
import { type Verification, verifySnapshot } from './build-verification.js';
import { collectMachines } from './read-machines.js';
import type { ReadRequest } from './request.js';

export interface VerifyRequest extends ReadRequest {
  /** Reference of an engine's image, `oci:FOLDER[:NAME]`, `oci-archive:FILE[:NAME]` or `docker-archive:FILE`. */
  readonly image: string;
  readonly engine: EngineName | 'auto';
  readonly strictTimes: boolean;
  /** Folder for saved layers; null: the system's for temporary files. */
  readonly workDir?: string | null;
}

/**
 * Compares the layers of an image with the one machine of the request. The image is found first: it costs less.
 * @throws AppError `image-missing`, `image-invalid`, `engine-missing`, and those of reading a machine.
 */
export async function verify(request: VerifyRequest, context: RunContext): Promise<Verification> {
  const scratch = createScratch(request.workDir ?? undefined);
  try {
    const { place, keepsUserAttributes } = await placeOf(request, await scratch.folder(), context);
    const image = await openSavedImage(place);
    const collection = await collectMachines(
      { ...request, quick: false, cache: false },
      { ...context, spoolFolder: null },
    );
    try {
      const { machine } = collection.machines[0]!;
      const snapshot = await snapshotOf(image, { ...context, known: EMPTY_SNAPSHOT, machine: machine.source.name });
      return verifySnapshot(machineSnapshot(machine), snapshot, {
        strictTimes: request.strictTimes,
        // The delta is what was added last.
        deltaFrom: snapshot.layers.length - 1,
        keepsUserAttributes: keepsUserAttributes && !image.isOfDocker,
      });
    } finally {
      await collection.release();
    }
  } finally {
    await scratch.remove();
  }
}

/** `oci:FOLDER[:NAME]`, `oci-archive:FILE[:NAME]` or `docker-archive:FILE`, as other tools write them. */
function savedPlace(image: string): SavedPlace | null {
  const layout = /^(oci|oci-archive):([^:]+)(?::(.+))?$/s.exec(image);
  if (layout !== null) return { kind: layout[1] as 'oci' | 'oci-archive', path: layout[2]!, name: layout[3] ?? null };
  const archive = /^docker-archive:(.+)$/s.exec(image);
  return archive === null ? null : { kind: 'docker-archive', path: archive[1]! };
}

async function placeOf(
  { image, engine: wanted }: VerifyRequest,
  folder: string,
  { progress, signal }: RunContext,
): Promise<{ place: SavedPlace; keepsUserAttributes: boolean }> {
  const saved = savedPlace(image);
  // Where the archive does not tell that Docker built it, the user may.
  if (saved !== null) return { place: saved, keepsUserAttributes: wanted !== 'docker' };
  const engine = await findEngine(wanted);
  const options = { log: () => {}, signal };
  progress.note(`reading ${image} with ${engine.name}`);
  if ((await engine.image(image)) === null) {
    await engine.pull(image, { ...options, platform: null }).catch((error: unknown) => {
      if (!(error instanceof AppError) || error.code !== 'base-image-missing') throw error;
      throw new AppError('image-missing', `${engine.name} has no image ${image} and cannot pull it`, {
        todo: 'Check the reference, name the engine with --engine, or name oci:FOLDER, oci-archive:FILE or docker-archive:FILE.',
        ...(error.detail === undefined ? {} : { detail: error.detail }),
        cause: error,
      });
    });
  }
  return { place: await engine.save(image, folder, options), keepsUserAttributes: engine.keepsUserAttributes };
}
