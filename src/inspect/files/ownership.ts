import type { GuestFs } from '../../model/guest-fs.js';
import { type InstalledPackage, type PackageDatabase, type PackageFile, packageKey } from '../../model/packages.js';
import { comparePaths } from '../../model/path.js';
import { canonicalizer } from './canonical.js';

export type Digest = NonNullable<PackageFile['digest']>;

/** What the packages say about one canonical path. */
export interface Claim {
  /** Sorted keys. Shared between claims: never changed once the claims are returned. */
  readonly owners: readonly string[];
  readonly configuration: boolean;
  /** Absence and other content are normal. */
  readonly ghost: boolean;
  /** Only packages of the kernel own it. */
  readonly kernel: boolean;
  /** Any of them makes the content the packaged one: packages of several architectures share files. */
  readonly digests: readonly Digest[];
  readonly size?: number;
  readonly target?: string;
}

type OpenClaim = { -readonly [Key in keyof Claim]: Claim[Key] };

const NO_DIGESTS: readonly Digest[] = [];

/** Who owns which path, after diversions, with symbolic links followed on both sides. */
export function claimsOf(fs: GuestFs, database: PackageDatabase | null): ReadonlyMap<string, Claim> {
  const claims = new Map<string, OpenClaim>();
  if (database === null) return claims;
  const canonical = canonicalizer(fs);
  const diversions = new Map<string, { to: string; by: string | null }>();
  for (const [from, { to, by }] of database.diversions) diversions.set(canonical(from), { to: canonical(to), by });
  const shared = new Set<OpenClaim>();
  for (const item of database.packages) {
    const owners = [packageKey(item)];
    for (const file of item.files) {
      const listed = canonical(file.path);
      const diversion = diversions.get(listed);
      const path = diversion === undefined || diversion.by === item.name ? listed : diversion.to;
      const claim = claims.get(path);
      if (claim === undefined) claims.set(path, firstClaim(item, file, owners));
      else addClaim(claim, item, file, owners, shared);
    }
  }
  for (const claim of shared) claim.owners = [...claim.owners].sort(comparePaths);
  return claims;
}

function firstClaim(item: InstalledPackage, file: PackageFile, owners: readonly string[]): OpenClaim {
  const claim: OpenClaim = {
    owners,
    configuration: file.configuration,
    ghost: file.ghost === true,
    kernel: item.kernel,
    digests: file.digest === undefined ? NO_DIGESTS : [file.digest],
  };
  if (file.size !== undefined) claim.size = file.size;
  if (file.target !== undefined) claim.target = file.target;
  return claim;
}

function addClaim(
  claim: OpenClaim,
  item: InstalledPackage,
  file: PackageFile,
  owners: readonly string[],
  shared: Set<OpenClaim>,
): void {
  claim.configuration ||= file.configuration;
  claim.ghost &&= file.ghost === true;
  claim.kernel &&= item.kernel;
  const { digest } = file;
  if (digest !== undefined && !claim.digests.some(({ hex }) => hex === digest.hex)) {
    claim.digests = [...claim.digests, digest];
  }
  // Two packages that record different sizes: no size tells anything.
  if (claim.size !== undefined && file.size !== undefined && claim.size !== file.size) delete claim.size;
  if (claim.owners.at(-1) === owners[0]) return;
  // A folder like /usr has a thousand owners: grow one array of its own in place.
  if (shared.has(claim)) (claim.owners as string[]).push(owners[0]!);
  else {
    claim.owners = [...claim.owners, owners[0]!];
    shared.add(claim);
  }
}
