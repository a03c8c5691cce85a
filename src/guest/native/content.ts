import { damaged } from '../../disk/views/faults.js';
import type { Extent, NativeFileSystem, NativeNode } from './file-system.js';

/** All content of a regular file, holes as zeros, in memory of its own. The caller has bounded its size. */
export function readContent(fs: NativeFileSystem, node: NativeNode): Buffer {
  const bytes = Buffer.alloc(node.size);
  readContentInto(fs, node, bytes, 0);
  return bytes;
}

/** As {@link readContent}, into memory that is zeros where the file goes. */
export function readContentInto(fs: NativeFileSystem, node: NativeNode, target: Uint8Array, at: number): void {
  for (const extent of fs.extents(node)) readExtent(fs, extent, target, at + extent.at);
}

/** Puts the content of one extent into `target` at `at`. */
export function readExtent(fs: NativeFileSystem, extent: Extent, target: Uint8Array, at: number): void {
  if (extent.packed !== undefined) {
    const unpacked = fs.unpack?.(extent);
    if (unpacked === undefined) throw damaged('a packed extent where there are none');
    setZeroPadded(target, at, extent.length, unpacked.subarray(extent.packed.skip));
  } else if (extent.inline !== undefined) {
    setZeroPadded(target, at, extent.length, extent.inline);
  } else {
    fs.view.read(target, at, extent.length, extent.offset);
  }
}

/** The target may hold another file's bytes: what the source lacks must not show them. */
function setZeroPadded(target: Uint8Array, at: number, length: number, source: Uint8Array): void {
  const count = Math.min(length, source.length);
  target.set(source.subarray(0, count), at);
  target.fill(0, at + count, at + length);
}
