import { createHash } from 'node:crypto';
import type { Entry, ExtendedAttributes } from '../../model/entry.js';
import type { OwnershipState } from '../../model/files.js';
import type { GuestFs } from '../../model/guest-fs.js';
import type { FileAspect, PackageFile, PackageManagerName } from '../../model/packages.js';
import { encodePath } from '../../model/path.js';
import { decodeCapabilities, parseCapabilities, sameCapabilities } from '../../syntax/file-capabilities.js';
import type { AccountNumbers } from './account-numbers.js';
import type { Claim, Digest } from './ownership.js';

/** What a path is to the packages that list it. */
export interface Verdict {
  readonly state: OwnershipState;
  /** In what it differs from what its package recorded; times as well, though they alone change nothing. */
  readonly changes?: readonly FileAspect[];
}

/** What is known of a file once its content has passed by. */
export interface ReadContent {
  readonly hex: ReadonlyMap<Digest['algorithm'], string>;
  readonly attributes: ExtendedAttributes;
}

export type RecordComparer = (entry: Entry, claim: Claim | undefined, content?: ReadContent) => Verdict;

interface Context {
  readonly fs: GuestFs;
  readonly accounts: AccountNumbers;
  /** Only rpm's database has a place for them. */
  readonly recordsCapabilities: boolean;
}

const UNOWNED: Verdict = { state: 'unowned' };
const UNCHANGED: Verdict = { state: 'unchanged' };
const UNVERIFIED: Verdict = { state: 'unverified' };
const NO_DIFFERENCE: readonly FileAspect[] = [];

/**
 * Holds paths against what their packages recorded, as `rpm -V` does (lib/verify.c) where the database tells that much.
 * With several owners the path is as one of them brought it when it is so for any: packages of two architectures share
 * files, and each of them is right. Digests and capabilities count once the content is given.
 */
export function recordComparer(fs: GuestFs, accounts: AccountNumbers, manager: PackageManagerName): RecordComparer {
  const context = { fs, accounts, recordsCapabilities: manager === 'rpm' };
  return (entry, claim, content) => {
    if (claim === undefined) return UNOWNED;
    let best: readonly FileAspect[] | undefined;
    let isProven = false;
    for (const file of claim.recorded) {
      const found = differences(entry, file, context, content);
      if (best !== undefined && weight(found) >= weight(best)) continue;
      best = found;
      isProven = provesContent(entry, file, content);
    }
    if (best === undefined) return UNVERIFIED;
    const isOther = !claim.ghost && best.some((aspect) => aspect !== 'mtime');
    const state = isOther ? 'changed' : isProven && !claim.ghost ? 'unchanged' : 'unverified';
    if (best.length > 0) return { state, changes: best };
    return state === 'unchanged' ? UNCHANGED : UNVERIFIED;
  };
}

/** A time that differs alone is noise; anything else outweighs it. */
function weight(aspects: readonly FileAspect[]): number {
  return aspects.reduce((sum, aspect) => sum + (aspect === 'mtime' ? 1 : aspect === 'digest' ? 40 : 10), 0);
}

/** Whether equality says that the content is the package's: a folder's own record says nothing of what is in it. */
function provesContent(entry: Entry, file: PackageFile, content: ReadContent | undefined): boolean {
  if (entry.type === 'symlink') return file.target !== undefined || file.digest !== undefined;
  return entry.type === 'file' && file.digest !== undefined && content !== undefined;
}

function differences(
  entry: Entry,
  file: PackageFile,
  { fs, accounts, recordsCapabilities }: Context,
  content: ReadContent | undefined,
): readonly FileAspect[] {
  const isGhost = file.ghost === true && file.state === undefined;
  // A folder may have been moved, and a link to where it is now been left: it is the folder that counts.
  const isMoved = file.type === 'directory' && entry.type === 'symlink';
  const actual = isMoved ? (fs.stat(entry.path) ?? entry) : entry;
  const found: FileAspect[] = [];
  if (!isGhost) {
    if (isOtherContent(actual, file, content)) found.push('digest');
    if (actual.type === 'file' && file.size !== undefined && file.size !== actual.size) found.push('size');
    if (actual.type === 'symlink' && file.target !== undefined && file.target !== actual.target) found.push('target');
    if (actual.type === 'file' && file.mtime !== undefined && file.mtime !== actual.mtime) found.push('mtime');
  }
  if (differsInMode(actual, file, isGhost)) found.push('mode');
  if (file.user !== undefined && accounts.user(file.user) !== actual.uid) found.push('user');
  if (file.group !== undefined && accounts.group(file.group) !== actual.gid) found.push('group');
  if (differsInDevice(actual, file)) found.push('device');
  if (recordsCapabilities && differsInCapabilities(actual, file, content)) found.push('capabilities');
  return found.length === 0 ? NO_DIFFERENCE : found;
}

function isOtherContent(entry: Entry, file: PackageFile, content: ReadContent | undefined): boolean {
  const { digest } = file;
  if (digest === undefined) return false;
  if (entry.type === 'file') return content !== undefined && content.hex.get(digest.algorithm) !== digest.hex;
  // Another type is said of the mode, as rpm does.
  if (file.type !== undefined) return false;
  // apk records neither type nor target of a link but the digest of its target.
  if (entry.type !== 'symlink' || entry.target === undefined) return true;
  return createHash(digest.algorithm).update(encodePath(entry.target)).digest('hex') !== digest.hex;
}

/** Type and permissions; links have none of their own. */
function differsInMode(entry: Entry, file: PackageFile, isGhost: boolean): boolean {
  if (file.type !== undefined && file.type !== entry.type) return !isGhost;
  return file.mode !== undefined && entry.type !== 'symlink' && file.mode !== entry.mode;
}

function differsInDevice(entry: Entry, { type, device }: PackageFile): boolean {
  if (device === undefined || type !== entry.type) return false;
  return device.major !== entry.device?.major || device.minor !== entry.device.minor;
}

/** A package that records none means that there are none. */
function differsInCapabilities(entry: Entry, { capabilities }: PackageFile, content: ReadContent | undefined): boolean {
  if (content === undefined || entry.type !== 'file') return false;
  const value = content.attributes.get('security.capability');
  const actual = value === undefined ? undefined : decodeCapabilities(value);
  return !sameCapabilities(capabilities === undefined ? undefined : parseCapabilities(capabilities), actual);
}
