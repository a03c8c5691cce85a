import { damaged } from '../../disk/views/faults.js';
import type { Extent, NativeFileSystem, NativeNode } from './file-system.js';

/** All content of a regular file, holes as zeros, in memory of its own. The caller has bounded its size. */
export function readContent(fs: NativeFileSystem, node: NativeNode): Buffer {
  const bytes = Buffer.alloc(node.size);
  for (const extent of fs.extents(node)) readExtent(fs, extent, bytes, extent.at);
  return bytes;
}

/** Puts the content of one extent into `target` at `at`. */
export function readExtent(fs: NativeFileSystem, extent: Extent, target: Uint8Array, at: number): void {
  if (extent.packed !== undefined) {
    const unpacked = fs.unpack?.(extent);
    if (unpacked === undefined) throw damaged('a packed extent where there are none');
    target.set(unpacked.subarray(extent.packed.skip, extent.packed.skip + extent.length), at);
  } else if (extent.inline !== undefined) {
    target.set(extent.inline.subarray(0, extent.length), at);
  } else {
    fs.view.read(target, at, extent.length, extent.offset);
  }
}
