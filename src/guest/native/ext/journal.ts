import { damaged, tooLarge, unsupported } from '../../../disk/views/faults.js';
import { lastAtOrBelow } from '../../../disk/views/view.js';
import { crc32c, crc32cOfNumber } from '../crc32c.js';
import type { Extent } from '../file-system.js';
import { LIMITS } from '../limits.js';

/** Documentation/filesystems/ext4/journal.rst of Linux. */
const MAGIC = 0xc03b3998;
const BLOCK = { descriptor: 1, commit: 2, superBlock1: 3, superBlock2: 4, revoke: 5 } as const;
const FEATURE = { revoke: 0x1, bits64: 0x2, asyncCommit: 0x4, checksum2: 0x8, checksum3: 0x10 } as const;
const UNDERSTOOD = FEATURE.revoke | FEATURE.bits64 | FEATURE.asyncCommit | FEATURE.checksum2 | FEATURE.checksum3;
const COMPAT_CHECKSUM = 1;
/** Offset of `s_checksum_type` in the journal's super block. */
const CHECKSUM_KIND = 80;
const TAG = { escaped: 1, sameUuid: 2, last: 8 } as const;

export interface JournalSource {
  readonly blockSize: number;
  /** Blocks of the file system. */
  readonly blocks: number;
  /** Bytes of the journal inode, and where they are. */
  readonly size: number;
  readonly extents: readonly Extent[];
  read(offset: number, length: number): Buffer;
}

interface Journal extends JournalSource {
  readonly starts: readonly number[];
  readonly first: number;
  readonly end: number;
  readonly start: number;
  readonly sequence: number;
  readonly has64Bits: boolean;
  readonly version: 0 | 2 | 3;
  readonly seed: number;
}

interface Logged {
  readonly target: number;
  /** Offset of the logged block in the view. */
  readonly offset: number;
  readonly isEscaped: boolean;
  readonly checksum: number;
}

interface Transaction {
  readonly sequence: number;
  readonly blocks: readonly Logged[];
  readonly revoked: readonly number[];
}

/**
 * What the kernel would write when it recovers the journal, held in memory: block of the file system → its bytes, or
 * the offset in the view where they are. Empty when the journal is.
 */
export function replayJournal(source: JournalSource): ReadonlyMap<number, number | Uint8Array> {
  const journal = openJournal(source);
  const overlay = new Map<number, number | Uint8Array>();
  if (journal === undefined) return overlay;
  const transactions = readTransactions(journal);
  const revokedIn = new Map<number, number>();
  for (const { sequence, revoked } of transactions) for (const block of revoked) revokedIn.set(block, sequence);
  const order = new Map(transactions.map(({ sequence }, index) => [sequence, index]));
  for (const [index, { sequence, blocks }] of transactions.entries()) {
    for (const logged of blocks) {
      const revoked = revokedIn.get(logged.target);
      // Sequence numbers wrap, so positions are compared.
      if (revoked !== undefined && order.get(revoked)! >= index) continue;
      if (logged.target >= source.blocks)
        throw damaged(`ext journal writes block ${logged.target} of ${source.blocks}`);
      overlay.set(logged.target, restore(journal, logged, sequence));
    }
  }
  return overlay;
}

function openJournal(source: JournalSource): Journal | undefined {
  const starts = source.extents.map(({ at }) => at);
  const raw = source.read(blockOffset({ ...source, starts }, 0), 1024);
  if (raw.readUInt32BE(0) !== MAGIC) throw damaged('ext journal super block');
  const type = raw.readUInt32BE(4);
  if (type !== BLOCK.superBlock1 && type !== BLOCK.superBlock2) throw damaged('ext journal super block: kind');
  const isVersion2 = type === BLOCK.superBlock2;
  const start = raw.readUInt32BE(28);
  const compatible = isVersion2 ? raw.readUInt32BE(36) : 0;
  const incompatible = isVersion2 ? raw.readUInt32BE(40) : 0;
  const unknown = incompatible & ~UNDERSTOOD;
  if (unknown !== 0)
    throw unsupported(`ext journal features 0x${unknown.toString(16)} (fast commits) in a journal to be replayed`);
  const version = (incompatible & FEATURE.checksum3) !== 0 ? 3 : (incompatible & FEATURE.checksum2) !== 0 ? 2 : 0;
  if (version !== 0 && !isSuperBlockSound(raw)) throw damaged('ext journal: checksum of its super block');
  if (version === 0 && ((compatible & COMPAT_CHECKSUM) !== 0 || (incompatible & FEATURE.asyncCommit) !== 0)) {
    throw unsupported('ext journal with checksums of the first kind');
  }
  if (start === 0) return undefined;
  // The field for the kind of checksum is filled when checksums come into use. Without them nothing vouches for the rest.
  if (version === 0 && raw[CHECKSUM_KIND] !== 0) throw unsupported('ext journal that had checksums and claims none');
  const end = raw.readUInt32BE(16);
  const first = raw.readUInt32BE(20);
  if (raw.readUInt32BE(12) !== source.blockSize || end * source.blockSize > source.size)
    throw damaged('ext journal size');
  if (first < 1 || first >= end || start < first || start >= end) throw damaged('ext journal start');
  return {
    ...source,
    starts,
    first,
    end,
    start,
    sequence: raw.readUInt32BE(24),
    has64Bits: (incompatible & FEATURE.bits64) !== 0,
    version,
    seed: crc32c(0xffffffff, raw, 48, 64),
  };
}

/**
 * The whole transactions from the start on: the first block that does not continue them ends the journal.
 * @throws Declined when a checksum tells that this block once did: the kernel would not mount such a file system.
 */
function readTransactions(journal: Journal): Transaction[] {
  const transactions: Transaction[] = [];
  let at = journal.start;
  let used = 0;
  let open: { blocks: Logged[]; revoked: number[] } = { blocks: [], revoked: [] };
  const advance = (count: number): void => {
    used += count;
    at += count;
    if (at >= journal.end) at -= journal.end - journal.first;
  };
  let sequence = journal.sequence;
  while (used <= journal.end) {
    if (used > LIMITS.journalBlocks) throw tooLarge('ext journal to be replayed');
    const block = journal.read(blockOffset(journal, at), journal.blockSize);
    if (block.readUInt32BE(0) !== MAGIC || block.readUInt32BE(8) !== sequence) break;
    const type = block.readUInt32BE(4);
    if (type === BLOCK.descriptor) {
      requireSound(isTailSound(journal, block));
      advance(1);
      for (const tag of readTags(journal, block)) {
        open.blocks.push({ ...tag, offset: blockOffset(journal, at) });
        advance(1);
        if (used > journal.end) break;
      }
    } else if (type === BLOCK.revoke) {
      requireSound(isTailSound(journal, block));
      open.revoked.push(...readRevoked(journal, block));
      advance(1);
    } else if (type === BLOCK.commit) {
      requireSound(isCommitSound(journal, block));
      transactions.push({ sequence, ...open });
      open = { blocks: [], revoked: [] };
      sequence = (sequence + 1) >>> 0;
      advance(1);
    } else {
      if (journal.version !== 0) throw damaged('ext journal: a block of no known kind');
      break;
    }
  }
  if (journal.version !== 0) {
    refuseDamagedCommit(journal, at, sequence);
    refuseCommitsBehind(journal, at, sequence);
  }
  return transactions;
}

function requireSound(isSound: boolean): void {
  if (!isSound) throw damaged('ext journal: checksum');
}

/** The last commit has none behind it: its checksum tells whether only the head of the block is no longer what it was. */
function refuseDamagedCommit(journal: Journal, end: number, sequence: number): void {
  const block = Buffer.from(journal.read(blockOffset(journal, end), journal.blockSize));
  for (const [index, word] of [MAGIC, BLOCK.commit, sequence].entries()) block.writeUInt32BE(word, index * 4);
  if (isCommitSound(journal, block)) throw damaged('ext journal: head of its last commit');
}

/** A commit is written when all before it is on the disk: one behind the end means that the journal was longer. */
function refuseCommitsBehind(journal: Journal, end: number, sequence: number): void {
  const count = journal.end - journal.first;
  // No transaction may take more than a quarter of the journal (jbd2_journal_init_transaction_limits).
  for (let ahead = 0; ahead < Math.min(count, Math.ceil(count / 4) + 8); ahead += 1) {
    const at = journal.first + ((end - journal.first + ahead) % count);
    const head = journal.read(blockOffset(journal, at), 12);
    const isCommit = head.readUInt32BE(0) === MAGIC && head.readUInt32BE(4) === BLOCK.commit;
    // Numbers wrap; older ones are those of the last time round. Whether its checksum is right does not matter: damage
    // that ended the journal early may have met this one, too.
    if (isCommit && (head.readUInt32BE(8) - sequence) >>> 0 <= 2 ** 31) throw damaged('ext journal with a gap');
  }
}

function readTags(journal: Journal, block: Buffer): Omit<Logged, 'offset'>[] {
  const tags: Omit<Logged, 'offset'>[] = [];
  const isThird = journal.version === 3;
  const length = isThird ? 16 : 8 + (journal.has64Bits ? 4 : 0) + (journal.version === 2 ? 2 : 0);
  const end = block.length - (journal.version === 0 ? 0 : 4);
  for (let at = 12; at + length <= end; ) {
    const flags = isThird ? block.readUInt32BE(at + 4) : block.readUInt16BE(at + 6);
    const high = journal.has64Bits ? block.readUInt32BE(at + 8) : 0;
    const checksum = isThird ? block.readUInt32BE(at + 12) : block.readUInt16BE(at + 4);
    tags.push({ target: block.readUInt32BE(at) + high * 2 ** 32, isEscaped: (flags & TAG.escaped) !== 0, checksum });
    if ((flags & TAG.last) !== 0) break;
    at += length + ((flags & TAG.sameUuid) !== 0 ? 0 : 16);
  }
  return tags;
}

function readRevoked(journal: Journal, block: Buffer): number[] {
  const end = block.readUInt32BE(12);
  if (end < 16 || end > block.length) throw damaged('ext journal: revoke block');
  const width = journal.has64Bits ? 8 : 4;
  const revoked: number[] = [];
  for (let at = 16; at + width <= end; at += width) {
    revoked.push(width === 8 ? Number(block.readBigUInt64BE(at)) : block.readUInt32BE(at));
  }
  return revoked;
}

function restore(journal: Journal, { offset, isEscaped, checksum }: Logged, sequence: number): number | Uint8Array {
  if (!isEscaped && journal.version === 0) return offset;
  const bytes = journal.read(offset, journal.blockSize);
  if (journal.version !== 0) {
    const stamp = Buffer.alloc(4);
    stamp.writeUInt32BE(sequence);
    const crc = crc32c(crc32c(journal.seed, stamp), bytes);
    if ((journal.version === 3 ? crc : crc & 0xffff) !== checksum) throw damaged('ext journal: block checksum');
  }
  if (!isEscaped) return offset;
  // A logged block that begins like the journal's own has its first word blanked.
  const restored = Buffer.from(bytes);
  restored.writeUInt32BE(MAGIC, 0);
  return restored;
}

function isSuperBlockSound(raw: Buffer): boolean {
  const crc = crc32c(crc32c(crc32c(0xffffffff, raw, 0, 252), ZEROS), raw, 256);
  return crc === raw.readUInt32BE(252);
}

const ZEROS = Buffer.alloc(4);

function isTailSound(journal: Journal, block: Buffer): boolean {
  if (journal.version === 0) return true;
  const tail = block.length - 4;
  return crc32cOfNumber(crc32c(journal.seed, block, 0, tail), 0) === block.readUInt32BE(tail);
}

function isCommitSound(journal: Journal, block: Buffer): boolean {
  if (journal.version === 0) return true;
  const crc = crc32cOfNumber(crc32c(journal.seed, block, 0, 16), 0);
  return crc32c(crc, block, 20) === block.readUInt32BE(16);
}

function blockOffset(
  { extents, starts, blockSize }: Pick<Journal, 'extents' | 'starts' | 'blockSize'>,
  block: number,
): number {
  const at = block * blockSize;
  const extent = extents[lastAtOrBelow(starts, at)];
  if (extent === undefined || at + blockSize > extent.at + extent.length) throw damaged('ext journal with a hole');
  return extent.offset + at - extent.at;
}
