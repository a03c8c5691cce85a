import { createHash } from 'node:crypto';
import { AppError } from '../errors.js';
import type { ExtendedAttributes } from '../model/entry.js';
import type { DataRun } from '../model/guest-fs.js';
import { ancestors, baseName, joinPath, normalizePath, parentPath } from '../model/path.js';
import { attributeRefusal } from '../syntax/layer-limits.js';
import type { Snapshot, SnapshotEntry } from './snapshot.js';

/** A member of a layer's archive, as the reader of archives gives it. */
export interface LayerMember {
  readonly name: string;
  readonly type: Exclude<SnapshotEntry['type'], 'socket'> | 'hardlink';
  readonly linkName: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  readonly mtime: number;
  readonly device: { readonly major: number; readonly minor: number };
  readonly records: ReadonlyMap<string, Buffer>;
  readonly content: AsyncIterable<DataRun>;
}

export interface AppliedLayer {
  readonly snapshot: Snapshot;
  /** Bytes of the regular files that the layer brings, a hard-link group once. */
  readonly size: number;
}

const WHITEOUT = '.wh.';
const OPAQUE = '.wh..wh..opq';
const XATTR_PREFIX = 'SCHILY.xattr.';
/** Far above any image; what an archive holds beyond it is an attack. */
const MAX_PATHS = 4_000_000;

/** Engines write no entry for the root itself: it is theirs, and its time means nothing. */
export const EMPTY_IMAGE: Snapshot = new Map([['/', entryOfRoot()]]);

/**
 * The tree after one more layer (OCI image specification, "Image Layer Filesystem Changeset"). Whiteouts take away what
 * lies in the layers below, wherever they stand in the archive; of two members with one name the last counts.
 * @throws AppError `image-invalid`, and what the reader of the archive throws.
 */
export async function applyLayer(
  below: Snapshot,
  members: AsyncIterable<LayerMember>,
  layer: number,
): Promise<AppliedLayer> {
  const added = new Map<string, SnapshotEntry>();
  const removed = new Set<string>();
  const emptied = new Set<string>();
  let size = 0;
  for await (const member of members) {
    const path = normalizePath(member.name);
    const name = baseName(path);
    if (name === OPAQUE) emptied.add(parentPath(path));
    else if (name.startsWith(WHITEOUT)) removed.add(joinPath(parentPath(path), name.slice(WHITEOUT.length)));
    else {
      const entry = await entryOf(member, path, layer, (target) => added.get(target) ?? below.get(target));
      if (member.type === 'file') size += member.size;
      added.set(path, entry);
    }
    if (added.size + removed.size + emptied.size > MAX_PATHS) throw invalid('it has more paths than any image');
  }
  return { snapshot: merge(below, added, removed, emptied), size };
}

function merge(
  below: Snapshot,
  added: ReadonlyMap<string, SnapshotEntry>,
  removed: ReadonlySet<string>,
  emptied: ReadonlySet<string>,
): Snapshot {
  const isGone = (path: string): boolean =>
    removed.has(path) ||
    ancestors(path).some((folder) => {
      const replacement = added.get(folder);
      return (
        removed.has(folder) || emptied.has(folder) || (replacement !== undefined && replacement.type !== 'directory')
      );
    });
  const merged = new Map<string, SnapshotEntry>();
  for (const [path, entry] of below) if (!isGone(path)) merged.set(path, entry);
  for (const [path, entry] of added) merged.set(path, entry);
  return merged;
}

async function entryOf(
  member: LayerMember,
  path: string,
  layer: number,
  find: (path: string) => SnapshotEntry | undefined,
): Promise<SnapshotEntry> {
  const { type, mode, uid, gid, mtime, device } = member;
  if (type === 'hardlink') {
    const original = find(normalizePath(member.linkName));
    if (original === undefined) throw invalid('a hard link leads to nothing');
    return { ...original, layer };
  }
  return {
    ...{ type, mode: type === 'symlink' ? 0o777 : mode, uid, gid, mtime, layer },
    size: type === 'file' ? member.size : 0,
    sha256: type === 'file' ? await contentDigest(member) : null,
    ...(type === 'symlink' ? { target: member.linkName } : {}),
    ...(type === 'character' || type === 'block' ? { device } : {}),
    attributes: attributesOf(member.records),
    group: `${layer}:${path}`,
  };
}

const ZEROS = Buffer.alloc(1024 * 1024);

/** Of the apparent content: what no run covers is zeros. */
async function contentDigest({ size, content }: LayerMember): Promise<string> {
  const hash = createHash('sha256');
  let position = 0;
  const zerosUpTo = (end: number): void => {
    for (; position < end; position += Math.min(ZEROS.length, end - position)) {
      hash.update(end - position < ZEROS.length ? ZEROS.subarray(0, end - position) : ZEROS);
    }
  };
  for await (const { offset, data } of content) {
    zerosUpTo(offset);
    hash.update(data);
    position = offset + data.length;
  }
  zerosUpTo(size);
  return hash.digest('hex');
}

const NO_ATTRIBUTES: ExtendedAttributes = new Map();

function attributesOf(records: ReadonlyMap<string, Buffer>): ExtendedAttributes {
  let attributes: Map<string, Buffer> | undefined;
  for (const [key, value] of records) {
    if (!key.startsWith(XATTR_PREFIX)) continue;
    // Engines write names as they are, and escape nothing in them.
    const name = key.slice(XATTR_PREFIX.length);
    if (attributeRefusal(name, value) !== null) continue;
    attributes ??= new Map();
    attributes.set(name, value);
  }
  return attributes ?? NO_ATTRIBUTES;
}

function entryOfRoot(): SnapshotEntry {
  return {
    ...{ type: 'directory', mode: 0o755, uid: 0, gid: 0, size: 0, sha256: null, mtime: null, group: '/', layer: 0 },
    attributes: new Map(),
  };
}

function invalid(reason: string): AppError {
  return new AppError('image-invalid', `a layer of the image cannot be used: ${reason}`, {
    todo: 'Build or save the image again.',
  });
}
