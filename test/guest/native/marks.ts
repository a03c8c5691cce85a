import type { ExecutionContext } from 'ava';
import { Declined } from '../../../src/disk/views/faults.js';
import { openRawFile } from '../../../src/disk/views/raw-file.js';
import type { BlockView } from '../../../src/disk/views/view.js';
import { DRIVERS, prepareDrivers } from '../../../src/guest/native/drivers.js';
import { type Walked, walkFileSystem } from '../../../src/guest/native/walk.js';
import { makeVictim, patched, type Victim } from './mutation.js';

/** What decides which checksums of a journal are asked at all has to be vouched for, too. */

const MIB = 2 ** 20;
const JOURNAL = { magic: 0xc03b3998, commit: 2, superBlock: 4 } as const;

/** Of ext: kind and features in the super block, and the head of the last commit, behind which none could tell of a gap. */
export async function refusesBrokenMarksOfJournal(t: ExecutionContext, victim: Victim): Promise<void> {
  await prepareDrivers();
  const file = openRawFile(makeVictim(victim));
  t.teardown(() => file.close());
  const blocks = blocksOfMagic(file, JOURNAL.magic, 1024).map(({ at, bytes }) => ({
    at,
    type: bytes.readUInt32BE(4),
    sequence: bytes.readUInt32BE(8),
  }));
  const superBlock = blocks.find(({ type }) => type === JOURNAL.superBlock)!;
  const [last] = blocks.filter(({ type }) => type === JOURNAL.commit).sort((a, b) => b.sequence - a.sequence);
  const marks = [0, 4, 8].map((offset) => last!.at + offset);
  refusesChanges(t, file, victim, [...marks, ...[0, 4, 40].map((offset) => superBlock.at + offset)]);
}

const LOG = { magic: 0xfeedbabe, sector: 512, header: [0, 4, 8, 12, 16, 20, 24, 28, 32, 300, 320] } as const;
/** So many of the last records: those behind which few or none tell of a gap. */
const LAST_RECORDS = 2;

/** Of XFS: the headers of its last records, and the cycle that each of their sectors carries. */
export async function refusesBrokenMarksOfLog(t: ExecutionContext, victim: Victim): Promise<void> {
  await prepareDrivers();
  const file = openRawFile(makeVictim(victim));
  t.teardown(() => file.close());
  const records = blocksOfMagic(file, LOG.magic, LOG.sector)
    .map(({ at, bytes }) => ({
      at,
      lsn: bytes.readBigUInt64BE(16),
      tail: bytes.readBigUInt64BE(24),
      sectors: Math.ceil(bytes.readUInt32BE(12) / 512),
    }))
    .sort((a, b) => (a.lsn < b.lsn ? -1 : 1));
  const last = records.slice(-LAST_RECORDS);
  const live = records.filter(({ lsn }) => lsn >= last.at(-1)!.tail);
  t.true(live.length > LAST_RECORDS && live.every(({ sectors }) => sectors > 0));
  const headers = last.flatMap(({ at }) => LOG.header.map((offset) => at + offset));
  const stamps = last.flatMap(({ at, sectors }) =>
    [1, Math.ceil(sectors / 2), sectors].map((n) => at + n * LOG.sector),
  );
  // One in the middle, far from the end: all behind it would be gone.
  const middle = live[Math.floor((live.length - LAST_RECORDS) / 2)]!;
  refusesChanges(t, file, victim, [...headers, ...stamps, middle.at + LOG.sector]);
}

/** Of XFS: what the log changes in part is vouched for as it is on the disk, since its checksum is of no use afterwards. */
export async function refusesDamageBesideLog(t: ExecutionContext, victim: Victim): Promise<void> {
  await prepareDrivers();
  const file = openRawFile(makeVictim(victim));
  t.teardown(() => file.close());
  const walk = (view: BlockView): Walked[] => {
    const fs = DRIVERS.get(victim.type)!(view);
    return [...walkFileSystem(fs, { mountpoint: '/', root: fs.root, covered: new Set() })];
  };
  const folder = walk(file).find(({ path }) => path === '/many')!.node.id;
  const blocks = blocksOfMagic(file, 0x58444433, 4096).filter(
    ({ bytes }) => Number(bytes.readBigUInt64BE(40)) === folder,
  );
  const block = blocks.find(({ bytes }) => bytes.includes('a-long-name-42'))!;
  const name = block.at + block.bytes.indexOf('a-long-name-42');
  const inodes = blocksOfMagic(file, 0x494e0000, LOG.sector, 0xffff0000);
  const inode = inodes.find(({ bytes }) => Number(bytes.readBigUInt64BE(152)) === folder)!;
  const [size, extent] = [inode.at + 56 + 6, inode.at + 176 + 12];
  for (const at of [name, extent, size]) {
    const byte = Buffer.alloc(1);
    file.read(byte, 0, 1, at);
    const patches = new Map([[at, byte[0]! ^ 1]]);
    t.throws(() => walk(patched(file, patches)), { instanceOf: Declined, message: /checksum of/ }, `${at}`);
  }
}

/** Each byte of the words, set to something else, must keep the file system from being shown. */
function refusesChanges(t: ExecutionContext, file: BlockView, victim: Victim, words: readonly number[]): void {
  const open = DRIVERS.get(victim.type)!;
  t.notThrows(() => open(file));
  const word = Buffer.alloc(4);
  for (const at of words) {
    file.read(word, 0, 4, at);
    for (const [byte, value] of word.entries()) {
      for (const other of new Set([0, value ^ 0x55])) {
        if (other === value) continue;
        const patches = new Map([[at + byte, other]]);
        t.throws(() => open(patched(file, patches)), { instanceOf: Declined }, `${at + byte} set to ${other}`);
      }
    }
  }
}

/** Blocks that begin with the number (those bits of it that are in the mask), wherever they lie. */
function blocksOfMagic(
  file: BlockView,
  magic: number,
  blockSize: number,
  mask = 0xffffffff,
): { at: number; bytes: Buffer }[] {
  const found: { at: number; bytes: Buffer }[] = [];
  for (let start = 0; start < file.size; start += MIB) {
    const piece = Buffer.alloc(Math.min(MIB, file.size - start));
    file.read(piece, 0, piece.length, start);
    for (let at = 0; at < piece.length; at += blockSize) {
      if ((piece.readUInt32BE(at) & mask) >>> 0 === magic)
        found.push({ at: start + at, bytes: piece.subarray(at, at + blockSize) });
    }
  }
  return found;
}
