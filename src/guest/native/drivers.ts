import type { BlockView } from '../../disk/views/view.js';
import { openBtrfs } from './btrfs/open-btrfs.js';
import { prepareZstd } from './btrfs/zstd.js';
import { openExt } from './ext/open-ext.js';
import type { NativeFileSystem } from './file-system.js';
import { openVfat } from './vfat/open-vfat.js';
import { openXfs } from './xfs/open-xfs.js';

/** The file systems that are read here, by blkid's word; everything else is declined. */
export const DRIVERS: ReadonlyMap<string, (view: BlockView) => NativeFileSystem> = new Map([
  ['ext2', openExt],
  ['ext3', openExt],
  ['ext4', openExt],
  ['xfs', openXfs],
  ['btrfs', openBtrfs],
  ['vfat', openVfat],
]);

/** Loads what the drivers of these file systems need before the first is used: parsers do not wait. */
export async function prepareDrivers(types: Iterable<string> = DRIVERS.keys()): Promise<void> {
  if (new Set(types).has('btrfs')) await prepareZstd();
}
