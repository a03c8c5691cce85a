import type { EntryType } from '../../../../model/entry.js';
import type { FileAspect, PackageFile, PackageFiles } from '../../../../model/packages.js';
import { filePaths } from './file-paths.js';
import { headerNumber, headerNumbers, headerOf, headerStrings, headerStringText, type RpmHeader } from './header.js';
import { FILE_FLAG, TAG } from './tags.js';

/**
 * The files of a package, in the order of the header. What a header says of a file takes a hundred bytes, and four times
 * as much as an object, so the bytes are kept, and a machine's hundred thousand files are objects only for who wants them.
 */
export interface HeaderFiles extends PackageFiles {
  /** Without the rest, which takes most of the time. */
  paths(): readonly string[];
  readonly hasDigests: boolean;
  /** What was wrong with the lists; null when all was well. */
  readonly defect: string | null;
}

const FILE_TAGS = [
  TAG.baseNames,
  TAG.directoryIndexes,
  TAG.directoryNames,
  TAG.oldFileNames,
  TAG.longFileSizes,
  TAG.fileSizes,
  TAG.fileModes,
  TAG.fileTimes,
  TAG.fileFlags,
  TAG.fileStates,
  TAG.fileDevices,
  TAG.fileVerify,
  TAG.fileUsers,
  TAG.fileGroups,
  TAG.fileTargets,
  TAG.fileDigests,
  TAG.fileCapabilities,
  TAG.fileDigestAlgorithm,
];

type Digest = NonNullable<PackageFile['digest']>;

/** PGP's numbers of hash functions (RFC 4880, section 9.4), as rpm uses them; MD5 when the tag is absent. */
const ALGORITHMS: Readonly<Record<number, Digest['algorithm']>> = {
  1: 'md5',
  2: 'sha1',
  8: 'sha256',
  9: 'sha384',
  10: 'sha512',
  11: 'sha224',
};

/** The upper four bits of a mode. */
const TYPES: Readonly<Record<number, EntryType>> = {
  1: 'fifo',
  2: 'character',
  4: 'directory',
  6: 'block',
  8: 'file',
  10: 'symlink',
  12: 'socket',
};

const STATES: Readonly<Record<number, NonNullable<PackageFile['state']>>> = {
  1: 'replaced',
  2: 'not-installed',
  3: 'net-shared',
  4: 'wrong-color',
};

/** Bits of `rpmVerifyAttrs`: what `rpm -V` compares. */
const ASPECTS: readonly (readonly [number, FileAspect])[] = [
  [1 << 0, 'digest'],
  [1 << 1, 'size'],
  [1 << 2, 'target'],
  [1 << 3, 'user'],
  [1 << 4, 'group'],
  [1 << 5, 'mtime'],
  [1 << 6, 'mode'],
  [1 << 7, 'device'],
  [1 << 8, 'capabilities'],
];
const ALL_ASPECTS = (1 << 9) - 1;

/** Nothing of the given header is kept. */
export function headerFiles(header: RpmHeader): HeaderFiles {
  const { paths, defect } = filePaths(header);
  const own = headerOf(header, paths.length === 0 ? [] : FILE_TAGS);
  return {
    length: paths.length,
    paths: () => filePaths(own).paths,
    [Symbol.iterator]: () => decodeFiles(own, filePaths(own).paths).values(),
    hasDigests: hasDigests(own, paths.length),
    defect,
  };
}

/** Whether any file has one. */
function hasDigests(header: RpmHeader, count: number): boolean {
  if (digestAlgorithm(header) === undefined) return false;
  return sized(headerStrings(header, TAG.fileDigests), count)?.some(isHex) === true;
}

function digestAlgorithm(header: RpmHeader): Digest['algorithm'] | undefined {
  return ALGORITHMS[headerNumber(header, TAG.fileDigestAlgorithm) ?? 1];
}

/** Equal texts and sets are shared between files and packages. */
function decodeFiles(header: RpmHeader, paths: readonly string[]): PackageFile[] {
  const count = paths.length;
  const sizes =
    sized(headerNumbers(header, TAG.longFileSizes), count) ?? sized(headerNumbers(header, TAG.fileSizes), count);
  const modes = sized(headerNumbers(header, TAG.fileModes), count);
  const times = sized(headerNumbers(header, TAG.fileTimes), count);
  const flags = sized(headerNumbers(header, TAG.fileFlags), count);
  const states = sized(headerNumbers(header, TAG.fileStates), count);
  const devices = sized(headerNumbers(header, TAG.fileDevices), count);
  const verify = sized(headerNumbers(header, TAG.fileVerify), count);
  const users = sized(headerNames(header, TAG.fileUsers), count);
  const groups = sized(headerNames(header, TAG.fileGroups), count);
  const targets = sized(headerStrings(header, TAG.fileTargets), count);
  const digests = sized(headerStrings(header, TAG.fileDigests), count);
  const capabilities = sized(headerStrings(header, TAG.fileCapabilities), count);
  const algorithm = digestAlgorithm(header);
  const files: PackageFile[] = [];
  for (let index = 0; index < count; index += 1) {
    const flag = flags?.[index] ?? 0;
    const mode = modes?.[index];
    const type = mode === undefined ? undefined : TYPES[mode >> 12];
    const state = STATES[states?.[index] ?? 0];
    const hex = digests?.[index];
    const file = withCommon({
      path: paths[index]!,
      configuration: (flag & FILE_FLAG.configuration) !== 0,
      type,
      mode: mode === undefined ? undefined : mode & 0o7777,
      user: users?.[index],
      group: groups?.[index],
      mtime: times?.[index],
      size: type === undefined || type === 'file' ? sizes?.[index] : undefined,
      digest: algorithm !== undefined && hex !== undefined && isHex(hex) ? { algorithm, hex } : undefined,
    });
    if (type === 'symlink' && targets !== undefined) file.target = targets[index]!;
    if ((type === 'character' || type === 'block') && devices !== undefined) file.device = deviceOf(devices[index]!);
    if (capabilities !== undefined && capabilities[index] !== '') file.capabilities = capabilities[index]!;
    if ((flag & FILE_FLAG.ghost) !== 0 || state !== undefined) file.ghost = true;
    if ((flag & FILE_FLAG.documentation) !== 0) file.documentation = true;
    if ((flag & FILE_FLAG.missingOk) !== 0) file.missingOk = true;
    if (state !== undefined) file.state = state;
    const expected = unverifiedAspects(verify?.[index] ?? -1);
    if (expected !== undefined) file.unverified = expected;
    files.push(file);
  }
  return files;
}

type Writable = { -readonly [Key in keyof PackageFile]: PackageFile[Key] };
type Common = 'path' | 'configuration' | 'type' | 'mode' | 'user' | 'group' | 'mtime' | 'size' | 'digest';
type Given = { readonly [Key in Common]: PackageFile[Key] | undefined } & Pick<PackageFile, 'path' | 'configuration'>;

/**
 * What nearly every file has, in objects that are made at once: of hundreds of thousands, those that get their keys one
 * by one take twice the time and half as much memory again.
 */
function withCommon({ path, configuration, type, mode, user, group, mtime, size, digest }: Given): Writable {
  if (type !== undefined && mode !== undefined && user !== undefined && group !== undefined && mtime !== undefined) {
    if (size !== undefined && digest !== undefined) {
      return { path, configuration, type, mode, user, group, mtime, size, digest };
    }
    if (size === undefined && digest === undefined) return { path, configuration, type, mode, user, group, mtime };
  }
  const file: Writable = { path, configuration };
  if (type !== undefined) file.type = type;
  if (mode !== undefined) file.mode = mode;
  if (user !== undefined) file.user = user;
  if (group !== undefined) file.group = group;
  if (mtime !== undefined) file.mtime = mtime;
  if (size !== undefined) file.size = size;
  if (digest !== undefined) file.digest = digest;
  return file;
}

/** A list counts only when it has a value for each file. */
function sized<Value>(list: readonly Value[], count: number): readonly Value[] | undefined {
  return list.length === count && count > 0 ? list : undefined;
}

/** The header has 16 bits: major in the upper byte, minor in the lower. */
function deviceOf(value: number): { major: number; minor: number } {
  return { major: (value >> 8) & 0xff, minor: value & 0xff };
}

function isHex(text: string): boolean {
  return /^[0-9a-f]{32,128}$/.test(text);
}

const aspectsOf = new Map<number, readonly FileAspect[]>();

/** What `%verify(not …)` leaves out; undefined for nothing, as in almost every package. */
function unverifiedAspects(flags: number): readonly FileAspect[] | undefined {
  const missing = ~flags & ALL_ASPECTS;
  if (missing === 0) return undefined;
  let aspects = aspectsOf.get(missing);
  if (aspects === undefined) {
    aspects = ASPECTS.filter(([bit]) => (missing & bit) !== 0).map(([, aspect]) => aspect);
    aspectsOf.set(missing, aspects);
  }
  return aspects;
}

/** Names of owners: a few, repeated for each file, so of each there is one copy. */
function headerNames(header: RpmHeader, tag: number): readonly string[] {
  const text = headerStringText(header, tag);
  if (text === undefined) return [];
  const end = text.indexOf('\0');
  const first = shared(end === -1 ? text : text.slice(0, end));
  const count = (text.length + 1) / (first.length + 1);
  // In nearly every package all files are root's.
  const isOne = Number.isInteger(count) && text === `${first}\0`.repeat(count - 1) + first;
  return isOne ? new Array<string>(count).fill(first) : text.split('\0').map(shared);
}

const MAX_SHARED = 1000;
const sharedTexts = new Map<string, string>();

/** One copy of names that occur a hundred thousand times. */
function shared(text: string): string {
  const known = sharedTexts.get(text);
  if (known !== undefined) return known;
  if (sharedTexts.size < MAX_SHARED) sharedTexts.set(text, text);
  return text;
}
