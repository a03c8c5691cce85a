import type { EntryType } from './entry.js';
import type { Evidence, Problem } from './evidence.js';

export type PackageManagerName = 'dpkg' | 'rpm' | 'apk' | 'pacman';

/** What a package database says, whichever manager wrote it. */
export interface PackageDatabase {
  readonly manager: PackageManagerName;
  /** The architecture of the system in the manager's own word. */
  readonly architecture: string | null;
  readonly foreignArchitectures: readonly string[];
  readonly packages: readonly InstalledPackage[];
  readonly archives: readonly Archive[];
  /** Date of the newest index of its archives on the disk (ISO 8601), for `--snapshot auto`; null without one. */
  readonly archiveDate: string | null;
  /** Paths of the configuration that makes the manager fetch as this machine does (sources, keys, preferences). */
  readonly configuration: readonly string[];
  /** Diverted path → where the diverted file lies, and the package that diverts (null: the administrator). */
  readonly diversions: ReadonlyMap<string, { readonly to: string; readonly by: string | null }>;
  /** Owner and mode that the administrator forced, by path. */
  readonly overrides: ReadonlyMap<string, { readonly user: string; readonly group: string; readonly mode: number }>;
  readonly evidence: readonly Evidence[];
  readonly problems: readonly Problem[];
  /** Streams that are switched on or off (rpm modules). */
  readonly modules?: readonly ModuleStream[];
  /** Keyrings of its archives that no package brought, by path (dpkg); bounded. */
  readonly keyrings?: ReadonlyMap<string, Buffer>;
  /** Signing keys that the machine trusts: rpm's gpg-pubkey entries, which are no packages. */
  readonly keys?: readonly SigningKey[];
}

export interface ModuleStream {
  readonly name: string;
  readonly stream: string;
  readonly state: 'enabled' | 'disabled' | 'unknown';
  readonly profiles: readonly string[];
  readonly evidence: Evidence;
}

export interface SigningKey {
  /** Hex in lower case, as long as the database has it. */
  readonly id: string;
  /** The user id of the key. */
  readonly owner: string;
  readonly evidence: Evidence;
}

export interface InstalledPackage {
  readonly name: string;
  /** The manager's full notation: dpkg `1:2.3-4+b1`, rpm `epoch:version-release` without a zero epoch. */
  readonly version: string;
  readonly architecture: string;
  /** Name and version of the source package. */
  readonly source: { readonly name: string; readonly version: string };
  /** Pulled in as a dependency (true), asked for (false), not recorded (null). */
  readonly auto: boolean | null;
  readonly held: boolean;
  readonly essential: boolean;
  readonly priority: string | null;
  readonly section: string | null;
  readonly maintainer: string | null;
  /** One package may be installed for several architectures at once (dpkg `Multi-Arch: same`), or satisfy any. */
  readonly multiArch: 'no' | 'same' | 'foreign' | 'allowed';
  /** Groups of alternatives that all must hold. */
  readonly depends: readonly Requirement[];
  readonly recommends: readonly Requirement[];
  readonly conflicts: readonly Relation[];
  readonly provides: readonly Relation[];
  /** Whether the kernel is in it: left out of images with its files. */
  readonly kernel: boolean;
  readonly files: PackageFiles;
  /** Whether the database holds digests for its files; without them `unchanged` cannot be told from `changed`. */
  readonly hasDigests: boolean;
  readonly origin: PackageOrigin;
  readonly evidence: Evidence;
  /** What only some managers record; absent where nothing is recorded. */
  readonly vendor?: string;
  /** Key id of the signature it was installed with, hex in lower case (rpm). */
  readonly signer?: string;
  /** Seconds since 1970 UTC. */
  readonly installTime?: number;
  /** Packages with one number were installed in one transaction (rpm INSTALLTID). */
  readonly transaction?: number;
  /** Why `auto` is what it is: the file that says so, or how it was inferred. */
  readonly reason?: PackageReason;
  /** Stream it belongs to (rpm modules): `name:stream:version:context`. */
  readonly module?: string;
  readonly suggests?: readonly Requirement[];
  readonly supplements?: readonly Requirement[];
  readonly enhances?: readonly Requirement[];
  readonly obsoletes?: readonly Relation[];
  /** Installed by itself as soon as all of these are (apk `install_if`). */
  readonly installIf?: readonly Relation[];
  /** Rich dependencies as written (rpm); `depends` and the like hold what they come to on this machine. */
  readonly rich?: readonly { readonly kind: string; readonly text: string }[];
  /** Key of the repository that it came from, where the manager notes it. */
  readonly repository?: string;
}

export interface PackageReason {
  /** Inferred from what was installed together with the system, rather than recorded. */
  readonly inferred: boolean;
  readonly evidence: Evidence;
}

export type Requirement = readonly Relation[];

export interface Relation {
  readonly name: string;
  readonly operator?: '<' | '<=' | '=' | '>=' | '>';
  readonly version?: string;
  /** dpkg `python3:any`, `libc6:i386`. */
  readonly architecture?: string;
  /** Any version that begins with this one will do (apk `~`); the operator is then `>=`. */
  readonly prefix?: boolean;
  /** The same package must also satisfy all of the first, and none of the second (rpm `with`, `without`). */
  readonly with?: readonly Relation[];
  readonly without?: readonly Relation[];
}

/** Those that package databases record. */
export type DigestAlgorithm = 'md5' | 'sha1' | 'sha224' | 'sha256' | 'sha384' | 'sha512';

/** The files of a package. Each walk may make its entries anew: they are compared by what they say. */
export interface PackageFiles extends Iterable<PackageFile> {
  readonly length: number;
}

export interface PackageFile {
  /** As the database writes it, made absolute; not yet canonical (merged `/usr`). */
  readonly path: string;
  readonly digest?: {
    readonly algorithm: DigestAlgorithm;
    readonly hex: string;
  };
  readonly configuration: boolean;
  /** Recorded, but its absence or other content is normal (rpm ghost, dpkg obsolete conffile). */
  readonly ghost?: boolean;
  /** What the database knows beyond the content (rpm, apk). */
  readonly size?: number;
  readonly mode?: number;
  /** Names, or `#number` where the manager records numbers (apk, pacman). */
  readonly user?: string;
  readonly group?: string;
  readonly mtime?: number;
  readonly target?: string;
  readonly type?: EntryType;
  readonly device?: { readonly major: number; readonly minor: number };
  /** File capabilities as text: `cap_net_raw=ep`. */
  readonly capabilities?: string;
  readonly documentation?: boolean;
  /** Its absence is normal, other content is not. */
  readonly missingOk?: boolean;
  /**
   * Absent when the package's own file lies there. `replaced`: another package put its own; `not-installed`: left out
   * (documents, languages); `net-shared`: another machine's; `wrong-color`: the package of another architecture won.
   */
  readonly state?: 'replaced' | 'not-installed' | 'net-shared' | 'wrong-color';
  /** What the packager expects to change on the disk (rpm `%verify(not …)`). */
  readonly unverified?: readonly FileAspect[];
}

export type FileAspect = 'digest' | 'size' | 'target' | 'user' | 'group' | 'mtime' | 'mode' | 'device' | 'capabilities';

/** Where a package comes from, with the reason that decided it. */
export interface PackageOrigin {
  readonly kind: 'distribution' | 'third-party' | 'local' | 'unknown';
  /** Whether the archive's index on the disk still names this very version; null when there is no index. */
  readonly available: boolean | null;
  /** `Origin` of the archive, vendor or signing key. */
  readonly vendor: string | null;
  readonly confidence: 'certain' | 'likely' | 'guess';
  readonly reason: string;
}

/** A repository that the machine is set up to use. */
export interface Archive {
  readonly uri: string;
  readonly suite: string | null;
  readonly components: readonly string[];
  readonly signedBy: readonly string[];
  /** The key itself, where the source file holds it (armoured). */
  readonly key?: string;
  /** Whether the machine takes it without a signature (`trusted=yes`). */
  readonly trusted?: boolean;
  readonly enabled: boolean;
  readonly evidence: Evidence;
}

/** Words for packages that any architecture takes: dpkg's and apk's `all`, rpm's and apk's `noarch`, pacman's `any`. */
export function isForEveryArchitecture(architecture: string): boolean {
  return architecture === 'all' || architecture === 'noarch' || architecture === 'any';
}

/** `name:architecture`, the key of a package within one version; with the version it is the unit of layers. */
export function packageKey(item: Pick<InstalledPackage, 'name' | 'architecture'>): string {
  return `${item.name}:${item.architecture}`;
}

/** `name:architecture=version`: what two machines must share to share the package. */
export function packageIdentity(item: Pick<InstalledPackage, 'name' | 'architecture' | 'version'>): string {
  return `${item.name}:${item.architecture}=${item.version}`;
}
