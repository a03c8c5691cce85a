import type { BlockCache } from '../../../disk/views/cache.js';
import { damaged } from '../../../disk/views/faults.js';
import type { FatLayout } from './boot-sector.js';

/** A run of clusters that follow each other, in bytes of the view. */
export interface ClusterRun {
  readonly offset: number;
  readonly length: number;
}

const LAST = { 12: 0xff8, 16: 0xfff8, 32: 0x0ffffff8 } as const;

/**
 * Follows chains of clusters, each of which belongs to one file: so the work over all chains is bounded by the size of
 * the table, and rings and crossed chains are noticed.
 * @returns The chain that starts in `first` for the file `owner`, cut after `maxBytes`.
 */
export function chainReader(
  cache: BlockCache,
  layout: FatLayout,
): (owner: number, first: number, maxBytes: number) => readonly ClusterRun[] {
  const { clusters, clusterSize, dataAt, bits } = layout;
  const claimed = new Uint8Array(Math.ceil((clusters + 2) / 8));
  const known = new Map<number, readonly ClusterRun[]>();

  const claim = (cluster: number): void => {
    if (cluster < 2 || cluster >= clusters + 2) throw damaged(`FAT cluster ${cluster} of ${clusters}`);
    const bit = 1 << (cluster & 7);
    if ((claimed[cluster >> 3]! & bit) !== 0) throw damaged(`FAT cluster ${cluster} belongs to two files`);
    claimed[cluster >> 3]! |= bit;
  };

  return (owner, first, maxBytes) => {
    const before = known.get(owner);
    if (before !== undefined) return before;
    const runs: { offset: number; length: number }[] = [];
    let cluster = first;
    for (let bytes = 0; bytes < maxBytes && cluster < LAST[bits]; bytes += clusterSize) {
      claim(cluster);
      const offset = dataAt + (cluster - 2) * clusterSize;
      const last = runs.at(-1);
      if (last !== undefined && last.offset + last.length === offset) last.length += clusterSize;
      else runs.push({ offset, length: clusterSize });
      cluster = nextCluster(cache, layout, cluster);
    }
    known.set(owner, runs);
    return runs;
  };
}

function nextCluster(cache: BlockCache, { bits, tableAt }: FatLayout, cluster: number): number {
  if (bits === 32) return cache.bytes(tableAt + cluster * 4, 4).readUInt32LE(0) & 0x0fffffff;
  if (bits === 16) return cache.bytes(tableAt + cluster * 2, 2).readUInt16LE(0);
  const pair = cache.bytes(tableAt + cluster + (cluster >> 1), 2).readUInt16LE(0);
  return (cluster & 1) === 0 ? pair & 0xfff : pair >> 4;
}
