import { createHash } from 'node:crypto';
import type { ExtendedAttributes } from '../model/entry.js';
import type { DataRun } from '../model/guest-fs.js';
import { LayerChanges } from '../syntax/layer-changes.js';
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

const XATTR_PREFIX = 'SCHILY.xattr.';

/** Engines write no entry for the root itself: it is theirs, and its time means nothing. */
export const EMPTY_IMAGE: Snapshot = new Map([['/', entryOfRoot()]]);

/**
 * The tree after one more layer, as `LayerChanges` reads it.
 * @throws AppError `image-invalid`, and what the reader of the archive throws.
 */
export async function applyLayer(
  below: Snapshot,
  members: AsyncIterable<LayerMember>,
  layer: number,
): Promise<AppliedLayer> {
  const changes = new LayerChanges(below, ({ type }) => type);
  let size = 0;
  for await (const member of members) {
    const path = changes.take(member.name);
    if (path === null) continue;
    if (member.type === 'file') size += member.size;
    const { type } = member;
    const entry =
      type === 'hardlink'
        ? { ...changes.linked(member.linkName), layer }
        : await entryOf({ ...member, type }, path, layer);
    changes.add(path, entry);
  }
  return { snapshot: changes.tree(), size };
}

type FileMember = LayerMember & { readonly type: SnapshotEntry['type'] };

async function entryOf(member: FileMember, path: string, layer: number): Promise<SnapshotEntry> {
  const { type, mode, uid, gid, mtime, device } = member;
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
