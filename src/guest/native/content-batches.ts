import { readExtent } from './content.js';
import { type ContentDigests, contentDigests } from './content-digests.js';
import type { Extent, NativeFileSystem } from './file-system.js';
import type { ContentBatch, ContentItem, EncodedDigests, EncodedKeys } from './protocol.js';

/** Bytes read before they are handed on, and the largest gap that is read through rather than jumped over. */
const WINDOW = 2 * 2 ** 20;
const GAP = 128 * 1024;
const MAX_ITEMS = 2048;

/**
 * Attributes and content of the given files, in the order their content has on the disk, in batches of about 2 MiB.
 * What lies close together on the disk is read at once.
 * @param digests What is wanted of each file's content: it is computed here, where the bytes are.
 * @param spent Memory of earlier batches that nobody reads any more; it is taken from the end.
 */
export function* contentBatches(
  fileSystems: readonly NativeFileSystem[],
  keys: EncodedKeys,
  digests?: EncodedDigests,
  spent: Uint8Array[] = [],
): Generator<ContentBatch> {
  const scratch = Buffer.allocUnsafeSlow(2 * WINDOW);
  let batch = newBatch();
  for (const key of orderOnDisk(fileSystems, keys)) {
    const fs = fileSystems[keys[key * 2]!]!;
    const node = fs.node(keys[key * 2 + 1]!);
    const attributes = fs.attributes(node).map(([name, value]) => [name, new Uint8Array(value)] as const);
    let item: OpenItem = { key, attributes, runs: [], isLast: false };
    const wanted = digests?.[key] ?? 0;
    const computed = wanted === 0 || node.type !== 'file' ? undefined : contentDigests(wanted, node.size);
    batch.items.push(item);
    batch.digests.push(computed);
    for (const extent of node.type === 'file' ? fs.extents(node) : []) {
      for (const part of splitExtent(extent)) {
        if (batch.size + part.length > WINDOW && batch.size > 0) {
          yield fillBatch(batch, scratch, spent);
          batch = newBatch();
          item = { key, runs: [], isLast: false };
          batch.items.push(item);
          batch.digests.push(computed);
        }
        item.runs.push(part.at, batch.size, part.length);
        batch.parts.push({ fs, extent: part, start: batch.size });
        batch.size += part.length;
      }
    }
    item.isLast = true;
    if (batch.items.length >= MAX_ITEMS) {
      yield fillBatch(batch, scratch, spent);
      batch = newBatch();
    }
  }
  if (batch.items.length > 0) yield fillBatch(batch, scratch, spent);
}

interface OpenItem extends ContentItem {
  runs: number[];
  isLast: boolean;
}

interface Part {
  readonly fs: NativeFileSystem;
  readonly extent: Extent;
  /** Where in the batch its bytes go. */
  readonly start: number;
}

interface OpenBatch {
  readonly items: OpenItem[];
  /** For each item. */
  readonly digests: (ContentDigests | undefined)[];
  readonly parts: Part[];
  size: number;
}

function newBatch(): OpenBatch {
  return { items: [], digests: [], parts: [], size: 0 };
}

/** Indexes of the keys, sorted by where the first byte is. Files without any come first, as inodes are numbered. */
function orderOnDisk(fileSystems: readonly NativeFileSystem[], keys: EncodedKeys): Uint32Array {
  const count = keys.length / 2;
  const first = new Float64Array(count);
  const order = new Uint32Array(count);
  for (let index = 0; index < count; index += 1) order[index] = index;
  const byNumber = (a: number, b: number): number => keys[a * 2]! - keys[b * 2]! || keys[a * 2 + 1]! - keys[b * 2 + 1]!;
  for (const index of order.sort(byNumber)) {
    const fs = fileSystems[keys[index * 2]!]!;
    const node = fs.node(keys[index * 2 + 1]!);
    first[index] =
      node.type === 'file' ? (fs.extents(node).find(({ inline }) => inline === undefined)?.offset ?? 0) : 0;
  }
  return order.sort((a, b) => keys[a * 2]! - keys[b * 2]! || first[a]! - first[b]! || byNumber(a, b));
}

/** Packed and inline extents stay whole: they are small. */
function* splitExtent(extent: Extent): Generator<Extent> {
  if (extent.packed !== undefined || extent.inline !== undefined || extent.length <= WINDOW) {
    yield extent;
    return;
  }
  for (let done = 0; done < extent.length; done += WINDOW) {
    const length = Math.min(WINDOW, extent.length - done);
    yield { at: extent.at + done, length, offset: extent.offset + done };
  }
}

/** Memory goes round: new pieces of it for each batch would pile up faster than they are collected. */
function fillBatch({ items, digests, parts, size }: OpenBatch, scratch: Buffer, spent: Uint8Array[]): ContentBatch {
  const last = spent.pop();
  const bytes = last !== undefined && last.length >= size ? last : new Uint8Array(Math.max(size, WINDOW));
  for (let index = 0; index < parts.length; ) index = fillFrom(parts, index, bytes, scratch);
  for (const [index, item] of items.entries()) {
    const computed = digests[index];
    if (computed === undefined) continue;
    for (let at = 0; at < item.runs.length; at += 3) {
      const [offset, start, length] = [item.runs[at]!, item.runs[at + 1]!, item.runs[at + 2]!];
      computed.add(offset, bytes.subarray(start, start + length));
    }
    if (item.isLast) item.digests = computed.finish();
  }
  return { items, bytes };
}

/** Reads the part at `index` and those that follow it closely on the disk; gives the index of the next one. */
function fillFrom(parts: readonly Part[], index: number, bytes: Uint8Array, scratch: Buffer): number {
  const { fs, extent, start } = parts[index]!;
  if (extent.packed !== undefined || extent.inline !== undefined) {
    readExtent(fs, extent, bytes, start);
    return index + 1;
  }
  let next = index + 1;
  let end = extent.offset + extent.length;
  for (; next < parts.length; next += 1) {
    const { fs: other, extent: follower } = parts[next]!;
    const isPlain = follower.packed === undefined && follower.inline === undefined && other === fs;
    if (!isPlain || follower.offset < end || follower.offset - end > GAP) break;
    if (follower.offset + follower.length - extent.offset > 2 * WINDOW) break;
    end = follower.offset + follower.length;
  }
  if (end - extent.offset === parts[next - 1]!.start + parts[next - 1]!.extent.length - start) {
    fs.view.read(bytes, start, end - extent.offset, extent.offset);
    return next;
  }
  fs.view.read(scratch, 0, end - extent.offset, extent.offset);
  for (const part of parts.slice(index, next)) {
    const from = part.extent.offset - extent.offset;
    scratch.copy(bytes, part.start, from, from + part.extent.length);
  }
  return next;
}
