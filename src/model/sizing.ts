/** What a migration would move, before anything is built. Sizes are bytes. */
export interface FleetSizing {
  /** Sorted by name. */
  readonly machines: readonly MachineSizing[];
  /** Null when no content was read. */
  readonly duplicates: DuplicateSummary | null;
}

export interface MachineSizing {
  readonly name: string;
  /** All regular files, a hard-link group once: as long as they say, as much as the disk holds of them. */
  readonly apparent: number;
  readonly allocated: number;
  /** The bare machine (β) after gzip, estimated from the kinds of its files. */
  readonly compressed: number;
  /** Bytes of its delta when the prediction is a range, and why it is no single figure. */
  readonly delta: { readonly predicted: number; readonly low: number; readonly high: number; readonly reason: string };
  readonly packages: readonly NamedSize[];
  /** Folders with all that lies below them, those that hardly hold more than one folder of theirs left out. */
  readonly trees: readonly NamedSize[];
  readonly caches: AreaSize;
  readonly logs: AreaSize;
  readonly data: readonly (NamedSize & { readonly kind: string })[];
  readonly sparse: readonly FileSize[];
  readonly large: readonly FileSize[];
}

/** `name` is a package key or a path of the guest; the largest first. */
export interface NamedSize {
  readonly name: string;
  readonly size: number;
}

export interface FileSize extends NamedSize {
  readonly allocated: number;
}

export interface AreaSize {
  readonly size: number;
  readonly largest: readonly NamedSize[];
}

/** Files with the same SHA-256 on several machines, whatever their paths. */
export interface DuplicateSummary {
  /** Bytes that would be saved if each content lay on one machine only. */
  readonly identical: number;
  /** The same among the deltas: what the planned layers still store more than once. */
  readonly unshared: number;
  /** The largest of those. */
  readonly largest: readonly {
    readonly sha256: string;
    readonly size: number;
    readonly places: readonly { readonly vm: string; readonly path: string }[];
  }[];
}
