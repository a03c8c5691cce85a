import type { ExcludedClass } from '../model/files.js';
import type { PlanOptions } from '../model/plan.js';

/** What a user asks of the pipeline, free of flags. */
export interface ReadRequest {
  /** Arguments as given, each one machine. */
  readonly machines: readonly string[];
  readonly allowDirs: readonly string[];
  readonly root: string | null;
  readonly keys: readonly DeviceKey[];
  readonly reader: 'auto' | 'libguestfs' | 'native';
  /** Whether the other reader reads everything, too, and differences become problems. */
  readonly crossCheck?: boolean;
  /** Metadata, configuration and databases only. */
  readonly quick: boolean;
  /** SHA-256 of the source disks. */
  readonly hash: boolean;
  readonly keep: ReadonlySet<ExcludedClass>;
  readonly include: readonly string[];
  readonly exclude: readonly string[];
  /** Whether what holds a secret is left out, too. */
  readonly excludeSecrets?: boolean;
  /** Machines that are read at once; without it as many as cores and memory allow. */
  readonly jobs?: number;
  /** Whether what earlier runs read of unchanged disks may be used and added to. */
  readonly cache?: boolean;
  /** Tells unchanged disks by their content too, rather than by name, size and times alone. */
  readonly check?: boolean;
}

export interface DeviceKey {
  /** Device of the guest, or `all`. */
  readonly device: string;
  readonly secret: Buffer;
}

export interface AnalyzeRequest extends ReadRequest {
  readonly output: string;
  readonly plan: PlanOptions;
  readonly showSecrets: boolean;
  /** The options as the report repeats them. */
  readonly options: Readonly<Record<string, unknown>>;
}
