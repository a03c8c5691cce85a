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
  /** Absence is normal. */
  readonly missingOk: boolean;
  /** Only packages of the kernel own it. */
  readonly kernel: boolean;
  /** What packages recorded of it: as any of them says is as packaged, because packages of two architectures share files. */
  readonly recorded: readonly PackageFile[];
}

type OpenClaim = { -readonly [Key in keyof Claim]: Claim[Key] };

/** More packages than this never disagree about one path. */
const MAX_RECORDS = 16;
const NO_RECORDS: readonly PackageFile[] = [];

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

/** The digests that make its content a packaged one. */
export function digestsOf({ recorded }: Claim): Digest[] {
  return recorded.flatMap(({ digest }) => (digest === undefined ? [] : [digest]));
}

/** What another package, machine or architecture put there is not what this one recorded. */
function isLaidDown({ state }: PackageFile): boolean {
  return state === undefined || state === 'not-installed';
}

function firstClaim(item: InstalledPackage, file: PackageFile, owners: readonly string[]): OpenClaim {
  return {
    owners,
    configuration: file.configuration,
    ghost: file.ghost === true,
    missingOk: file.missingOk === true,
    kernel: item.kernel,
    recorded: isLaidDown(file) ? [file] : NO_RECORDS,
  };
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
  claim.missingOk &&= file.missingOk === true;
  if (isLaidDown(file) && saysMore(claim, file)) claim.recorded = [...claim.recorded, file];
  if (claim.owners.at(-1) === owners[0]) return;
  // A folder like /usr has a thousand owners: grow one array of its own in place.
  if (shared.has(claim)) (claim.owners as string[]).push(owners[0]!);
  else {
    claim.owners = [...claim.owners, owners[0]!];
    shared.add(claim);
  }
}

/** A folder like /usr has a thousand owners, which say the same of it. */
function saysMore({ recorded }: OpenClaim, file: PackageFile): boolean {
  if (recorded.length >= MAX_RECORDS) return false;
  return !recorded.some(
    (known) =>
      known.digest?.hex === file.digest?.hex &&
      known.mode === file.mode &&
      known.user === file.user &&
      known.group === file.group &&
      known.target === file.target &&
      known.mtime === file.mtime &&
      known.capabilities === file.capabilities,
  );
}
