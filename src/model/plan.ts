import type { MachineContainers, SystemAccounts } from './containers.js';
import type { Problem } from './evidence.js';
import type { FitFinding, OperatingSystem } from './os.js';
import type { InstalledPackage, PackageManagerName } from './packages.js';

/** What was decided for all machines of a run; pure data, made by `plan/`, turned into files by `render/`. */
export interface Plan {
  readonly groups: readonly GroupPlan[];
  /** Sorted by name, whatever the order of the command line. */
  readonly machines: readonly MachinePlan[];
}

/** What the plan says of one machine. */
export interface MachinePlan {
  readonly name: string;
  readonly slug: string;
  /** `GroupPlan.id`, and the ids of its layers from the base to its delta. */
  readonly group: string;
  readonly chain: readonly string[];
  /** The whole list of the machine (whatever the mode of its layers): installed on the base it gives exactly its packages. */
  readonly toInstall: readonly string[];
  readonly reduction: { readonly before: number; readonly after: number };
  /** Bytes of regular files, a hard-link group once: all, by reason of exclusion, and what is left (β). */
  readonly sizes: { readonly used: number; readonly excluded: Readonly<Record<string, number>>; readonly bare: number };
  /** Paths, or what belongs to them (attributes, times), that no layer can hold, with the reason. */
  readonly unrepresentable: readonly { readonly path: string; readonly reason: string }[];
  /** SHA-256 of its disks in their order, when asked for. */
  readonly diskDigests?: readonly string[];
  /** Of its one application service, when the machine has it as a folder. */
  readonly workingDirectory?: string;
  /** The machine as containers. */
  readonly containers?: MachineContainers;
  readonly fit: readonly FitFinding[];
  readonly problems: readonly Problem[];
}

/** The machines of one distribution, release and architecture, and the layers their images are made of. */
export interface GroupPlan {
  /** `debian-12-amd64`; unique in a run, part of the layer ids. */
  readonly id: string;
  readonly os: OperatingSystem;
  /** Names of its machines, sorted. */
  readonly vms: readonly string[];
  readonly base: BasePlan;
  /** Parents before children; the first is the base. */
  readonly layers: readonly LayerPlan[];
  /** Bytes that a registry stores (uncompressed layer tars): each machine as one tar, two levels, this tree. */
  readonly stored: { readonly single: number; readonly levels2: number; readonly tree: number };
  readonly metrics: readonly MachineMetrics[];
}

export interface BasePlan {
  readonly kind: 'public' | 'rootfs' | 'bootstrap' | 'scratch';
  /** A public reference, or the tag under which `build.sh` makes it. */
  readonly reference: string;
  /** `linux/arm64`, …; null when the architecture has no such name. */
  readonly platform: string | null;
  /** Whether `/bin` and its like are links into `/usr`; null when nothing tells. */
  readonly mergedUsr: boolean | null;
  /** Whether its existence was checked with an engine or registry. */
  readonly checked: boolean;
  /** `sha256:…` of its manifest, as far as an engine told. */
  readonly digest?: string;
  /** Why this base; for a release without a public image, why there is none. */
  readonly reason: string;
  /** Packages that are in it, by `packageKey`; with `scratch` none. */
  readonly packages: readonly string[];
  /** Suite and archive for a bootstrap. */
  readonly bootstrap?: {
    readonly suite: string;
    readonly archive: string;
    readonly components: readonly string[];
    readonly architecture: string;
    /** All sources that the build uses, in place of the one archive; absent where that is all. */
    readonly sources?: readonly string[];
    readonly keys?: readonly BuildKey[];
    /** Versions of the machines, taken where the sources still have them. */
    readonly pins?: readonly { readonly package: string; readonly version: string }[];
    /** What the bootstrap is told about `/usr`; nothing where the suite's own layout is the machine's. */
    readonly layout?: 'merged-usr' | 'no-merged-usr';
  };
  /** Paths that a bootstrapped root leaves out, sorted, since the layer above it replaces them; absent: none. */
  readonly leftOut?: readonly string[];
  /** The archive that still has a dead release's packages, when its base image points to one that is gone. */
  readonly deadArchive?: string;
}

/** A package as a file of the host. */
export interface LocalPackage {
  readonly folder: string;
  readonly file: string;
  readonly name: string;
  /** Without its epoch, as in the name of the file. */
  readonly version: string;
  readonly architecture: string;
}

/** A keyring of a machine's own archives; it serves a build and gets into no layer. */
export interface BuildKey {
  readonly file: string;
  readonly content: Buffer;
  /** Whether it counts for every source, as in trusted.gpg.d, rather than for those that name it. */
  readonly isTrusted: boolean;
}

export type LayerKind = 'base' | 'packages' | 'files' | 'delta';
export type PackageMode = 'install' | 'disk';

export interface LayerPlan {
  readonly id: string;
  readonly parent: string | null;
  readonly kind: LayerKind;
  /** Machines whose chain runs through the layer. */
  readonly vms: readonly string[];
  readonly packages: readonly InstalledPackage[];
  /** How a package layer comes about, and why. */
  readonly mode?: PackageMode;
  readonly reason?: string;
  readonly install?: InstallPlan;
  /** Brings packages of a bootstrapped base in the machines' versions, with nothing run in between. */
  readonly replacesBase?: boolean;
  /**
   * Paths the layer carries (`disk` package layers, file layers, deltas), sorted, of the first machine in `vms`; the
   * folders above them come along. A delta after `install` layers names all that may differ: a superset.
   */
  readonly paths?: readonly string[];
  /** Paths that the layer deletes (deltas), sorted. */
  readonly deletions?: readonly string[];
  /** Files that a delta makes of what lies below it instead of shipping them, sorted; they are not among its paths. */
  readonly reused?: readonly ReusedFile[];
  readonly size: SizePlan;
  readonly tar: SizePlan;
}

/** A file of a delta whose content the image below holds in another form. */
export interface ReusedFile {
  readonly path: string;
  /** Path in the image below, of the same content or of what the block delta goes onto. */
  readonly from: string;
  /** Name of the block delta in the build context; null for a copy. */
  readonly patch: string | null;
  /** Bytes of the file, and of its block delta (0 for a copy). */
  readonly size: number;
  readonly shipped: number;
}

/** Bytes. `interval` is given where the prediction is a range (a delta after `install` layers). */
export interface SizePlan {
  readonly predicted: number;
  readonly interval?: { readonly low: number; readonly high: number };
}

/** What the package manager of the base is told. */
export interface InstallPlan {
  readonly manager: PackageManagerName;
  /** Packages that must be named: `name`, or `name:architecture` for a foreign architecture. */
  readonly named: readonly string[];
  /** Exact versions of the named ones and of what they pull in, for pinning: source package → version. */
  readonly pins: readonly { readonly source: string; readonly packages: readonly string[]; readonly version: string }[];
  /** Names that the resolver pulls in though the machine lacks them; removed after the installation. */
  readonly remove: readonly string[];
  /**
   * Sources that the build uses in place of the base's; null: the base's own. dpkg: lines of sources.list(5); rpm: base
   * URLs of repositories, with yum's variables; apk: lines of /etc/apk/repositories; pacman: `repository=server`.
   */
  readonly sources: readonly string[] | null;
  readonly foreignArchitectures: readonly string[];
  /** Which of a family's package managers the base has (`dnf`, `microdnf`); absent: the one of the release. */
  readonly program?: string;
  /** Keys of the sources, by the names that their lines have; absent: the base's own do. */
  readonly keys?: readonly BuildKey[];
  /** Whether its sources ask for credentials, which the build has as a secret; absent: they do not. */
  readonly hasCredentials?: boolean;
  /** Packages that come from files of the build context; absent: none. */
  readonly debs?: readonly LocalPackage[];
  /** Whether the package manager of the base was asked, so that every pin can be had; absent: nobody asked. */
  readonly isChecked?: boolean;
  /** Users and groups that get the machines' numbers before a package's script gives out others; absent: none. */
  readonly accounts?: SystemAccounts;
  /** What comes in another version than the machines have; absent: nothing. */
  readonly different?: readonly { readonly name: string; readonly wanted: string; readonly installed: string }[];
  /** Large files that a first build turned out to make and no machine keeps: removed by the same command, too. */
  readonly oversized?: readonly string[];
  /** What the installation makes and is wanted in no image: removed by the same command. */
  readonly trimmed?: readonly string[];
  readonly reduction: { readonly before: number; readonly after: number };
}

/** Thesis 5.2.1. Bytes; χ in percent. */
export interface MachineMetrics {
  readonly vm: string;
  readonly basis: 'predicted' | 'built';
  readonly beta: number;
  readonly di0: number;
  readonly di1: number;
  readonly di2: number;
  readonly di3: number;
  readonly phi3: number;
  readonly chi: number;
  readonly xi: number | null;
}

export interface PlanOptions {
  readonly baseImage: string | 'bootstrap' | 'scratch' | null;
  readonly baseRootfs: string | null;
  readonly packages: 'install' | 'disk' | 'auto';
  readonly snapshot: string | null;
  /** Packages that the user has as files. */
  readonly debs?: readonly LocalPackage[];
  /** Levels of package layers: 0 none, 2 the thesis, null as many as pay. */
  readonly levels: number | null;
  /** Bytes below which a shared layer gives what it holds to the layers above it; without it what pays decides. */
  readonly minLayerSize?: number;
  /** System services that become containers all the same, by name. */
  readonly includeServices?: readonly string[];
}
