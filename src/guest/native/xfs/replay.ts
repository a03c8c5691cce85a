import { damaged, unsupported } from '../../../disk/views/faults.js';
import { type BlockView, readBytes } from '../../../disk/views/view.js';
import { liveRecords } from './log.js';
import { marksOf } from './logged-block.js';
import { restoreInode } from './replay-inode.js';
import { groupBlockOffset, isSealed, type XfsSuperBlock } from './super-block.js';
import { ITEM, type Item, readTransactions, type Transaction } from './transactions.js';

const SECTOR = 512;
const MAX_BUFFER = 2 ** 17;
const BUFFER_FLAG = { inodes: 1, cancel: 2 } as const;
/** Inodes are written in clusters of this many bytes for each 256 bytes of inode. */
const CLUSTER = 8192;
const INODE = { magic: 0x494e, checksumAt: 100, numberAt: 152 } as const;
const NO_LSN = 0xffff_ffff_ffff_ffffn;

/** What the kernel would write when it recovers the log: sector → bytes. Empty when the log is. */
export function replayLog(superBlock: XfsSuperBlock, view: BlockView): ReadonlyMap<number, Buffer> {
  const transactions = readTransactions(liveRecords(superBlock, view));
  const replay = new Replay(superBlock, view, countCancels(transactions));
  for (const transaction of transactions) replay.apply(transaction);
  return replay.sectors;
}

/** Buffers that were freed later must not be written: `address/length` → how often they are freed from here on. */
function countCancels(transactions: readonly Transaction[]): Map<string, number> {
  const cancels = new Map<string, number>();
  for (const { items } of transactions) {
    for (const item of items) {
      if (item.type !== ITEM.buffer || (bufferFlags(item) & BUFFER_FLAG.cancel) === 0) continue;
      const key = bufferKey(item);
      cancels.set(key, (cancels.get(key) ?? 0) + 1);
    }
  }
  return cancels;
}

class Replay {
  readonly sectors = new Map<number, Buffer>();
  readonly #superBlock: XfsSuperBlock;
  readonly #view: BlockView;
  readonly #cancels: Map<string, number>;

  constructor(superBlock: XfsSuperBlock, view: BlockView, cancels: Map<string, number>) {
    this.#superBlock = superBlock;
    this.#view = view;
    this.#cancels = cancels;
  }

  /** Within a transaction new inodes come first, then buffers, inodes, buffers of inodes, and what is freed. */
  apply({ lsn, items }: Transaction): void {
    const rank = (item: Item): number => {
      if (item.type === ITEM.inodeCreate) return 0;
      if (item.type !== ITEM.buffer) return 2;
      const flags = bufferFlags(item);
      return (flags & BUFFER_FLAG.cancel) !== 0 ? 4 : (flags & BUFFER_FLAG.inodes) !== 0 ? 3 : 1;
    };
    for (const item of [...items].sort((a, b) => rank(a) - rank(b))) {
      if (item.type === ITEM.inodeCreate) this.#createInodes(item);
      else if (item.type === ITEM.buffer) this.#applyBuffer(item, lsn);
      else if (item.type === ITEM.inode) this.#applyInode(item, lsn);
    }
  }

  #createInodes({ regions: [format] }: Item): void {
    if (format === undefined || format.length < 28) throw damaged('XFS log: new inodes');
    const offset = groupBlockOffset(this.#superBlock, format.readUInt32BE(4), format.readUInt32BE(8));
    const length = format.readUInt32BE(20) * this.#superBlock.blockSize;
    if (length === 0 || length > 2 ** 20 || offset + length > this.#view.size) throw damaged('XFS log: new inodes');
    const cluster = Math.max(
      this.#superBlock.blockSize,
      this.#superBlock.isV5 ? (CLUSTER * this.#superBlock.inodeSize) / 256 : CLUSTER,
    );
    for (let at = offset; at < offset + length; at += cluster) {
      // Freed later, perhaps to hold file data by now: zeroing it would lose that.
      if (this.#cancels.has(`${at / SECTOR}/${cluster / SECTOR}`)) return;
    }
    this.#write(offset, Buffer.alloc(length));
  }

  #applyBuffer(item: Item, lsn: bigint): void {
    const format = item.regions[0]!;
    const key = bufferKey(item);
    const flags = bufferFlags(item);
    const cancels = this.#cancels.get(key);
    if ((flags & BUFFER_FLAG.cancel) !== 0) {
      if (cancels === undefined || cancels <= 1) this.#cancels.delete(key);
      else this.#cancels.set(key, cancels - 1);
      return;
    }
    // Buffers of inodes log nothing but the list of unlinked ones.
    if (cancels !== undefined || (flags & BUFFER_FLAG.inodes) !== 0) return;
    const offset = Number(format.readBigInt64LE(8)) * SECTOR;
    const length = format.readUInt16LE(6) * SECTOR;
    if (offset < 0 || length > MAX_BUFFER || offset + length > this.#view.size) throw damaged('XFS log: buffer');
    if (this.#superBlock.isV5) {
      const current = this.#read(offset, length);
      const marks = marksOf(current);
      const isWhole = marks?.isOfFolder !== true || length === this.#superBlock.folderBlockSize;
      if (marks?.checksumAt !== undefined && isWhole && this.#isAsOnDisk(offset, length)) {
        const isItself = current.readBigUInt64BE(marks.placeAt!) === format.readBigUInt64LE(8);
        if (isItself && !isSealed(current, marks.checksumAt)) throw damaged('XFS: checksum of what the log changes');
      }
      const written = marks === undefined ? 0n : current.readBigUInt64BE(marks.lsnAt);
      if (written !== 0n && written !== NO_LSN && written >= lsn) return;
    }
    this.#writeChunks(item, offset, length);
  }

  /** The regions are runs of set bits in a map of 128-byte chunks. */
  #writeChunks({ regions }: Item, offset: number, length: number): void {
    const format = regions[0]!;
    const words = format.readUInt32LE(16);
    if (words > 1024 || 20 + words * 4 > format.length) throw damaged('XFS log: buffer map');
    const isDirty = (bit: number): boolean => ((format.readUInt32LE(20 + (bit >>> 5) * 4) >>> (bit & 31)) & 1) === 1;
    let bit = 0;
    for (const region of regions.slice(1)) {
      while (bit < words * 32 && !isDirty(bit)) bit += 1;
      const start = bit;
      while (bit < words * 32 && isDirty(bit) && (bit - start) * 128 < region.length) bit += 1;
      const count = Math.min(region.length, length - start * 128);
      if (count > 0) this.#write(offset + start * 128, region.subarray(0, count));
    }
  }

  #applyInode(item: Item, lsn: bigint): void {
    const format = item.regions[0]!;
    const core = item.regions[1];
    if (format.length !== 56 || core === undefined) throw unsupported('XFS log of a 32-bit machine');
    if (this.#cancels.has(`${format.readBigInt64LE(40)}/${format.readUInt32LE(48)}`)) return;
    const { inodeSize } = this.#superBlock;
    const offset = Number(format.readBigInt64LE(40)) * SECTOR + format.readUInt32LE(52);
    if (offset < 0 || offset % inodeSize !== 0 || offset + inodeSize > this.#view.size) throw damaged('XFS log: inode');
    const current = this.#read(offset, inodeSize);
    if (this.#superBlock.isV5 && this.#isAsOnDisk(offset, inodeSize)) {
      const isItself =
        current.readUInt16BE(0) === INODE.magic &&
        current.readBigUInt64BE(INODE.numberAt) === format.readBigUInt64LE(16);
      if (isItself && !isSealed(current, INODE.checksumAt))
        throw damaged('XFS: checksum of an inode that the log changes');
    }
    const restored = restoreInode(this.#superBlock, current, item.regions, lsn);
    if (restored !== undefined) this.#write(offset, restored);
  }

  /**
   * Whether nothing was written there yet. The log holds no more than what changed: the rest of a block comes from the
   * disk, and its checksum, which is of no use afterwards, has to be asked before.
   */
  #isAsOnDisk(offset: number, length: number): boolean {
    for (let at = Math.floor(offset / SECTOR); at * SECTOR < offset + length; at += 1) {
      if (this.sectors.has(at)) return false;
    }
    return true;
  }

  #read(offset: number, length: number): Buffer {
    const start = Math.floor(offset / SECTOR) * SECTOR;
    const bytes = readBytes(this.#view, start, Math.ceil((offset + length - start) / SECTOR) * SECTOR);
    for (let at = 0; at < bytes.length; at += SECTOR) this.sectors.get((start + at) / SECTOR)?.copy(bytes, at);
    return bytes.subarray(offset - start, offset - start + length);
  }

  #write(offset: number, bytes: Buffer): void {
    for (let done = 0; done < bytes.length; ) {
      const number = Math.floor((offset + done) / SECTOR);
      const inside = offset + done - number * SECTOR;
      let sector = this.sectors.get(number);
      if (sector === undefined) {
        sector = readBytes(this.#view, number * SECTOR, SECTOR);
        this.sectors.set(number, sector);
      }
      done += bytes.copy(sector, inside, done);
    }
  }
}

function bufferFlags({ regions }: Item): number {
  if (regions[0]!.length < 24) throw damaged('XFS log: buffer format');
  return regions[0]!.readUInt16LE(4);
}

function bufferKey({ regions }: Item): string {
  return `${regions[0]!.readBigInt64LE(8)}/${regions[0]!.readUInt16LE(6)}`;
}
