import type { Workbench, WorkbenchRequest } from './workbench.js';

/** What builds, keeps and gives images, whichever program it is. References are tags or names of registries. */
export interface Engine {
  readonly name: EngineName;
  /** Whether `user.*` attributes survive when an archive is added. */
  readonly keepsUserAttributes: boolean;
  /** Whether a command that needs no network can delete the image's files of hosts and name servers. */
  readonly leavesNetworkFilesAlone: boolean;
  version(): Promise<string>;
  /** Null when the engine does not have the image. */
  image(reference: string): Promise<EngineImage | null>;
  /** @throws AppError `base-image-missing` when no registry gives it. */
  pull(reference: string, options: CallOptions & { readonly platform: string | null }): Promise<void>;
  /** @throws AppError `build-failed` with the last lines and the line of the Dockerfile. */
  build(request: BuildRequest, options: CallOptions): Promise<void>;
  /** @throws AppError `engine-failed`. */
  workbench(request: WorkbenchRequest, options: CallOptions): Promise<Workbench>;
  /** Writes the image below the folder, which may hold others already. @throws AppError `engine-failed`. */
  save(reference: string, folder: string, options: CallOptions): Promise<SavedPlace>;
  /** @throws AppError `engine-failed`. */
  push(reference: string, destination: string, options: CallOptions): Promise<void>;
}

export type EngineName = 'docker' | 'podman' | 'buildah';

export interface EngineImage {
  /** Digests of the uncompressed layers, the lowest first. */
  readonly layers: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  /** `sha256:…` of its manifest in a registry or, for buildah and podman, in the store; null where nothing tells. */
  readonly digest: string | null;
}

export interface BuildRequest {
  /** Folder with the Dockerfile and what it adds. */
  readonly folder: string;
  readonly tag: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Whether its commands speak to other hosts; those that do not get no file of hosts. */
  readonly needsNetwork: boolean;
  /** Files that its commands see as secrets (`RUN --mount=type=secret`), by id; they get into no layer. */
  readonly secrets?: readonly { readonly id: string; readonly file: string }[];
  /** Whether a command of the Dockerfile mounts something, which Docker's classic builder does not know; absent: no. */
  readonly hasMounts?: boolean;
  /** How its stages mark themselves, so that an engine that keeps them as images can drop them; absent: it has none. */
  readonly stages?: { readonly argument: string; readonly label: string };
}

export interface CallOptions {
  /** Gets each line that the engine prints. */
  readonly log: (line: string) => void;
  readonly signal: AbortSignal;
  /** Added to the environment of the engine's program: by it a guard finds what has to end with us. */
  readonly environment?: Readonly<Record<string, string>>;
}

/**
 * Where an image lies outside of an engine: a folder in OCI layout, or an archive of one, and its name in it, or an
 * archive as `docker save` writes it.
 */
export type SavedPlace =
  | { readonly kind: 'oci' | 'oci-archive'; readonly path: string; readonly name: string | null }
  | { readonly kind: 'docker-archive'; readonly path: string };
